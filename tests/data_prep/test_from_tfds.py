"""Sets that TensorFlow Datasets itself wrote, without TensorFlow, and its tfrecord."""

import io
import json
import shutil
import sys

import numpy as np
import pytest
from PIL import Image

from data_prep import __main__ as door
from fer_jax.data import prepared, records
from fer_jax.data.pipeline import decode

# TFDS wants a builder to lie in a package of its own.
BUILDER = """
import io

import numpy as np
import tensorflow_datasets as tfds
from PIL import Image


class TinyFaces(tfds.core.GeneratorBasedBuilder):
    VERSION = tfds.core.Version('1.0.0')

    def _info(self):
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict({
                'image': tfds.features.Image(shape=(None, None, 3)),
                'mask': tfds.features.Image(shape=(None, None, 1)),
                'id': tfds.features.Text(),
                'mood': tfds.features.ClassLabel(names=['glad', 'sad', 'calm']),
                'light': tfds.features.ClassLabel(names=['day', 'night']),
            }),
            supervised_keys=('image', 'mood'),
        )

    def _split_generators(self, _):
        return {name: self._generate_examples(name, n)
                for name, n in (('train', 12), ('validation', 5), ('odd', 3))}

    def _generate_examples(self, split, count):
        for row in range(count):
            pixels = np.full((20, 20 + row % 3, 3), 10 * row, np.uint8)
            data = io.BytesIO()
            Image.fromarray(pixels).save(data, 'PNG')
            yield f'{split}{row}', {
                'image': io.BytesIO(data.getvalue()),
                'mask': io.BytesIO(data.getvalue()),
                'id': f'{split}_{row:05d}',
                'mood': -1 if split == 'odd' else row % 3,
                'light': row % 2,
            }
"""


@pytest.fixture(scope='module')
def written(tmp_path_factory):
    """A folder of TFDS with the set tiny_faces in array_record files."""
    root = tmp_path_factory.mktemp('tfds')
    (root / 'code' / 'tiny_faces').mkdir(parents=True)
    (root / 'code' / 'tiny_faces' / '__init__.py').touch()
    (root / 'code' / 'tiny_faces' / 'tiny_faces.py').write_text(BUILDER)
    sys.path.insert(0, str(root / 'code'))
    try:
        from tiny_faces import tiny_faces
    finally:
        sys.path.remove(str(root / 'code'))
    builder = tiny_faces.TinyFaces(
        data_dir=root / 'array_record', file_format='array_record'
    )
    builder.download_and_prepare()
    assert 'tensorflow' not in sys.modules
    return root / 'array_record'


@pytest.fixture(scope='module')
def as_tfrecord(written):
    """The same set in tfrecord files, and named so that no builder is known."""
    from array_record.python.array_record_data_source import ArrayRecordDataSource

    folder = written.parent / 'tfrecord' / 'plain_faces' / '1.0.0'
    shutil.copytree(written / 'tiny_faces' / '1.0.0', folder)
    for shard in folder.glob('*.array_record-*'):
        source = ArrayRecordDataSource([str(shard)])
        name = shard.name.replace('.array_record-', '.tfrecord-')
        name = name.replace('tiny_', 'plain_')
        with records.RecordWriter(folder / name) as writer:
            for row in range(len(source)):
                writer.write(source[row])
        shard.unlink()
    info = (folder / 'dataset_info.json').read_text()
    assert json.loads(info)['fileFormat'] == 'array_record'
    told = json.loads(renamed(info))
    (folder / 'dataset_info.json').write_text(json.dumps(told))
    return folder.parent.parent


def renamed(info):
    return info.replace('"array_record"', '"tfrecord"').replace('tiny_', 'plain_')


def prepare(data_dir, out, *options, name='tiny_faces', code=0):
    if data_dir.name == 'tfrecord':
        name = 'plain_faces'
    arguments = [f'--name={name}', f'--data-dir={data_dir}', f'--out={out}', *options]
    assert door.main(['from_tfds', *arguments]) == code
    return None if code else prepared.load(out)


def check(data, size_px):
    """Rows by id: label row % 3, and pixels of the value 10 row."""
    assert data.class_names == ('glad', 'sad', 'calm')
    assert data.set_name == 'folder'
    assert sorted(data.train.ids) == [f'train_{row:05}' for row in range(12)]
    assert sorted(data.test.ids) == [f'validation_{row:05}' for row in range(5)]
    stored = data.train.records()
    for place, name in enumerate(data.train.ids):
        row = int(name[-5:])
        assert data.train.labels[place] == row % 3
        called, image = records.decode_example(stored[place])
        assert called == name
        pixels = decode(image, size_px)
        np.testing.assert_array_equal(pixels, np.full((size_px, size_px, 3), 10 * row))


