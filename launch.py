"""The door to everything: python launch.py [COMMAND] ...

python launch.py --help shows the commands. An installed package has the same door, as
`fer-jax`, from any folder.
"""

import sys

from fer_jax import cli

main = cli.main

if __name__ == '__main__':
    cli.end(main(sys.argv))
