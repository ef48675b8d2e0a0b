"""What the decisions of a review changed, as the run sees it that learned from them.

Two questions: is the new run better than the one that was reviewed, and which decisions
does it doubt? A decision is doubted where the label that a person left is more probably
wrong than right to networks that learned from it.
"""

import pathlib
from typing import Any

import numpy as np

from fer_jax.analysis import cases, page
from fer_jax.data import corrections, prepared
from fer_jax.errors import Unusable
from fer_jax.training import files, results

SHOWN = 24  # doubted decisions


def section(
    case: cases.Case, reviewed: pathlib.Path | str | None = None
) -> dict[str, Any] | str | None:
    """The section of the page; None of a run without decisions.

    Args:
      reviewed: folder of the finished run whose labels were decided about; None: that
        of the file of decisions, where it is one.

    Raises:
      Missing, Unusable: `reviewed` is no finished run of the same set.
    """
    decisions = of_run(case)
    if not isinstance(decisions, list):
        return decisions
    result = case.run.result
    path = pathlib.Path(result['config']['noise']['corrections'])
    counts = result.get('corrections')
    return {
        'counts': results.corrections(counts).partition(': ')[2] if counts else '',
        'accuracy': accuracies(result, reviewed or path.parent, told=bool(reviewed)),
        **doubted(case, decisions),
    }


def of_run(case: cases.Case) -> list[corrections.Decision] | str | None:
    """The decisions that a run learned from, a line that says why they are not there,
    or None of a run without any."""
    result = case.run.result
    sha256 = result.get('corrections_sha256')
    if not sha256:
        return None
    if isinstance(case.data, str):
        return case.data
    path = pathlib.Path(result['config']['noise']['corrections'])
    return decided(path, sha256, case.data)


def decided(
    path: pathlib.Path, sha256: str, data: prepared.Prepared
) -> list[corrections.Decision] | str:
    """The decisions that a run learned from, or a line that says why there are none."""
    gone = f'The decisions in {path} could not be read'
    try:
        found = corrections.load(path, data.train.ids, data.class_names)
        if found.sha256 != sha256:
            return f'{gone}: the file is another one by now than the run learned from.'
        return corrections.read(path, data.train.ids, data.class_names)
    except (ValueError, OSError) as error:
        return f'{gone}: {error}.'


def accuracies(
    now: dict[str, Any], reviewed: pathlib.Path | str, *, told: bool
) -> list[list[Any]] | str:
    """[[what, before, after], ...] in shares, or a line that says why there is none.

    Args:
      now: result.json of the new run.
      told: whether somebody named `reviewed`, so that it has to be a run.

    Raises: as `section`.
    """
    if not told and not files.finished(reviewed):
        return 'Give --reviewed=RUN, the run that was reviewed, to see what is better.'
    before = files.read_result(reviewed)
    if before['dataset_digest'] != now['dataset_digest']:
        said = f'{reviewed} learned from another set, so nothing can be compared'
        if told:
            raise Unusable(f'{said}; give the run that was reviewed')
        return f'{said}.'
    return [
        ['accuracy', before['last5'], now['last5']],
        ['balanced accuracy', before['balanced_accuracy'], now['balanced_accuracy']],
        *(
            [f'recall of {name}', before['recalls'][name], now['recalls'][name]]
            for name in now['class_names']
        ),
    ]


def doubted(case: cases.Case, decisions: list[corrections.Decision]) -> dict[str, Any]:
    """The decisions that the run doubts, the most doubted first."""
    place = dict(zip(case.ids.tolist(), case.place.tolist()))
    said = {place[one.id]: one.decision for one in decisions if one.id in place}
    rows = np.array(sorted(said), np.int32)
    wrong = case.right[case.order[rows]] < 0.5 if len(rows) else np.zeros(0, bool)
    found = rows[wrong][:SHOWN]
    return {
        'learned': len(rows),
        'doubts': int(wrong.sum()),
        'rows': found,
        'decisions': page.texts(said[row] for row in found.tolist()),
    }
