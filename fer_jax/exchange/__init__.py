"""Labelled pictures on their way to other programs, and labels on their way back.

A form is a module `as_NAME` and its name in FORMS: the docstring says what lies in a
folder of it, and `write(labelled, folder)` makes one. Where people label in its program
`read(path)` says what they answered. To add one is to write one module.
"""

import importlib
import json
import math
import pathlib
import types
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from fer_jax.data.corrections import Decision

FORMS = ('csv', 'folder', 'label_studio', 'fiftyone', 'hugging_face', 'parquet')
READ = ('label_studio',)  # those that have read


class Item(NamedTuple):
    """One picture, its label and what is thought of it."""

    split: str  # train or test
    id: str
    given: int
    label: int  # what is left of it, -1: it is dropped
    decision: Decision | None = None
    suggested: int = -1  # -1: nobody suggests anything
    right: float = math.nan  # probability that the given label is


class Labelled(NamedTuple):
    """The pictures of a set with their labels."""

    name: str
    class_names: tuple[str, ...]
    items: Sequence[Item]
    image: Callable[[int], bytes]  # of item i: PNG or JPEG

    def kept(self) -> Iterator[tuple[int, Item]]:
        """The numbers and Items of labels that are not dropped."""
        return ((i, item) for i, item in enumerate(self.items) if item.label >= 0)

    def called(self, label: int) -> str | None:
        """The name of a class; None of -1."""
        return self.class_names[label] if label >= 0 else None

    def said(self, item: Item) -> dict[str, Any]:
        """What is known of an item beside its label, by name; None where it is not."""
        one = item.decision
        return {
            'split': item.split,
            'id': item.id,
            'given_label': self.called(item.given),
            'decision': one and one.decision,
            'second': self.called(one.labels[1]) if one and one.labels[1:] else None,
            'suggested_label': self.called(item.suggested),
            'probability_right': None if math.isnan(item.right) else item.right,
            'reviewer': one and (one.reviewer or None),
            'time': one and (one.time or None),
        }


class Answer(NamedTuple):
    """What somebody said of a picture in another program."""

    id: str
    classes: tuple[str, ...]  # that fit; none: the picture is to go
    reviewer: str = ''
    time: str = ''  # UTC, as 2026-11-28T19:40:02Z


def write_image(image: bytes, folder: pathlib.Path, number: int) -> str:
    """Writes an encoded picture into a folder; returns the name of the file.

    It is made of the number, for an id or a class may be no name of a file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name = f'{number:07}{ending(image)}'
    (folder / name).write_bytes(image)
    return name


def ending(image: bytes) -> str:
    """The ending of an encoded picture's file."""
    return '.png' if image.startswith(b'\x89PNG') else '.jpg'


def text(value: Any) -> str:
    """A value as JSON that every reader takes: ASCII in one line, no NaN."""
    return json.dumps(value, allow_nan=False)


def module(form: str) -> types.ModuleType:
    """The module of one of FORMS."""
    return importlib.import_module(f'{__name__}.as_{form}')
