"""Seals: which checkpoints of a run to trust, and where in its epochs each stands.

Orbax writes a checkpoint under another name and renames it, so that what a killed
process leaves is never taken for one. But it does not notice when a bit of the arrays
changes afterwards: the values are read wrong and nothing is said. So each finished
checkpoint gets a seal, `seal.json` in its folder, written last: the CRC-32C of every
file, and the place in the epoch. Only what agrees with its seal is restored.
"""

import json
import os
import pathlib
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Self

import google_crc32c

from fer_jax.data import documents, whole
from fer_jax.errors import Unusable

SEAL = 'seal.json'
BLOCK = 1 << 22  # bytes read at a time


class Place(NamedTuple):
    """Where in its epochs a run stands, beside the state."""

    epoch: int = 0  # epochs finished: learned, tested, scored, refitted
    steps: int = 0  # of the epoch under way
    sums: Mapping[str, float] = types.MappingProxyType({})  # of its steps' metrics
    seconds: float = 0.0  # spent on it

    def after(self, rows: Sequence[Mapping[str, Any]]) -> Self:
        """The place after the steps with the metrics `rows`, [{name: value}]."""
        sums = dict(self.sums)
        for row in rows:
            for name, value in row.items():
                if self.steps and name not in self.sums:
                    continue  # begun by an older version, which did not count it
                sums[name] = sums.get(name, 0.0) + float(value)
        return self._replace(steps=self.steps + len(rows), sums=sums)

    def later(self, seconds: float) -> Self:
        """The same place, `seconds` later."""
        return self._replace(seconds=self.seconds + seconds)

    def means(self) -> dict[str, float]:
        """{metric: mean over the steps of the epoch under way}."""
        return {name: total / self.steps for name, total in self.sums.items()}

    def words(self) -> str:
        """'after epoch 2', or 'after step 7 of epoch 3'."""
        if self.steps:
            return f'after step {self.steps} of epoch {self.epoch + 1}'
        return f'after epoch {self.epoch}'


CONTENT = documents.fields(
    {
        'place': documents.fields(
            {
                'epoch': documents.whole_number(),
                'steps': documents.whole_number(),
                'sums': documents.mapping(documents.REAL),
                'seconds': documents.number(0),
            }
        ),
        'crc32c': documents.mapping(
            documents.sequence(documents.whole_number(), least=2, most=2)
        ),
    }
)


def write(folder: pathlib.Path, place: Place) -> None:
    """Writes the seal of a finished checkpoint."""
    about = place._asdict() | {'sums': dict(place.sums)}
    content = {'place': about, 'crc32c': sums(folder)}
    text = json.dumps(content, indent=1, sort_keys=True)
    whole.write_text(folder / SEAL, f'{text}\n{google_crc32c.value(text.encode()):08x}')


def sums(folder: pathlib.Path) -> dict[str, list[int]]:
    """{relative path: [bytes, CRC-32C]} of every file below `folder` but the seal."""
    return {
        path.relative_to(folder).as_posix(): [path.stat().st_size, crc_of(path)]
        for path in sorted(folder.rglob('*'))
        if path.is_file() and path.name != SEAL
    }


def crc_of(path: pathlib.Path) -> int:
    """CRC-32C of a file's content."""
    total = 0
    with open(path, 'rb') as file:
        while block := file.read(BLOCK):
            total = google_crc32c.extend(total, block)
    return total


def check(folder: pathlib.Path) -> Place:
    """The Place of a checkpoint's seal, after comparing every file with it.

    Raises:
      Unusable: what is wrong with the checkpoint.
    """
    try:
        text, _, own = (folder / SEAL).read_text().rpartition('\n')
        if f'{google_crc32c.value(text.encode()):08x}' != own:
            raise Unusable(f'{SEAL} was changed')
        content = documents.parse(text, CONTENT, SEAL, 'it was changed')
    except FileNotFoundError:
        raise Unusable(f'no {SEAL}: its saving was cut short') from None
    except UnicodeDecodeError:
        raise Unusable(f'{SEAL} was changed') from None
    now = sums(folder)
    for name, expected in content['crc32c'].items():
        if now.get(name) != expected:
            what = 'was changed or cut short' if name in now else 'is missing'
            raise Unusable(f'{name} {what}')
    return Place(**{name: content['place'][name] for name in Place._fields})


def steps(folder: pathlib.Path) -> list[int]:
    """Steps with a checkpoint in `folder`, newest first, whole or not."""
    if not folder.is_dir():
        return []
    names = [path.name for path in folder.iterdir() if path.is_dir()]
    return sorted((int(name) for name in names if name.isdigit()), reverse=True)


def trusted(
    folder: pathlib.Path, say: Callable[[str], object]
) -> tuple[int, Place] | None:
    """(step, Place) of the newest checkpoint that agrees with its seal; None without.

    Newer ones that do not are moved to `damaged/` beside `folder`, for Orbax must not
    find them, and nothing is deleted.

    Args:
      folder: pathlib.Path of the checkpoints.
      say: called with a line about each one that is put away.
    """
    there = steps(folder)
    for step in there:
        try:
            return step, check(folder / str(step))
        except ValueError as error:
            damaged = folder.parent / 'damaged'
            damaged.mkdir(exist_ok=True)
            number = sum(path.name.startswith(f'{step}-') for path in damaged.iterdir())
            os.replace(folder / str(step), damaged / f'{step}-{number}')
            goes = 'starts anew' if step == there[-1] else 'goes on from the one before'
            say(
                f'the checkpoint of step {step} is damaged ({error}); it is in'
                f' {damaged} now, and the run {goes}'
            )
    return None