def test_array_record(written, tmp_path, capsys):
    check(prepare(written, tmp_path / 'out', '--size=16'), 16)
    assert 'image and mood of train and of validation, in array_record files' in (
        capsys.readouterr().out
    )
    assert 'tensorflow' not in sys.modules


def test_tfrecord(as_tfrecord, tmp_path):
    before = sorted((as_tfrecord / 'plain_faces' / '1.0.0').iterdir())
    check(prepare(as_tfrecord, tmp_path / 'out', '--size=20'), 20)
    assert sorted((as_tfrecord / 'plain_faces' / '1.0.0').iterdir()) == before


def test_both_forms_make_the_same_set(written, as_tfrecord, tmp_path):
    one = prepare(written, tmp_path / 'one', '--size=8')
    other = prepare(as_tfrecord, tmp_path / 'other', '--size=8')
    assert one.digest == other.digest


def test_slices_and_another_label(written, tmp_path):
    options = ['--train=train[:75%]', '--test=train[75%:]', '--label=light']
    data = prepare(written, tmp_path / 'out', *options, '--size=8')
    assert data.class_names == ('day', 'night')
    assert (len(data.train.ids), len(data.test.ids)) == (9, 3)
    assert len({*data.train.ids, *data.test.ids}) == 12
    for name, label in zip(data.train.ids, data.train.labels):
        assert label == int(name[-1]) % 2


def test_pictures_of_many_sizes_get_the_usual_one(written, tmp_path):
    data = prepare(written, tmp_path / 'out')
    assert data.image_size_px == 224
    with Image.open(
        io.BytesIO(records.decode_example(data.train.records()[0])[1])
    ) as i:
        assert i.size == (224, 224)


@pytest.mark.parametrize(
    ('name', 'options', 'message'),
    [
        ('tiny_face', [], "no TFDS set 'tiny_face' in"),
        ('tiny_faces:2.0.0', [], "no TFDS set 'tiny_faces:2.0.0' in"),
        ('mnist', [], 'is not prepared; do it with tfds build mnist'),
        ('tiny_faces', ['--test=tset'], "split 'tset': "),
        ('tiny_faces', ['--train=train[5'], "split 'train[5': "),
        ('tiny_faces', ['--label=image'], 'ClassLabel features mood, light; name one'),
        ('tiny_faces', ['--image=picture'], 'Image features image, mask; name one by'),
        ('tiny_faces', ['--test=odd'], 'record 0: label -1, clean label -1; wanted'),
        (
            'tiny_faces',
            ['--test=train[80%:]'],
            '2 pictures are in train and in tr',
        ),
    ],
)
def test_what_is_refused(written, tmp_path, capsys, name, options, message):
    prepare(written, tmp_path / 'out', *options, name=name, code=2)
    said = capsys.readouterr().err
    assert message in said
    assert said.count('\n') == 1
    assert not (tmp_path / 'out').exists()


def test_damaged_and_missing_shards(as_tfrecord, written, tmp_path, capsys):
    for source, name in ((as_tfrecord, 'plain_faces'), (written, 'tiny_faces')):
        copy = tmp_path / source.name
        shutil.copytree(source, copy)
        folder = copy / name / '1.0.0'
        shard = folder / f'{name}-train.{source.name}-00000-of-00001'
        content = bytearray(shard.read_bytes())
        content[len(content) // 2] ^= 255
        shard.write_bytes(content)
        prepare(copy, tmp_path / 'out', '--size=8', code=2)
        said = capsys.readouterr().err
        assert str(shard) in said
        assert said.count('\n') == 1
        shard.unlink()
        prepare(copy, tmp_path / 'out', '--size=8', code=2)
        assert f'{shard} is missing' in capsys.readouterr().err
        assert not (tmp_path / 'out').exists()


def test_ids_of_a_set_that_has_none(as_tfrecord, tmp_path):
    """TFDS's own: shard and number of the record, the same in every slice."""
    copy = tmp_path / 'tfrecord'
    shutil.copytree(as_tfrecord, copy)
    features = copy / 'plain_faces' / '1.0.0' / 'features.json'
    told = json.loads(features.read_text())
    del told['featuresDict']['features']['id']
    features.write_text(json.dumps(told))
    data = prepare(copy, tmp_path / 'out', '--train=train[4:]', '--size=8')
    shard = 'plain_faces-train.tfrecord-00000-of-00001'
    assert data.train.ids.tolist() == [f'{shard}__{row}' for row in range(4, 12)]
