import json
import os
import shutil

import numpy as np
import pytest

from fer_jax.data import prepared, records


def test_what_was_written_is_read(write_set):
    made = write_set()
    assert prepared.load(made.folder).digest == made.digest
    assert made.set_name == 'folder'
    assert made.class_names == ('cat', 'dog', 'owl')
    assert made.image_size_px == made.train.image_size_px == 6
    assert [shard.name for shard in made.train.shards] == [
        'train-00000-of-00003.tfrecord',
        'train-00001-of-00003.tfrecord',
        'train-00002-of-00003.tfrecord',
    ]
    assert made.train.labels.dtype == made.train.clean_labels.dtype == np.int32
    np.testing.assert_array_equal(made.train.labels, np.arange(23) % 3)
    np.testing.assert_array_equal(made.test.clean_labels, np.arange(7) % 3)
    source = records.RecordSource(made.train.shards)
    found = [records.decode_example(source[i])[0] for i in range(len(source))]
    assert found == made.train.ids.tolist()


def test_manifest_counts_by_hand(write_set):
    """23 labels 0 1 2 0 1 2 ...: 8, 8 and 7 of them; 7 labels: 3, 2 and 2."""
    manifest = json.loads((write_set().folder / 'manifest.json').read_text())
    assert manifest['counts'] == {
        'train': {'cat': 8, 'dog': 8, 'owl': 7},
        'test': {'cat': 3, 'dog': 2, 'owl': 2},
    }
    assert manifest['recipe'] == {'source': 'test'}


def test_digest_is_of_the_content_and_not_of_the_place(write_set, examples):
    first = write_set('a')
    assert write_set('b').digest == first.digest
    train = [one._replace(clean_label=-1) for one in examples(23, 'train')]
    other = write_set('c', splits={'train': train, 'test': examples(7, 'test')})
    assert other.digest != first.digest
    assert (other.train.clean_labels == -1).all()
    assert write_set('d', class_names=['dog', 'cat', 'owl']).digest != first.digest


def test_moved_folder_is_read(write_set, tmp_path):
    made = write_set()
    shutil.move(made.folder, tmp_path / 'elsewhere')
    assert prepared.load(tmp_path / 'elsewhere').digest == made.digest


@pytest.mark.parametrize('name', ['manifest.json', 'test-00000-of-00001.tfrecord'])
def test_missing_file(write_set, name):
    folder = write_set().folder
    (folder / name).unlink()
    with pytest.raises(FileNotFoundError, match=name):
        prepared.load(folder)


def test_missing_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match='no such data folder'):
        prepared.load(tmp_path / 'nowhere')


def test_changed_tables(write_set):
    folder = write_set().folder
    tables = dict(np.load(folder / 'labels.npz'))
    tables['train_labels'][0] = 2
    np.savez_compressed(folder / 'labels.npz', **tables)
    with pytest.raises(ValueError, match=r'labels\.npz.*not the file'):
        prepared.load(folder)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'format': 9}, 'format 9'),
        ({'counts': {'train': {'cat': 5}, 'test': {'cat': 7}}}, 'says 5'),
        ({'counts': {'train': {'cat': 23}}}, r'counts\.test is missing'),
    ],
)
def test_manifest_that_does_not_fit(write_set, change, message):
    folder = write_set().folder
    manifest = json.loads((folder / 'manifest.json').read_text()) | change
    (folder / 'manifest.json').write_text(json.dumps(manifest))
    with pytest.raises(ValueError, match=message):
        prepared.load(folder)


def test_existing_set_is_replaced_only_by_force(write_set, examples):
    write_set()
    splits = {'train': list(examples(5, 'train')), 'test': list(examples(2, 'test'))}
    with pytest.raises(ValueError, match='exists already'):
        write_set(splits=splits)
    made = write_set(splits=splits, force=True)
    assert len(made.train.ids) == 5
    assert os.listdir(made.folder.parent) == ['set']


def test_foreign_folder_is_never_replaced(write_set, tmp_path):
    (tmp_path / 'set').mkdir()
    (tmp_path / 'set' / 'thesis.txt').write_text('years of work')
    with pytest.raises(ValueError, match='not a prepared data set'):
        write_set(force=True)
    assert (tmp_path / 'set' / 'thesis.txt').exists()


def test_empty_folder_is_filled(write_set, tmp_path):
    (tmp_path / 'set').mkdir()
    assert len(write_set().train.ids) == 23


def test_interrupted_write_leaves_the_old_set_and_nothing_else(
    write_set, examples, tmp_path
):
    made = write_set()

    def interrupted():
        yield from examples(12, 'train')
        raise KeyboardInterrupt

    splits = {'train': interrupted(), 'test': examples(2, 'test')}
    with pytest.raises(KeyboardInterrupt):
        write_set(splits=splits, force=True)
    assert os.listdir(tmp_path) == ['set']
    assert prepared.load(made.folder).digest == made.digest


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'label': 3}, 'label 3, wanted 0 to 2'),
        ({'clean_label': -2}, 'clean label -2'),
        ({'id': 'train/000'}, "two examples with the id 'train/000'"),
    ],
)
def test_bad_example(write_set, examples, tmp_path, change, message):
    train = list(examples(4, 'train'))
    train[2] = train[2]._replace(**change)
    with pytest.raises(ValueError, match=message):
        write_set(splits={'train': train, 'test': examples(2, 'test')})
    assert os.listdir(tmp_path) == []


def test_image_of_another_size(write_set):
    with pytest.raises(ValueError, match='train/000: image of 6x6, wanted 7x7'):
        write_set(image_size_px=7)


def test_empty_split(write_set, examples):
    with pytest.raises(ValueError, match='train split has no example'):
        write_set(splits={'train': [], 'test': examples(4, 'test')})
    lost = [one._replace(image=None) for one in examples(2, 'test')]
    with pytest.raises(ValueError, match='test split has no example'):
        write_set(splits={'train': examples(4, 'train'), 'test': lost})


def test_a_set_without_a_test_split(write_set, examples):
    data = write_set(splits={'train': examples(4, 'train'), 'test': []})
    assert (len(data.train.ids), len(data.test.ids), data.test.shards) == (4, 0, ())
    assert len(data.test.records()) == 0


def test_progress_counts_every_example(write_set):
    seen = []
    write_set(progress=seen.append)
    assert seen == list(range(1, 31))


def test_an_image_of_another_kind_is_named_and_not_written(write_set, examples, png16):
    """Not even its header is read by anything but the one that opens pictures."""
    first, *rest = examples(23, 'train')
    for image, message in (
        (b'%!PS-Adobe-3.0 EPSF-3.0\n', 'no JPEG, PNG, GIF'),
        (png16(np.zeros((6, 6, 3), np.uint16)), '16 bits a colour; save it with 8'),
        (png16(np.zeros((7, 7), np.uint16)), '16 bits a colour; save it with 8'),
    ):
        splits = {
            'train': [first._replace(image=image), *rest],
            'test': examples(7, 'test'),
        }
        with pytest.raises(ValueError, match=f'{first.id}: .*{message}'):
            write_set(splits=splits)
