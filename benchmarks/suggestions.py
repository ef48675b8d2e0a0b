"""How many suggested labels are right: by the last epoch alone, and by all of them.

    python -m benchmarks.suggestions RUN [RUN ...]

RUN is a finished run of which right labels are known in part. Its suggestion is
the class of the largest evidence, the mean over networks and epochs; beside it stands
what the networks of the last epoch say of plain images, as runs of format 1 suggested.
"""

import argparse
import pathlib

import numpy as np

from fer_jax.analysis import cases, features
from fer_jax.data import prepared
from fer_jax.deploy import model
from fer_jax.training import fields

FIRST = 200


def last_epoch(workdir, ids):
    """[N] int: the class that the mean over the networks names now."""
    split = prepared.load(fields.stored(workdir).data.dir).train
    rows = {name: row for row, name in enumerate(split.ids.tolist())}
    positions = np.array([rows[name] for name in ids.tolist()])
    loaded = model.from_run(workdir, network='mean')
    return features.of(loaded, split, positions).probs.mean(axis=0).argmax(axis=-1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('runs', nargs='+', type=pathlib.Path)
    for workdir in parser.parse_args().runs:
        case = cases.read(workdir)
        named = last_epoch(workdir, case.ids)
        first = np.zeros(len(case.ids), bool)
        first[case.order[:FIRST]] = True
        for name, chosen in (
            (f'first {FIRST}', case.wrong & first),
            ('all', case.wrong),
        ):
            last, mean = (
                (suggested == case.clean_labels)[chosen].sum()
                for suggested in (named, case.suggested)
            )
            print(
                f'{workdir}, {name}: {chosen.sum():,} wrong; right suggestions:'
                f' last epoch {last:,}, evidence {mean:,}'
            )


if __name__ == '__main__':
    main()
