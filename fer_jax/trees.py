"""Trees of arrays by the names of their leaves."""

from collections.abc import Mapping
from typing import Any

import jax


def name(path: tuple) -> str:
    """'a/b/c' of the keys to a leaf; a named tuple's fields are names like a dict's."""
    return jax.tree_util.keystr(path, simple=True, separator='/')


def named(tree: Any) -> dict[str, Any]:
    """{'a/b/c': leaf} of any tree, in the order of its leaves."""
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    return {name(path): leaf for path, leaf in leaves}


def nested(flat: Mapping[str, Any], separator: str = '/') -> dict[str, Any]:
    """The dicts in dicts that have these leaves.

    >>> nested({'a/b': 1, 'a/c': 2, 'd': 3})
    {'a': {'b': 1, 'c': 2}, 'd': 3}
    """
    tree: dict[str, Any] = {}
    for path, leaf in flat.items():
        *above, last = path.split(separator)
        node = tree
        for part in above:
            node = node.setdefault(part, {})
        node[last] = leaf
    return tree
