"""Two people judged the same labels: how far they agree, and what they settled.

OUT/decisions.csv        what both said alike, and what one of them alone decided
OUT/disagreements.csv    where they differ, for a third look
"""

import argparse
import pathlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from fer_jax.data import corrections, prepared, tables, whole
from fer_jax.data.corrections import Decision
from fer_jax.data.quoting import printable
from fer_jax.errors import Unusable

DISAGREEMENTS = 'disagreements.csv'
HEADER = ('id', 'given_label', 'reviewer_1', 'label_1', 'reviewer_2', 'label_2')


class Merged(NamedTuple):
    """Two reviewers' decisions together."""

    settled: list[Decision]  # alike, or of one reviewer alone
    differing: list[tuple[Decision, Decision]]
    both: int  # labels that both decided
    agreement: float  # share of these that they decided alike
    kappa: float  # Cohen's, NaN where it is not defined


def merge(
    first: Sequence[Decision], second: Sequence[Decision], given: dict[str, int]
) -> Merged:
    """The Merged decisions of two reviewers.

    What counts is what comes out: a class (of `keep` the given one), two classes in
    either order, or none.

    Args:
      given: {id: given label}.
    """
    theirs = {one.id: one for one in second}
    pairs = [(one, theirs.pop(one.id)) for one in first if one.id in theirs]
    said = [[outcome(one, given[one.id]) for one in pair] for pair in pairs]
    alike = [mine == other for mine, other in said]
    ours = {one.id for one, _ in pairs}
    return Merged(
        settled=[
            *(one for (one, _), same in zip(pairs, alike) if same),
            *(one for one in first if one.id not in ours),
            *theirs.values(),
        ],
        differing=[pair for pair, same in zip(pairs, alike) if not same],
        both=len(pairs),
        agreement=float(np.mean(alike)) if pairs else np.nan,
        kappa=kappa(*zip(*said)) if pairs else np.nan,
    )


def outcome(decision: Decision, given: int) -> tuple[int, ...]:
    """The classes that a label is left with, rising; () where it is dropped."""
    return tuple(sorted(decision.left(given)))


def kappa(first: Sequence, second: Sequence) -> float:
    """Cohen's kappa of what two people said of the same N things (Cohen 1960).

    (p - e) / (1 - e), p the share said alike, e what it would be by chance; NaN where
    both said one and the same of all.
    """
    values = {value: place for place, value in enumerate({*first, *second})}
    places = [[values[value] for value in said] for said in (first, second)]
    shares = [np.bincount(one, minlength=len(values)) / len(first) for one in places]
    alike = float(np.mean(np.equal(places[0], places[1])))
    chance = float(shares[0] @ shares[1])
    return (alike - chance) / (1 - chance) if chance < 1 else np.nan


def run(options: argparse.Namespace) -> int:
    """Writes the merged decisions of options.merge into options.out; returns 0.

    Raises:
      Missing, Unusable: no such set or file, or decisions about another set.
    """
    if not options.data or not options.out:
        raise Unusable(
            '--merge=A.csv B.csv needs --data=FOLDER of the prepared set that both are'
            ' about, and --out=FOLDER for what comes out'
        )
    out = pathlib.Path(options.out)
    whole.check_folder(out)
    data = prepared.load(options.data)
    ids, names = data.train.ids, data.class_names
    given = dict(zip(ids.tolist(), data.train.labels.tolist()))
    first, second = (corrections.read(path, ids, names) for path in options.merge)
    merged = merge(first, second, given)
    out.mkdir(parents=True, exist_ok=True)
    text = corrections.text(merged.settled, names)
    path = out / corrections.FILE
    whole.write_text(path, text)
    whole.write_text(out / DISAGREEMENTS, disagreements(merged, given, names))
    print(
        f'both decided {merged.both:,} labels: {100 * merged.agreement:.1f} % alike,'
        f" Cohen's kappa {merged.kappa:.2f}"
        if merged.both
        else 'no label was decided by both'
    )
    print(f'written: {printable(path)}, {len(merged.settled):,} decisions')
    print(
        f'written: {printable(out / DISAGREEMENTS)}, {len(merged.differing):,} labels'
        ' that they do not agree about'
    )
    return 0


def disagreements(
    merged: Merged, given: dict[str, int], class_names: Sequence[str]
) -> str:
    """The csv of what two reviewers do not agree about."""

    def words(one):
        named = [class_names[place] for place in outcome(one, given[one.id])]
        return ' or '.join(named) or 'dropped'

    return tables.text(
        HEADER,
        (
            (
                one.id,
                class_names[given[one.id]],
                one.reviewer,
                words(one),
                other.reviewer,
                words(other),
            )
            for one, other in merged.differing
        ),
    )
