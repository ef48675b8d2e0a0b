"""python -m fer_jax: the command `fer-jax`."""

import sys

from fer_jax import cli

if __name__ == '__main__':
    cli.end(cli.main(sys.argv))
