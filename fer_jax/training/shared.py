"""What runs of one process have in common, made once for all of them: within `kept`.

Outside of it, nothing outlives the run that made it.
"""

import contextlib
import contextvars
from collections.abc import Callable, Hashable, Iterator
from typing import Any

_KEPT: contextvars.ContextVar[dict[str, tuple[Hashable, Any]] | None]
_KEPT = contextvars.ContextVar('kept', default=None)


@contextlib.contextmanager
def kept() -> Iterator[None]:
    """Within it `made` remembers the newest thing of each kind."""
    token = _KEPT.set({})
    try:
        yield
    finally:
        _KEPT.reset(token)


def made(kind: str, key: Hashable, make: Callable[[], Any]) -> Any:
    """make(), or what it gave for an equal key when this kind was asked for last.

    Args:
      key: of all that it depends on.
    """
    known = _KEPT.get()
    if known is None:
        return make()
    if kind not in known or known[kind][0] != key:
        known.pop(kind, None)  # not both at once
        known[kind] = key, make()
    return known[kind][1]
