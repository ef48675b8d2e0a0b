"""Thirty broken runs of every method, each compared with an unbroken one.

    PYTHONPATH=. python benchmarks/kills.py FOLDER [--methods=resup,scn] [--breaks=30]

Runs of seconds on drawn faces, broken by `launch.py selftest`: at random moments, and
each third one in its last second. Ends with 0 when all of them equal the unbroken run,
to the last bit, with its page and its issues. Ten seconds a break on two free cores.
"""

import argparse
import pathlib
import subprocess
import sys

from fer_jax import algorithms

ROOT = pathlib.Path(__file__).parent.parent
DATA = ('--train=160', '--test=40', '--size=24', '--seed=3')
SMALL = (
    '--config.data.image_size_px=24',
    '--config.model.backbone=cnn7',
    '--config.model.width=4',
    '--config.batch_size=20',
    '--config.eval_batch_size=40',
    '--config.epochs=3',
    '--config.optimizer.decay_epochs=(2,)',
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('folder', type=pathlib.Path)
    parser.add_argument('--methods', default=','.join(algorithms.names()))
    parser.add_argument('--breaks', type=int, default=30)
    options = parser.parse_args()
    data = options.folder / 'faces'
    make = [sys.executable, '-m', 'data_prep', 'synthetic', f'--out={data}', *DATA]
    if not data.exists():
        subprocess.run(make, cwd=ROOT, check=True)
    different = []
    for method in options.methods.split(','):
        print(method, flush=True)
        command = [
            *(sys.executable, 'launch.py', 'selftest', f'--breaks={options.breaks}'),
            f'--config=configs/{method}.py:dataset=synthetic,noise=0.3',
            f'--workdir={options.folder / method}',
            f'--config.data.dir={data}',
            *SMALL,
        ]
        if subprocess.run(command, cwd=ROOT, check=False).returncode:
            different.append(method)
    print('all equal' if not different else f'different: {", ".join(different)}')
    return int(bool(different))


if __name__ == '__main__':
    sys.exit(main())
