"""How labels stand in a source, so that others can be written in their place.

A door says in what form its source is (importing.Found) and where the label of each
Picture stands (Picture.at). What is to stand there is a tuple of classes: of one; of
two where `two` says that a form holds them; of none where a label is dropped. The row
of a dropped one goes, unless `gap` says what stands in its place.
"""

import abc
import dataclasses
import io
import pathlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from fer_jax.data import arrays, limits, regular, rewriting

from .squares import Picture

Labels = tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class Form:
    """What forms have."""

    two = False
    gap = ''
    loose = False  # whether pictures may go, and so are linked one by one
    renames = False  # whether ids are other with other labels

    def written(
        self, changes: Sequence[tuple[Picture, Labels]]
    ) -> dict[pathlib.Path, Iterator[bytes]]:
        """{file: its new content in pieces}, for what changes of some Pictures."""
        return {}

    def moved(
        self, changes: Sequence[tuple[Picture, Labels]]
    ) -> dict[pathlib.Path, pathlib.Path | None]:
        """{file: where it goes, None: nowhere}."""
        return {}


class Lines(Form, abc.ABC):
    """Labels in lines of files, at Picture.at = (file, line, ...)."""

    def written(
        self, changes: Sequence[tuple[Picture, Labels]]
    ) -> dict[pathlib.Path, Iterator[bytes]]:
        by_file: dict[pathlib.Path, dict[int, Any]] = {}
        for picture, labels in changes:
            path, *lines = picture.at
            new = self.change(labels)
            by_file.setdefault(path, {}).update(dict.fromkeys(lines, new))
        return {path: self.content(path, those) for path, those in by_file.items()}

    @abc.abstractmethod
    def change(self, labels: Labels) -> Any:
        """What `content` writes into a line; None where the line goes."""

    @abc.abstractmethod
    def content(
        self, path: pathlib.Path, changes: Mapping[int, Any]
    ) -> Iterator[bytes]:
        """The new content of a file in pieces, by what changes in its lines."""


@dataclasses.dataclass(frozen=True)
class LastWord(Lines):
    """The last word of a line, as in the lists of RAF-DB and ExpW."""

    codes: Sequence

    def change(self, labels: Labels) -> str | None:
        return _word(self.codes, labels)

    def content(
        self, path: pathlib.Path, changes: Mapping[int, Any]
    ) -> Iterator[bytes]:
        return rewriting.words(path, changes)


@dataclasses.dataclass(frozen=True)
class Column(Lines):
    """A column of a csv."""

    name: str
    words: Sequence  # what the source calls each class
    headless: Sequence[str] = ()
    gap: str = ''

    def change(self, labels: Labels) -> Any:
        if not labels and not self.gap:
            return None
        return lambda old: [_word(self.words, labels) or '']

    def content(
        self, path: pathlib.Path, changes: Mapping[int, Any]
    ) -> Iterator[bytes]:
        return rewriting.table(path, [self.name], changes, self.headless)


@dataclasses.dataclass(frozen=True)
class Votes(Lines):
    """FERPlus' ten votes: all for the class, half of them for either of two."""

    columns: Sequence[str]
    other: str  # the column of what is none of the classes
    counts: Sequence[int] = ()  # of fields, of a csv without a header
    two = True
    gap = 'all ten votes for unknown'

    def change(self, labels: Labels) -> Any:
        chosen = labels or (self.columns.index(self.other),)
        votes = [0] * len(self.columns)
        for place in chosen:
            votes[place] = 10 // len(chosen)
        return lambda old: votes

    def content(
        self, path: pathlib.Path, changes: Mapping[int, Any]
    ) -> Iterator[bytes]:
        if self.counts:
            return rewriting.records(path, self.counts, len(self.columns), changes)
        return rewriting.table(path, self.columns, changes)


@dataclasses.dataclass(frozen=True)
class Folders(Form):
    """A folder for each class; Picture.at is that of the picture."""

    words: Sequence[Sequence[str]]  # what the source calls each class
    loose = True
    renames = True

    def moved(
        self, changes: Sequence[tuple[Picture, Labels]]
    ) -> dict[pathlib.Path, pathlib.Path | None]:
        return {
            picture.path: self._place(picture, labels[0]) if labels else None
            for picture, labels in changes
        }

    def _place(self, picture, label):
        beside, words = picture.at.parent, self.words[label]
        there = [word for word in words if (beside / word).is_dir()]
        folder = beside / (there or words)[0]
        return folder / picture.path.relative_to(picture.at)


@dataclasses.dataclass(frozen=True)
class Notes(Form):
    """An npy file of a number beside each picture; Picture.at is that file."""

    codes: Sequence[int]
    loose = True

    def written(
        self, changes: Sequence[tuple[Picture, Labels]]
    ) -> dict[pathlib.Path, Iterator[bytes]]:
        return {
            picture.at: iter([self._content(picture.at, labels[0])])
            for picture, labels in changes
            if labels
        }

    def moved(
        self, changes: Sequence[tuple[Picture, Labels]]
    ) -> dict[pathlib.Path, pathlib.Path | None]:
        return {
            path: None
            for picture, labels in changes
            if not labels
            for path in (picture.path, *self._of(picture))
        }

    def _of(self, picture):
        """The notes on a picture, of which the label is one."""
        stem = picture.path.stem
        return [picture.at.with_name(f'{stem}_{end}.npy') for end in NOTES]

    def _content(self, path, label):
        """A file like that at `path`: the release has texts, others have numbers."""
        content = regular.content(path, limits.limit('note'))
        old = arrays.parse(content, path, arrays.Array('iufSU'))
        file = io.BytesIO()
        np.save(file, np.full(old.shape, str(self.codes[label])).astype(old.dtype))
        return file.getvalue()


NOTES = ('exp', 'lnd', 'val', 'aro')  # AffectNet's


def _word(words, labels):
    """What a source calls the one class of a tuple; None where there is none."""
    return str(words[labels[0]]) if labels else None
