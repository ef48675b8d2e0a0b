"""The order of names in which '2' comes before '10'."""

import re


def key(name: str) -> list[tuple[int, str]]:
    """A sort key: numbers in a name by their size, all else as text."""
    parts = re.split(r'(\d+)', name)
    return [(int(part), '') if part.isdecimal() else (-1, part) for part in parts]
