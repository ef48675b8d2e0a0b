"""Foreign text in a message: what a file or a stranger says is shown, not obeyed."""

LIMIT = 60


def quoted(text):
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
