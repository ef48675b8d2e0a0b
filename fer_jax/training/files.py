"""The files of a run: each is written here, and read here.

Some have readers and writers of their own: the history and the evidence
(training.history), checkpoints/ (training.checkpoint, seals), tensorboard/
(training.log) and the noise list (data.noise_list). docs/design.md, "Files
of a run", says what each holds. All are written whole or not at all, but for the rows
of metrics.jsonl, which are appended.
"""

import json
import math
import os
import pathlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from fer_jax import home
from fer_jax.data import arrays, coordinates, documents, tables, whole
from fer_jax.data.quoting import quoted
from fer_jax.errors import Missing, Unusable
from fer_jax.training import contents, history

CONFIG, DATA, ROWS = 'config.json', 'data.json', 'metrics.jsonl'
AXES, LABELS, RESULT = 'axes.npz', 'labels.csv', 'result.json'
PAGE, ISSUES = 'audit.html', 'issues.json'
AT_LAST = (PAGE, ISSUES)  # once the run is finished
EVALUATION, BENCH = 'evaluation.json', 'bench.json'
ISSUES_FORMAT = 1
AXES_OF = {
    name: arrays.Array('i' if name == 'columns' else 'f', 2 if name == 'turn' else 3)
    for name in coordinates.Coordinates._fields
}
TRUST = 'posterior_'  # and the number of the network, from 1
TRUST_BEFORE = 'clean_probability_'  # what older versions called it
RIGHT, RANK = 'probability_right', 'rank'


class Labels(NamedTuple):
    """What labels.csv says, a row an example; classes as numbers in the run's names."""

    ids: np.ndarray  # [N] str
    given: np.ndarray  # [N] int32
    final: np.ndarray  # [N] int32, the relabel table at the end
    suggested: np.ndarray  # [N] int32
    flips: np.ndarray  # [N] int32, times that the label changed
    # [P, N] float64 in [0, 1], what each network says of its being right: the
    # posterior by the fit of its method, by its own outputs without one; [0, N]: none
    trust: np.ndarray
    clean: np.ndarray  # [N] int32, -1 where unknown
    # of an audit
    right: np.ndarray | None = None  # [N] float64, the calibrated probability of that
    rank: np.ndarray | None = None  # [N] int32, the least trusted label has 1


def checkpoints(workdir: pathlib.Path | str) -> pathlib.Path:
    """The folder of a run's checkpoints."""
    return pathlib.Path(workdir) / 'checkpoints'


def has_config(workdir: pathlib.Path | str) -> bool:
    """Whether a run was started in `workdir`."""
    return (pathlib.Path(workdir) / CONFIG).is_file()


def has_data(workdir: pathlib.Path | str) -> bool:
    """Whether data.json is there: what a start writes before config.json."""
    return (pathlib.Path(workdir) / DATA).is_file()


def finished(workdir: pathlib.Path | str) -> bool:
    """Whether the run in `workdir` is complete: result.json is what it writes last."""
    return (pathlib.Path(workdir) / RESULT).is_file()


def audited(workdir: pathlib.Path | str) -> bool:
    """Whether the page and the list of a finished run are there, both whole."""
    return all((pathlib.Path(workdir) / name).is_file() for name in AT_LAST)


def withdraw(workdir: pathlib.Path | str) -> None:
    """Removes what a finished run leaves: this one is to be trained (on)."""
    for name in (RESULT, LABELS, history.EVIDENCE, *AT_LAST):
        (pathlib.Path(workdir) / name).unlink(missing_ok=True)


def write_config(workdir: pathlib.Path | str, config: dict[str, Any]) -> None:
    """config.json: every field, by section."""
    _write_json(pathlib.Path(workdir) / CONFIG, config)


def read_config(workdir: pathlib.Path | str) -> dict[str, Any]:
    """The content of config.json.

    Raises:
      Missing: no folder of a run.
      Damaged: it is not what a run writes; says which field.
    """
    return _read_json(workdir, CONFIG, contents.CONFIG, 'so no folder of a run')


def write_data(workdir: pathlib.Path | str, about: dict[str, Any]) -> None:
    """data.json: the data and weights that the run learns from, from setup.describe."""
    _write_json(pathlib.Path(workdir) / DATA, {'format': contents.FORMAT, **about})


def read_data(workdir: pathlib.Path | str) -> dict[str, Any]:
    """The content of data.json. Raises as `read_config`."""
    found = _read_json(workdir, DATA, contents.DATA, 'so no folder of a run')
    if 'pretrained' in found:  # as older versions call it
        found['start'] = [
            {'source': start['folder'], 'card': start['card']}
            for start in found.pop('pretrained')
        ]
    if 'kept' not in (found.get('corrections') or {'kept': 0}):  # nor did they count it
        del found['corrections']
    return found


