"""Pretrained weights of a backbone: a folder with its tensors and their card.

    weights.safetensors   float32, by our names (nets.torch_names)
    weights.json          the card

The card says of which `backbone` and `width` they are, by which `mean` and `std`
(channels R, G, B of images in [0, 1]) images were normalised when they were learned,
the `source` file with its `source_sha256`, and `sha256`, that of weights.safetensors.
"""

import json
import os
import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from fer_jax.data import documents, tensors, whole
from fer_jax.errors import Missing, Unusable

ARRAYS, CARD, FORMAT = 'weights.safetensors', 'weights.json', 1
CHANNELS = documents.sequence(documents.number(), 3, 3)
FIELDS = documents.fields(
    {
        'format': documents.one_of([FORMAT]),
        'backbone': documents.TEXT,
        'width': documents.whole_number(1),
        'mean': CHANNELS,
        'std': CHANNELS,
        'source': documents.TEXT,
        'sha256': documents.SHA256,
    },
    optional={'licence': documents.TEXT},
)
# What the networks of a run started from, in order; no item: from random weights.
STARTS = documents.sequence(
    documents.fields({'source': documents.TEXT, 'card': FIELDS})
)


def write(
    folder: str | os.PathLike,
    arrays: Mapping[str, np.ndarray],
    *,
    force: bool = False,
    **about: Any,
) -> dict[str, Any]:
    """Writes the folder, whole or not at all; returns its card.

    Args:
      arrays: {name: float32 array}.
      force: replace weights that are there already.
      about: the card's fields but format and sha256.

    Raises:
      Unusable: the folder exists, without `force`; or it holds something else.
    """
    folder = pathlib.Path(folder)
    if folder.exists() and not (folder / CARD).is_file():
        raise Unusable(f'{folder} exists and holds no weights; name another folder')
    if folder.exists() and not force:
        raise Unusable(f'{folder} exists already; name another folder or pass --force')
    with whole.folder(folder, replace=force) as partial:
        tensors.write(partial / ARRAYS, arrays)
        card = {
            'format': FORMAT,
            **about,
            'sha256': whole.file_sum(partial / ARRAYS),
        }
        (partial / CARD).write_text(json.dumps(card, indent=1) + '\n')
    return card


def read_card(folder: str | os.PathLike) -> dict[str, Any]:
    """The card of the weights in `folder`; their sum is not looked at.

    Raises:
      Missing: there are none.
      Unusable: of another format, or no card.
    """
    path = pathlib.Path(folder) / CARD
    if not path.is_file():
        raise Missing(
            f'{folder}: no {CARD}, so no weights; give a folder that python -m'
            ' data_prep weights wrote'
        )
    return documents.read(path, FIELDS, 'convert the file again')


def read(folder: str | os.PathLike) -> dict[str, np.ndarray]:
    """{name: float32 array} of the weights in `folder`.

    Raises:
      Missing: there are none.
      Unusable: the file of tensors is not the one that the card describes.
    """
    path = pathlib.Path(folder) / ARRAYS
    wanted = read_card(folder)['sha256']
    if not path.is_file() or whole.file_sum(path) != wanted:
        raise whole.Damaged(
            f'{path} is not the file that {CARD} describes (sha256 {wanted[:12]}...);'
            ' convert the weights again'
        )
    return tensors.read(path)
