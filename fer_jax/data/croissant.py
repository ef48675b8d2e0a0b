"""Croissant 1.1 metadata: what search engines and loaders read of a data set.

A prepared folder has it as croissant.json: files with their sha256, classes and splits.
What a set's licence is, who made it and when are not ours to say, so it says nothing of
them. Source: https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html.
"""

import os
import pathlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

FILE = 'croissant.json'
VERSION = 'http://mlcommons.org/croissant/1.1'
JSON = {'@type': '@json'}
CONTEXT = {
    '@language': 'en',
    '@vocab': 'https://schema.org/',
    'cr': 'http://mlcommons.org/croissant/',
    'rai': 'http://mlcommons.org/croissant/RAI/',
    'dct': 'http://purl.org/dc/terms/',
    'sc': 'https://schema.org/',
    'conformsTo': 'dct:conformsTo',
    'data': {'@id': 'cr:data'} | JSON,
    'dataType': {'@id': 'cr:dataType', '@type': '@vocab'},
    'examples': {'@id': 'cr:examples'} | JSON,
    **{
        name: f'cr:{name}'
        for name in (
            'annotation', 'arrayShape', 'citeAs', 'column', 'containedIn',
            'equivalentProperty', 'extract', 'field', 'fileObject', 'fileProperty',
            'fileSet', 'format', 'includes', 'isArray', 'isLiveDataset', 'jsonPath',
            'key', 'md5', 'parentField', 'path', 'readLines', 'recordSet',
            'references', 'regex', 'repeated', 'replace', 'samplingRate', 'separator',
            'source', 'subField', 'transform', 'unArchive', 'value',
        )
    },
}  # fmt: skip
SPLIT = {'train': 'cr:TrainingSplit', 'test': 'cr:TestSplit'}
KINDS = {
    '.tfrecord': 'application/x-tfrecord',
    '.npz': 'application/x-npz',
    '.parquet': 'application/x-parquet',
}


def document(
    name: str,
    description: str,
    sums: Mapping[str, str],
    folder: pathlib.Path,
    record_sets: Iterable[Mapping],
) -> dict[str, Any]:
    """The metadata of a set in one folder, as plain values.

    Args:
      sums: {name of a file in the folder: its sha256}; of an ending of KINDS.
      folder: where they lie, for their sizes.
      record_sets: of `enumeration`, or others of the specification.
    """
    return {
        '@context': CONTEXT,
        '@type': 'sc:Dataset',
        'name': name,
        'description': description,
        'conformsTo': VERSION,
        'version': '1.0.0',
        'distribution': [
            {
                '@type': 'cr:FileObject',
                '@id': file,
                'name': file,
                'contentUrl': file,
                'contentSize': f'{os.path.getsize(folder / file)} B',
                'encodingFormat': KINDS[pathlib.PurePath(file).suffix],
                'sha256': digest,
            }
            for file, digest in sums.items()
        ],
        'recordSet': [*record_sets],
    }


def of_prepared(manifest: Mapping[str, Any], folder: pathlib.Path) -> dict[str, Any]:
    """The metadata of a prepared folder, by its manifest."""
    names, counts = manifest['class_names'], manifest['counts']
    size = manifest['image_size_px']
    examples = ' and '.join(
        f'{sum(counts[split].values()):,} for {split}' for split in SPLIT
    )
    return document(
        manifest['set'],
        f'Images of {size} x {size} pixels, {examples}, each of one of {len(names)}'
        ' classes. A record of the tfrecord files is a tf.train.Example with id,'
        ' image/encoded and label; labels.npz has the ids and labels that count, in'
        ' the order of the records.',
        manifest['sha256'],
        folder,
        (classes(names), splits()),
    )


def classes(names: Sequence[str]) -> dict[str, Any]:
    """The record set of the classes, in the order of the labels."""
    rows = [{'label': label, 'name': name} for label, name in enumerate(names)]
    fields = {'label': 'sc:Integer', 'name': 'sc:Text'}
    return _inline('classes', 'sc:Enumeration', 'label', fields, rows)


def splits() -> dict[str, Any]:
    """The record set of the splits."""
    rows = [{'name': name, 'url': url} for name, url in SPLIT.items()]
    fields = {'name': 'sc:Text', 'url': 'sc:URL'}
    return _inline('splits', 'cr:Split', 'name', fields, rows)


def _inline(name, kind, key, fields, rows):
    """A record set whose records stand in it."""
    return {
        '@type': 'cr:RecordSet',
        '@id': name,
        'name': name,
        'dataType': kind,
        'key': {'@id': f'{name}/{key}'},
        'field': [
            {
                '@type': 'cr:Field',
                '@id': f'{name}/{field}',
                'name': f'{name}/{field}',
                'dataType': kind,
            }
            for field, kind in fields.items()
        ],
        'data': [
            {f'{name}/{field}': value for field, value in row.items()} for row in rows
        ],
    }