def read_format(workdir: pathlib.Path | str) -> int:
    """Format of a run's folder, of data.json; 1 where it does not say. Raises as
    `read_config`."""
    found = _read_whole(workdir, DATA, contents.DATA, 'so no folder of a run')
    return found.get('format', 1)


def has_axes(workdir: pathlib.Path | str) -> bool:
    """Whether the axes of a run on features are there."""
    return (pathlib.Path(workdir) / AXES).is_file()


def write_axes(workdir: pathlib.Path | str, axes: coordinates.Coordinates) -> None:
    """axes.npz: how features become coordinates."""
    with whole.replacing(pathlib.Path(workdir) / AXES) as file:
        np.savez(file, **axes._asdict())


def read_axes(workdir: pathlib.Path | str) -> coordinates.Coordinates:
    """The Coordinates of a run on features.

    Raises:
      Missing: there are none.
      Damaged: they are not what a run writes.
    """
    path = pathlib.Path(workdir) / AXES
    try:
        found = coordinates.Coordinates(**arrays.read_npz(path, AXES_OF))
        coordinates.check(found)
    except Missing:
        raise Missing(
            f'{path} is missing, and this is a run on features; {contents.BACK}'
        ) from None
    except Unusable as error:
        raise whole.Damaged(f'{error}; {contents.BACK}') from None
    return found


def write_rows(workdir: pathlib.Path | str, rows: Sequence[dict[str, Any]]) -> None:
    """metrics.jsonl anew, a row an epoch."""
    text = ''.join(map(_line, rows))
    whole.write_text(pathlib.Path(workdir) / ROWS, text)


def append_row(workdir: pathlib.Path | str, row: dict[str, Any]) -> None:
    """One more row of metrics.jsonl; it is on the disk when this returns."""
    path = pathlib.Path(workdir) / ROWS
    with whole.named(path), open(path, 'a') as file:
        file.write(_line(row))
        file.flush()
        os.fsync(file.fileno())


def read_rows(workdir: pathlib.Path | str) -> list[dict[str, Any]]:
    """The rows of metrics.jsonl, oldest first; [] when there is none.

    A last line without its end was being written when the process died: left out.

    Raises:
      Damaged: a line that is no row, with its number.
    """
    path = pathlib.Path(workdir) / ROWS
    if not path.exists():
        return []
    *lines, _ = path.read_bytes().split(b'\n')
    rows = []
    for number, text in enumerate(lines, start=1):
        try:
            where = f'{path}: line {number} is damaged'
            rows.append(documents.parse(text, contents.ROW, where, ''))
        except Unusable as error:
            raise whole.Damaged(
                f'{error}put an older copy of the whole folder in its place, or start'
                ' again in another --workdir'
            ) from None
    return rows


def write_result(workdir: pathlib.Path | str, content: dict[str, Any]) -> None:
    """result.json; its being there says that the run is finished."""
    _write_json(pathlib.Path(workdir) / RESULT, {'format': contents.FORMAT, **content})


def read_result(workdir: pathlib.Path | str) -> dict[str, Any]:
    """The content of result.json.

    Raises:
      Missing: there is no finished run.
      Damaged: it is not what a run writes; says which field.
    """
    path = pathlib.Path(workdir) / RESULT
    if not path.is_file():
        raise Missing(
            f'{workdir}: no {RESULT}, so no finished run; train it first, or start'
            ' the same command again to finish it'
        )
    # runs that do not say what they answer by did so by their first network
    return {'answer': '1'} | _read_json(workdir, RESULT, contents.RESULT, '')


def write_labels(
    workdir: pathlib.Path | str, labels: Labels, class_names: Sequence[str]
) -> pathlib.Path:
    """labels.csv, one row an example, classes by their names; its path."""
    names = np.array([*class_names, ''])  # [-1]: unknown
    columns = {
        'id': labels.ids,
        'given_label': names[labels.given],
        'final_label': names[labels.final],
        'suggested_label': names[labels.suggested],
        'flips': labels.flips,
    }
    if labels.right is not None and labels.rank is not None:
        columns |= {RIGHT: np.char.mod('%.6g', labels.right), RANK: labels.rank}
    for number, probability in enumerate(labels.trust, start=1):
        # Twelve digits: probabilities near 0 and 1 stay apart.
        columns[f'{TRUST}{number}'] = np.char.mod('%.12g', probability)
    columns['clean_label'] = names[labels.clean]
    path = pathlib.Path(workdir) / LABELS
    whole.write_text(path, tables.text(columns, zip(*columns.values())))
    return path


