"""The card of a model: all that is known beside its weights, as plain JSON values.

An export keeps it as model.json, and with it the sha256 of every file that a program
reads, and of itself: what a flipped bit or a hand has changed is refused. (README.md is
for people, and free.) No JAX here: an ONNX export runs without.
"""

import hashlib
import json
import pathlib
import warnings
from typing import Any

from fer_jax import home
from fer_jax.data import documents, features, sets, weights, whole
from fer_jax.data.quoting import quoted
from fer_jax.errors import Missing

CARD, README = 'model.json', 'README.md'
FORMAT = 1
FREE = (CARD, README)  # no sums of these
AGAIN = 'copy the whole export again, or export the run again'
CHANNELS = documents.sequence(documents.number(), 3, 3)
LANDMARKS = documents.sequence(documents.sequence(documents.number(), 2, 2), 5, 5)
CONTENT = documents.fields(
    {
        'format': documents.one_of([FORMAT]),
        'class_names': sets.CLASS_NAMES,
        'image_size_px': sets.IMAGE_SIZE_PX,
        'preprocessing': documents.fields(
            {
                'recipe': documents.TEXT,
                'network_size_px': sets.IMAGE_SIZE_PX,
                'mean': CHANNELS,
                'std': CHANNELS,
            },
            optional={'landmarks': LANDMARKS},
        ),
        'algorithm': documents.fields({'name': documents.TEXT}),
        'backbone': documents.fields(
            {
                'backbone': documents.TEXT,
                'width': documents.whole_number(1),
                'dtype': documents.one_of(['float32']),
            }
        ),
        'data': documents.fields({'train_examples': documents.whole_number(1)}),
        'networks': documents.sequence(
            documents.whole_number(1), least=1, distinct=True
        ),
        'formats': documents.mapping(documents.mapping(documents.ANY)),
    },
    optional={
        'features': documents.fields(
            {
                **features.NETWORK,
                'shape': documents.sequence(documents.whole_number(1), 3, 3),
                'axes_sha256': documents.SHA256,
            },
            optional=features.OWN,
        ),
        'vote': documents.one_of(['mean', 'sum']),
        'start': weights.STARTS,
        'sha256': documents.mapping(documents.SHA256),
        'seal': documents.SHA256,
    },
)


class Unsealed(UserWarning):
    """An export is used of which nobody can tell whether it is whole."""


def read(folder: pathlib.Path | str) -> dict[str, Any]:
    """The card of the export in `folder`; its own sum is compared.

    Raises:
      Missing: there is none.
      Damaged: it was changed.
      Unusable: of another format, or no card.
    """
    folder = pathlib.Path(folder)
    if not (folder / CARD).exists():
        raise Missing(
            f'{folder}: no {CARD}, so no export; give a folder that'
            f' {home.launch()} export wrote'
        )
    found = documents.read(folder / CARD, CONTENT, AGAIN)
    if ('seal' in found) != ('sha256' in found):
        raise whole.Damaged(f'{folder / CARD} has lost a part of its sums; {AGAIN}')
    if 'seal' in found and found['seal'] != seal(found):
        raise whole.Damaged(f'{folder / CARD} was changed; {AGAIN}')
    return {'vote': 'mean'} | frozen(found)  # the only one that exports had at first


def write(folder: pathlib.Path, card: dict[str, Any]) -> None:
    """Writes model.json, with the sums of the files that are there.

    Args:
      folder: pathlib.Path of the export.
      card: dict; sums in it are replaced.
    """
    content = card | {'sha256': sums(folder)}
    content['seal'] = seal(content)
    whole.write_text(folder / CARD, json.dumps(content, indent=1) + '\n')


def seal(card: dict[str, Any]) -> str:
    """sha256 of a card without its seal."""
    rest = {name: value for name, value in card.items() if name != 'seal'}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def sums(folder: pathlib.Path) -> dict[str, str]:
    """{relative path: sha256} of every file of an export but those of FREE."""
    return {
        path.relative_to(folder).as_posix(): whole.file_sum(path)
        for path in sorted(folder.rglob('*'))
        if path.is_file() and path.relative_to(folder).as_posix() not in FREE
    }


def check(folder: pathlib.Path, card: dict[str, Any], file: str) -> None:
    """Compares the files of an export with its card, before they are read.

    Formats that are not there are nothing to complain about: an export can be passed
    on in one of them.

    Args:
      folder: pathlib.Path of the export.
      card: from `read`.
      file: name of the file or folder that is to be read; it has to be whole.

    Raises:
      Damaged: a file was changed, or one is missing or too many in what is read.
    """
    if 'sha256' not in card:
        warnings.warn(
            f'{folder}: an export of an older version, without sums, so changes in it'
            ' go unnoticed; export the run again',
            Unsealed,
            stacklevel=2,
        )
        return
    now, wanted = sums(folder), card['sha256']
    read_ones = {n for n in now.keys() | wanted.keys() if n.split('/')[0] == file}
    for name in sorted(read_ones | (now.keys() & wanted.keys())):
        if now.get(name) != wanted.get(name):
            what = 'was changed' if name in now else 'is missing'
            raise whole.Damaged(
                f'{folder}: {quoted(name)} {what}, says {CARD}; {AGAIN}'
            )


def frozen(value: Any) -> Any:
    """`value` with every list in it as a tuple."""
    if isinstance(value, dict):
        return {name: frozen(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return tuple(map(frozen, value))
    return value


def title(card: dict[str, Any]) -> str:
    """Method, classes and backbone in words: whose weights these have to be."""
    backbone = card['backbone']
    return (
        f'{card["algorithm"]["name"]} with {len(card["class_names"])} classes and'
        f' {backbone["backbone"]} of width {backbone["width"]}'
    )


def line(name: str, card: dict[str, Any]) -> str:
    """Which recogniser it is that ships under a name, and how good."""
    found = card['metrics']
    low, high = map(percent, found['accuracy_interval'])
    return (
        f'recogniser {name}: {len(card["class_names"])} classes, right on'
        f' {percent(found["accuracy"])} ({low} to {high}) of'
        f' {found["test_examples"]:,} test faces'
    )


def percent(share: float) -> str:
    """A share in percent, to one place."""
    return f'{100 * share:.1f} %'
