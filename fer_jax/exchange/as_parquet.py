"""Parquet with the pictures in it, as Hugging Face's `datasets` reads it.

    train.parquet, test.parquet     image, label, and what was thought of it
    croissant.json                  Croissant 1.1, by which mlcroissant reads them

`datasets.load_dataset('parquet', data_dir=FOLDER)` has pictures and class labels. It
needs pyarrow, which the extra `parquet` installs.
"""

import itertools
import pathlib
from typing import Any

from fer_jax.data import croissant, whole
from fer_jax.errors import Unusable

from . import Labelled, ending, text

ROWS = 1000  # of a group, which is what is in memory at once
SAID = ('given_label', 'suggested_label')  # are classes, as the label
PLAIN = dict.fromkeys(('id', 'decision', 'second', 'reviewer', 'time'), 'string')
PLAIN |= {'probability_right': 'float64'}


def write(labelled: Labelled, folder: pathlib.Path) -> None:
    """Writes the pictures whose labels are not dropped into a folder.

    Raises:
      Unusable: pyarrow is not installed.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ModuleNotFoundError:
        raise Unusable(
            '--as=parquet needs pyarrow; install it, as by pip install pyarrow'
        ) from None
    schema = _schema(pa, labelled.class_names)
    sums = {}
    for split, kept in itertools.groupby(labelled.kept(), lambda one: one[1].split):
        name = f'{split}.parquet'
        with parquet.ParquetWriter(folder / name, schema) as writer:
            for rows in _groups(kept):
                columns = [_row(labelled, number, item) for number, item in rows]
                writer.write_table(pa.Table.from_pylist(columns, schema))
        sums[name] = whole.file_sum(folder / name)
    about = croissant.document(
        labelled.name,
        f'Pictures of {len(labelled.class_names)} classes with their labels.',
        sums,
        folder,
        (croissant.classes(labelled.class_names), *map(_record_set, sums)),
    )
    (folder / croissant.FILE).write_text(text(about), 'utf-8')


def _groups(rows):
    while group := [*itertools.islice(rows, ROWS)]:
        yield group


def _row(labelled: Labelled, number: int, item: Any) -> dict:
    image = labelled.image(number)
    said = labelled.said(item)
    return {
        'image': {'bytes': image, 'path': f'{number:07}{ending(image)}'},
        'label': item.label,
        'given_label': item.given,
        'suggested_label': item.suggested if item.suggested >= 0 else None,
        **{name: said[name] for name in PLAIN},
    }


def _schema(pa, class_names):
    """The columns, with what `datasets` wants to know of them."""
    features = {'image': {'_type': 'Image'}}
    fields = [('image', pa.struct([('bytes', pa.binary()), ('path', pa.string())]))]
    for name in ('label', *SAID):
        features[name] = {'names': [*class_names], '_type': 'ClassLabel'}
        fields.append((name, pa.int64()))
    for name, kind in PLAIN.items():
        features[name] = {'dtype': kind, '_type': 'Value'}
        fields.append((name, getattr(pa, kind)()))
    about = text({'info': {'features': features}})
    return pa.schema(fields, metadata={'huggingface': about})


def _record_set(file):
    """The record set of a file, in the words of Croissant."""
    split = file.removesuffix('.parquet')
    kinds = {'image': 'sc:ImageObject', 'label': 'sc:Integer', 'id': 'sc:Text'}
    kinds |= {name: 'sc:Integer' for name in SAID}
    fields = []
    for name, kind in kinds.items():
        source = {'fileObject': {'@id': file}, 'extract': {'column': name}}
        if name == 'image':
            source['transform'] = {'jsonPath': 'bytes'}
        field = {'@type': 'cr:Field', '@id': f'{split}/{name}', 'name': name}
        fields.append(field | {'dataType': kind, 'source': source})
        if name == 'label':
            fields[-1]['references'] = {'field': {'@id': 'classes/label'}}
    return {'@type': 'cr:RecordSet', '@id': split, 'name': split, 'field': fields}
