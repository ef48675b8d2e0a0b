"""croissant.json beside a prepared set."""

import json

import pytest

from fer_jax.data import croissant, prepared, writing


def test_it_says_what_the_manifest_says(faces):
    said = json.loads((faces / croissant.FILE).read_text())
    known = prepared.manifest(faces)
    assert said['conformsTo'] == 'http://mlcommons.org/croissant/1.1'
    assert said['name'] == 'synthetic'
    assert '24 x 24 pixels, 70 for train and 30 for test' in said['description']
    files = {file['contentUrl']: file['sha256'] for file in said['distribution']}
    assert files == known['sha256']
    for file in said['distribution']:
        size = (faces / file['contentUrl']).stat().st_size
        assert file['contentSize'] == f'{size} B'
    classes, splits = said['recordSet']
    assert [row['classes/name'] for row in classes['data']] == known['class_names']
    assert [row['classes/label'] for row in classes['data']] == [*range(7)]
    assert [row['splits/name'] for row in splits['data']] == ['train', 'test']


HOSTILE = ['=1+1', 'a"b\n{}', '../..', '\u202e@id', 'http://x.y/z', 'sc:Text']


def test_mlcroissant_finds_no_error_whatever_the_classes_are_called(faces, tmp_path):
    mlcroissant = pytest.importorskip('mlcroissant')
    image = next(iter(prepared.load(faces).train.records()))
    _, image = writing.shards.records.decode_example(image)
    examples = [
        writing.Example(f'{name} {i}', image, i) for i, name in enumerate(HOSTILE)
    ]
    data = writing.write(
        tmp_path / 'set', set_name='folder', class_names=HOSTILE, image_size_px=24,
        recipe={}, splits={'train': examples, 'test': examples},
    )  # fmt: skip
    for folder, names in ((faces, None), (data.folder, HOSTILE)):
        found = mlcroissant.Dataset(folder / croissant.FILE)
        assert not found.metadata.ctx.issues.errors
        rows = [*found.records('classes')]
        wanted = names or prepared.manifest(folder)['class_names']
        assert [row['classes/label'] for row in rows] == [*range(len(wanted))]
        said = [row['classes/name'] for row in rows]
        said = [name.decode() if isinstance(name, bytes) else name for name in said]
        assert said == wanted
