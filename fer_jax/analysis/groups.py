"""Runs that differ in their seeds alone are one group: a mean and how far they spread.

What groups have in common decides whether they compare: the same images, the same
number of them to learn from, the same kind of noise and, for a seed that both have, the
same wrong labels. Then differences are taken seed by seed.
"""

import json
import pathlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from fer_jax.analysis import runs
from fer_jax.data import natural
from fer_jax.errors import Missing
from fer_jax.training import fields, files, schema

SEEDS = ('seed', 'noise.seed')
NOISE = ('rate', 'kind', 'exact', 'inclusive')  # fields that say what noise is drawn
DRAWN = ('data.max_train', 'data.subset_seed', 'data.folds', 'data.fold')
# What tells in result.json from which images and labels a run has its numbers.
DATA = ('dataset_digest', 'noise_list_sha256', 'corrections_sha256', 'train_examples')


class Data(NamedTuple):
    """What decides whether a group's numbers compare with another's."""

    common: tuple[Any, ...]  # `data` of each of its runs
    lists: dict[int, str | None]  # {noise.seed: sha256 of the wrong labels}


class Group(NamedTuple):
    """Runs of one config, by seed."""

    name: str
    runs: tuple[runs.Told, ...]

    @property
    def seeds(self) -> list[tuple[int, int]]:
        """(seed, noise.seed) of each run."""
        return [seeds(run) for run in self.runs]

    def values(self, key: str) -> list[float]:
        """Of a key of result.json, of the runs that have it."""
        found = [run.result.get(key) for run in self.runs]
        return [value for value in found if value is not None]


def of_folders(folders: Iterable[pathlib.Path | str]) -> tuple[list[Group], list[str]]:
    """The groups of runs, and of the runs in folders of sweeps.

    Returns:
      Groups in the order of their first runs, and lines about runs that are left out,
      for they are not finished.

    Raises:
      Missing: neither a finished run nor a folder with some.
      Damaged: files that are not what a run wrote.
    """
    found, said = [], []
    for folder in map(pathlib.Path, folders):
        below = sorted(
            (path for path in folder.glob('*') if files.has_config(path)),
            key=lambda path: natural.key(path.name),
        )
        if files.finished(folder) or not below:
            found.append(runs.told(folder))
            continue
        done = [path for path in below if files.finished(path)]
        if not done:
            raise Missing(f'{folder}: no finished run of {len(below)} that began')
        found += map(runs.told, done)
        if len(done) < len(below):
            said.append(
                f'{folder}: {len(below) - len(done)} of {len(below)} runs are not'
                ' finished, and left out'
            )
    return grouped(found), said


def grouped(found: Sequence[runs.Told]) -> list[Group]:
    """Groups of runs; a run that is there twice, seeds and all, is a group alone."""
    together: dict[Any, list[runs.Told]] = {}
    for run in found:
        together.setdefault(shared(run), []).append(run)
    parts: list[tuple[runs.Told, ...]] = []
    for same in together.values():
        if max(Counter(map(seeds, same)).values()) > 1:
            parts += [(run,) for run in same]
        else:
            parts.append(tuple(sorted(same, key=seeds)))
    place: dict[pathlib.Path, int] = {}  # a folder that is given twice has its first
    for run in found:
        place.setdefault(run.folder, len(place))
    parts.sort(key=lambda part: min(place[run.folder] for run in part))
    names = [common([run.name for run in part]) for part in parts]
    folders = [str(part[0].folder.parent / name) for part, name in zip(parts, names)]
    twice = Counter(names)
    return [
        Group(name if twice[name] == 1 else folder, part)
        for name, folder, part in zip(names, folders, parts)
    ]


def seeds(run: runs.Told) -> tuple[int, int]:
    """(seed, noise.seed) of a run."""
    known = config(run)
    return known['seed'], known['noise.seed']


def config(run: runs.Told) -> dict[str, Any]:
    """{path: value} of a run's config, the default of a field that is younger."""
    known = {path: field.default for path, field in schema.FIELDS.items()}
    return known | fields.flat(run.result['config'])


def shared(run: runs.Told) -> tuple[Any, ...]:
    """All that runs of a group have in common."""
    known = config(run)
    kept = {n: v for n, v in known.items() if n not in {*SEEDS, *schema.FREE}}
    return json.dumps(kept, sort_keys=True), *data(run)


def data(run: runs.Told) -> tuple[Any, ...]:
    """What runs have in common that compare, but for the lists of drawn noise."""
    known = config(run)
    noise = [known[f'noise.{name}'] for name in NOISE]
    drawn = [known[name] for name in DRAWN]
    told = [run.result.get(name) for name in DATA if name != 'noise_list_sha256']
    return *noise, *drawn, *told


def common(names: Sequence[str]) -> str:
    """What names begin with, in whole words; the name of a single one.

    >>> common(['scn,noise.rate=0.1,seed=10', 'scn,noise.rate=0.1,seed=11'])
    'scn,noise.rate=0.1'
    """
    if len(names) == 1:
        return names[0]
    words = [re.split(r'([-_, ])', name) for name in names]
    kept: list[str] = []
    for column in zip(*words):
        if len({*column}) > 1:
            break
        kept.append(column[0])
    return ''.join(kept).rstrip('-_, ') or f'{names[0]} ... {names[-1]}'


def data_of(group: Group) -> Data:
    """The Data of a group."""
    lists = {seeds(run)[1]: run.result.get('noise_list_sha256') for run in group.runs}
    return Data(data(group.runs[0]), lists)


def compare(first: Data, second: Data) -> bool:
    """Whether two groups are of the same data, so that their numbers compare."""
    if first.common != second.common:
        return False
    a, b = first.lists, second.lists
    both = a.keys() & b.keys()
    same = {*a.values()} == {*b.values()}  # none, or one that is given
    return same or (bool(both) and all(a[seed] == b[seed] for seed in both))


def marks(groups: Sequence[Group]) -> dict[str, str]:
    """{name: 'A', 'B' ...}, a letter for each data; {} when all have the same.

    Accuracies on other test images, or after other wrong labels, do not compare.
    """
    firsts: list[Data] = []
    found = {}
    for group in groups:
        own = data_of(group)
        kind = next((i for i, one in enumerate(firsts) if compare(one, own)), None)
        if kind is None:
            kind = len(firsts)
            firsts.append(own)
        found[group.name] = letter(kind)
    return found if len(firsts) > 1 else {}


def letter(number: int) -> str:
    """'A' ... 'Z', 'AA' ... of 0, 1, ..."""
    before, place = divmod(number, 26)
    return (letter(before - 1) if before else '') + chr(ord('A') + place)


def differences(group: Group, other: Group, key: str) -> list[float]:
    """Values of `group` less those of `other`, of each seed that both have."""
    values = {seeds(run): run.result.get(key) for run in other.runs}
    pairs = [(run.result.get(key), values.get(seeds(run))) for run in group.runs]
    return [a - b for a, b in pairs if a is not None and b is not None]
