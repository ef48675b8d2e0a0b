"""Foreign text in a message: what a file or a stranger says is shown, not obeyed."""

LIMIT = 60
LONGEST = 4096  # characters; no path of Linux is longer


def quoted(text: object) -> str:
    """`text` between quotes, safe to print and at most about 60 characters long.

    What does not print (control characters, terminal escapes, marks that turn the
    direction of writing, halves of characters) is written as Python escapes it.
    Longer text is cut, and dots behind the quotes say so: `'abc'...`.
    Bytes are shown as bytes; a path, a number and the like as they print.
    """
    text = text if isinstance(text, (str, bytes)) else str(text)
    shown = text[:LIMIT]
    while len(repr(shown)) > LIMIT + 3:  # an escape may be ten characters long
        shown = shown[:-1]
    return repr(shown) + ('...' if len(shown) < len(text) else '')


def printable(text: object) -> str:
    """`text` with what does not print escaped: for lines with names of files.

    Bytes of a name that are no UTF-8 are shown as bytes: `\\xb8`. Text longer than any
    path is cut.
    """
    text = str(text)
    shown = ''.join(c if c.isprintable() else _escaped(c) for c in text[:LONGEST])
    return shown + '...' * (len(text) > LONGEST)


def is_utf8(name: str) -> bool:
    """Whether a name can be written as UTF-8; bytes that cannot are halves of some."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _escaped(character):
    number = ord(character)
    if 0xDC80 <= number <= 0xDCFF:  # how Python keeps a byte that is no UTF-8
        return f'\\x{number - 0xDC00:02x}'
    return character.encode('unicode_escape').decode()