def read_labels(workdir: pathlib.Path | str, class_names: Sequence[str]) -> Labels:
    """The Labels of a finished run, without what an audit says of them.

    Args:
      class_names: of result.json.

    Raises:
      Missing: no labels.csv.
      Damaged: not what a run wrote; names the line.
    """
    path = pathlib.Path(workdir) / LABELS
    try:
        return _labels(path, class_names)
    except Missing:
        raise
    except Unusable as error:
        raise whole.Damaged(
            f'{error}; remove {RESULT} and give the command of the run again, which'
            ' writes both anew'
        ) from None


def _labels(path, class_names):
    numbers = {name: number for number, name in enumerate(class_names)}
    kinds = ('given', 'final', 'suggested', 'clean')
    classes, ids, flips, trust = {kind: [] for kind in kinds}, [], [], []
    for row in tables.rows(path, ('id', 'flips', *(f'{kind}_label' for kind in kinds))):
        where, texts = f'{path} {row.line}', row.texts()
        ids.append(texts['id'])
        for kind, values in classes.items():
            name = texts[f'{kind}_label']
            if name not in numbers and (name or kind != 'clean'):
                raise Unusable(f'{where}: {quoted(name)} is no class of the run')
            values.append(numbers.get(name, -1))
        flips.append(tables.integer(texts['flips'], where))
        said = [texts[name] for name in texts if name.startswith((TRUST, TRUST_BEFORE))]
        trust.append(tables.numbers(said, where))
        if not all(0 <= value <= 1 for value in trust[-1]):
            raise Unusable(f'{where}: wanted probabilities from 0 to 1')
    if not ids:
        raise Unusable(f'{path} has no rows')
    return Labels(
        ids=np.array(ids, str),
        flips=np.array(flips, np.int32),
        trust=np.array(trust, np.float64).reshape(len(ids), -1).T,
        **{kind: np.array(values, np.int32) for kind, values in classes.items()},
    )


def write_page(workdir: pathlib.Path | str, html: str) -> pathlib.Path:
    """audit.html; its path."""
    path = pathlib.Path(workdir) / PAGE
    whole.write_text(path, html)
    return path


def write_issues(
    workdir: pathlib.Path | str, issues: list[dict[str, Any]], about: dict[str, Any]
) -> pathlib.Path:
    """issues.json: {'format', **about, 'issues'}; its path.

    Args:
      issues: from analysis.issues.listed.
      about: dict of what the reader should know of the run.
    """
    path = pathlib.Path(workdir) / ISSUES
    _write_json(path, {'format': ISSUES_FORMAT, **about, 'issues': issues})
    return path


def write_out_of_fold(
    workdir: pathlib.Path | str,
    probs: np.ndarray,
    labels: np.ndarray,
    ids: np.ndarray,
    class_names: Sequence[str],
) -> None:
    """pred_probs.npy [N, C] float32, labels.npy [N] int64, ids.npy [N] str, and
    class_names.json, the names of the columns."""
    workdir = pathlib.Path(workdir)
    for name, values in (
        ('pred_probs', np.asarray(probs, np.float32)),
        ('labels', np.asarray(labels, np.int64)),
        ('ids', np.asarray(ids)),
    ):
        with whole.replacing(workdir / f'{name}.npy') as file:
            np.save(file, values)
    whole.write_text(workdir / 'class_names.json', json.dumps(list(class_names)) + '\n')


def _line(row):
    """A row as one line of JSON; NaN, which JSON lacks, as null."""
    plain = {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in row.items()
    }
    return json.dumps(plain) + '\n'


def _write_json(path, content):
    whole.write_text(path, json.dumps(content, indent=1) + '\n')


def _read_json(workdir, name, kind, otherwise):
    """The object in a JSON file, but for its format; the rest as for _read_whole."""
    found = _read_whole(workdir, name, kind, otherwise)
    return {field: value for field, value in found.items() if field != 'format'}


def _read_whole(workdir, name, kind, otherwise):
    """The object in a JSON file.

    Args:
      otherwise: what follows from there being none.
    """
    path = pathlib.Path(workdir) / name
    if not path.exists():
        raise Missing(
            f'{path.parent}: no {path.name}, {otherwise}; give a folder that'
            f' {home.launch()} wrote'
        )
    try:
        return documents.read(path, kind, contents.BACK)
    except Missing:
        raise
    except Unusable as error:
        raise whole.Damaged(str(error)) from None
