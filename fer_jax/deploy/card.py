"""The card of a model: all that is known beside its weights, as plain JSON values.

An export keeps it as model.json. No JAX here: an ONNX export runs without.
"""

import json
import pathlib

from fer_jax.errors import Missing, Unusable

CARD = 'model.json'
FORMAT = 1


def read(folder):
    """The card of the export in `folder`.

    Raises:
      Missing: there is none.
      Unusable: of another format.
    """
    found = read_json(pathlib.Path(folder) / CARD, 'so no export')
    if found.get('format') != FORMAT:
        raise Unusable(
            f'{folder}: format {found.get("format")!r} in {CARD}, this version reads'
            f' {FORMAT}; export the run again'
        )
    return {'vote': 'mean'} | found  # the only one that exports had at first


def read_json(path, otherwise):
    """Content of a JSON file, lists as tuples: settings are constants of a program.

    Raises:
      Missing: there is none; `otherwise` says what follows from that.
    """
    if not path.is_file():
        raise Missing(
            f'{path.parent}: no {path.name}, {otherwise}; give a folder that'
            ' python launch.py wrote'
        )
    return frozen(json.loads(path.read_text()))


def frozen(value):
    """`value` with every list in it as a tuple."""
    if isinstance(value, dict):
        return {name: frozen(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return tuple(map(frozen, value))
    return value


def title(card):
    """Method, classes and backbone in words: whose weights these have to be."""
    backbone = card['backbone']
    return (
        f'{card["algorithm"]["name"]} with {len(card["class_names"])} classes and'
        f' {backbone["backbone"]} of width {backbone["width"]}'
    )
