"""Takes what people labelled in another program as decisions about a set.

    python launch.py import-labels --data=data/mine --as=label_studio \\
        --source=project-1.json --out=decisions.csv

The set is the one whose labels export-labels wrote. The decisions are keep, relabel,
drop and ambiguous, for config.noise.corrections and for export-labels --decisions.
"""

import argparse
import collections
import pathlib
from collections.abc import Iterable

from fer_jax import exchange
from fer_jax.data import corrections, prepared, whole
from fer_jax.data.corrections import Decision
from fer_jax.data.quoting import printable, quoted
from fer_jax.errors import Unusable
from fer_jax.exchange import Answer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this command's options to an argparse parser."""
    parser.add_argument('--data', required=True, help='prepared folder')
    parser.add_argument(
        '--as',
        dest='form',
        required=True,
        choices=exchange.READ,
        help='whose file it is: label_studio, its export as JSON',
    )
    parser.add_argument('--source', required=True, help='the file')
    parser.add_argument('--out', required=True, help='csv of decisions to write')


def run(options: argparse.Namespace) -> int:
    """Writes the decisions; returns 0.

    Raises:
      Missing, Unusable: no such set or file, answers about another set, or there is a
        file at --out already.
    """
    out = pathlib.Path(options.out)
    whole.check_file(out)
    if out.exists():
        raise Unusable(f'{printable(out)} exists already; name another file')
    data = prepared.load(options.data)
    answers = exchange.module(options.form).read(pathlib.Path(options.source))
    found, tested = decided(answers, data, options.source)
    whole.write_text(out, corrections.text(found, data.class_names))
    counts = collections.Counter(one.decision for one in found)
    said = ', '.join(f'{name} {count:,}' for name, count in counts.items()) or 'none'
    print(f'written: {printable(out)}, {len(found):,} decisions ({said})')
    if tested:
        print(f'{tested:,} answers about test labels are left out; these stay')
    return 0


def decided(
    answers: Iterable[Answer], data: prepared.Prepared, source: str
) -> tuple[list[Decision], int]:
    """The decisions that answers are, and how many are about test labels alone.

    Raises:
      Unusable: an id or a class that the set does not have, an id twice.
    """
    given = dict(zip(data.train.ids.tolist(), data.train.labels.tolist()))
    found: dict[str, Decision] = {}
    tests, tested = {*data.test.ids.tolist()}, 0
    for one in answers:
        if one.id not in given and one.id in tests:
            tested += 1
            continue
        if one.id not in given or one.id in found:
            what = 'there twice' if one.id in found else f'not of {data.folder}'
            raise Unusable(
                f'{source}: the id {quoted(one.id)} is {what}; give the export of this'
                ' set, as it is'
            )
        labels = tuple(
            corrections.label_of(source, name, data.class_names) for name in one.classes
        )
        kind = ('drop', 'relabel', 'ambiguous')[len(labels)]
        if labels == (given[one.id],):
            kind, labels = 'keep', ()
        found[one.id] = Decision(one.id, kind, labels, one.reviewer, one.time)
    return [*found.values()], tested
