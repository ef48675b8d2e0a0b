"""The page of an audit: one file that a browser opens without a network.

`render` joins the template, the style, the scripts and the content of an audit. Nothing
is built or fetched: what a browser gets is these sources as they are, and a content
security policy forbids the page every request.
"""

import base64
import gzip
import json
import math
import pathlib
from collections.abc import Iterable
from typing import Any

import numpy as np

HERE = pathlib.Path(__file__).parent
# In the order in which they need each other.
SCRIPTS = (
    'base.js',
    'plot.js',
    'charts.js',
    'decisions.js',
    'labels.js',
    'gallery.js',
    'table.js',
    'summary.js',
    'after.js',
    'noise.js',
    'epochs.js',
    'relabels.js',
    'networks.js',
    'main.js',
)
POLICY = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\';'
    " style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: blob:\">\n"
)
DTYPES = ('uint8', 'uint16', 'uint32', 'int8', 'int16', 'int32', 'float32')


def render(title: str, content: dict[str, Any]) -> str:
    """The page as text.

    Args:
      title: of the window.
      content: of audit.gather: dicts, lists, plain values and arrays.
    """
    # A '<' may end the element that the data are in, so it is written as JSON can.
    data = json.dumps(packed(content), separators=(',', ':'), ensure_ascii=False)
    return document(
        title,
        head=POLICY,
        body=filled(source(HERE / 'body.html'), data=data.replace('<', '\\u003c')),
        style=source(HERE / 'style.css'),
        script='\n'.join(source(HERE / name) for name in SCRIPTS),
    )


def document(title: str, *, head: str, body: str, style: str, script: str) -> str:
    """The text of an HTML document, of this page or of another one of its kind.

    Args:
      title: of the window.
      head: lines of the head besides title and style; '': none.
      body: what is there before the scripts run.
      style: CSS.
      script: JavaScript, which runs in a scope of its own.
    """
    return filled(
        source(HERE / 'page.html'),
        head=head,
        title=escaped(title),
        style=style,
        body=body,
        script=script,
    )


def filled(template: str, **parts: str) -> str:
    """A template with `%%name%%` filled in from the parts of that name."""
    pieces = template.split('%%')
    pieces[1::2] = (parts[name] for name in pieces[1::2])
    return ''.join(pieces)


def source(path: pathlib.Path) -> str:
    """The text of a source of a page."""
    return path.read_text('utf-8')


def escaped(text: str) -> str:
    """Text as HTML can have it between elements."""
    return text.replace('&', '&amp;').replace('<', '&lt;')


def packed(value: Any) -> Any:
    """`value` for JSON: arrays as {dtype, shape, gzip}, NaN and infinities as null.

    An array's bytes, the lowest first, are compressed with gzip and written in base64:
    browsers unpack both by themselves.

    Raises:
      ValueError: an array of a dtype that browsers have no typed array for.
    """
    if isinstance(value, dict):
        return {name: packed(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [packed(inner) for inner in value]
    if isinstance(value, np.ndarray):
        if value.dtype.name not in DTYPES:
            raise ValueError(f'dtype {value.dtype}; a page has {", ".join(DTYPES)}')
        raw = np.ascontiguousarray(value).astype(value.dtype.newbyteorder('<'))
        return {
            'dtype': value.dtype.name,
            'shape': list(value.shape),
            'gzip': base64.b64encode(gzip.compress(raw.tobytes(), 6, mtime=0)).decode(),
        }
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def texts(values: Iterable[str]) -> np.ndarray:
    """Texts as an array of bytes, for `packed`: a list in JSON, whatever they hold."""
    return np.frombuffer(json.dumps(list(values)).encode(), np.uint8)
