"""Labelled pictures on their way to other programs, and labels on their way back.

A format is a module of FORMATS: its docstring says what lies in a folder of it, and
`write(labelled, folder)` makes one. Where people label in its program there is `read`,
too. To add one is to write one module and its name.
"""

import importlib
import math
import pathlib
import types
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from fer_jax.data.corrections import Decision

FORMATS = ('csv', 'folder')


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

    def called(self, label: int) -> str:
        """The name of a class; '' of -1."""
        return self.class_names[label] if label >= 0 else ''

    def kept(self) -> Iterator[tuple[int, Item]]:
        """The numbers and Items of labels that are not dropped."""
        return ((i, item) for i, item in enumerate(self.items) if item.label >= 0)


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


def module(name: str) -> types.ModuleType:
    """The module of one of FORMATS."""
    return importlib.import_module(f'{__name__}.as_{name}')
