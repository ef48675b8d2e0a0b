"""Browsers of this machine, for the tests of pages."""

import pathlib
import shutil

import pytest


def find(*names):
    """Path of the first of these browsers that is installed.

    Skips the test without one. One in a snap does not count: it cannot read what tests
    write, for a snap has a temporary folder of its own.
    """
    for path in filter(None, map(shutil.which, names)):
        if not in_snap(pathlib.Path(path).resolve()):
            return path
    pytest.skip(f'no browser found; there is none of {", ".join(names)}')


def in_snap(path):
    """Whether a command is snap's, or Ubuntu's script that calls it."""
    return path.name == 'snap' or b'/snap/' in path.read_bytes()[:4096]
