"""What all doors share, through the plainest of them: image_folder."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from data_prep import alignment, importing, presence, squares
from fer_jax.data import opening, prepared
from fer_jax.faces import networks
from tests import disks
from tests.processes import ROOT


@pytest.fixture
def source(tmp_path, photo):
    """Two classes of 8 training and 2 test pictures, all different."""
    for number in range(20):
        split = 'train' if number < 16 else 'test'
        name = f'{"happy" if number % 2 else "sad"}/{number}.png'
        photo(tmp_path / 'source' / split / name, 10 * number)
    return tmp_path / 'source'


def bitten(path):
    """Cuts the end of a file off."""
    path.write_bytes(path.read_bytes()[:-30])
    return path


SMALL = '--size=16'


def test_squares_are_of_the_pictures(source, imports, named, stored):
    data = imports('image_folder', source, SMALL)
    assert data.class_names == ('happy', 'sad')
    assert named(data, 'train')['train/happy/1.png'] == 'happy'
    assert len(data.train.ids) == 16
    for name, pixels in stored(data.train, pixels=True).items():
        assert pixels.shape == (16, 16, 3)
        assert (pixels == 10 * int(name.split('/')[-1][:-4])).all()


def test_the_report_comes_before_anything_is_written(source, imports):
    bitten(source / 'train/happy/3.png')
    imports.refused('image_folder', source, SMALL)
    assert '16' in imports.said
    assert 'written' not in imports.said


def test_what_is_square_already_keeps_its_bytes(tmp_path, photo, imports, stored):
    """But not when EXIF turns it, when it has 16 bits or another size."""
    folder = tmp_path / 'source' / 'all'
    for number in range(6):
        photo(folder.parent / f'{number % 2}/{number}.jpg', 40 * number, (16, 16))
    kept = folder.parent / '0/0.jpg'
    turned = folder.parent / '1/1.jpg'
    exif = Image.Exif()
    exif[opening.ORIENTATION] = 6
    Image.open(turned).save(turned, exif=exif)
    imports('image_folder', folder.parent, SMALL, '--test-fraction=0.34')
    data = prepared.load(imports.out)
    found = stored(data.train) | stored(data.test)
    assert found['0/0.jpg'] == kept.read_bytes()
    assert found['1/1.jpg'] != turned.read_bytes()
    assert found['1/1.jpg'][:2] == b'\xff\xd8'  # a JPEG stays one


def test_a_truncated_picture_stops_the_import_or_is_skipped(source, imports):
    path = bitten(source / 'train/happy/3.png')
    assert f'{path}: unreadable: ' in imports.refused('image_folder', source, SMALL)
    data = imports('image_folder', source, SMALL, '--on-corrupt=skip')
    assert 'train/happy/3.png' not in data.train.ids
    assert len(data.train.ids) == 15
    assert 'train: 1 left out: unreadable' in imports.said
    listed = (imports.out / 'notes.csv').read_text().splitlines()
    assert listed[0] == 'split,id,kept,reason'
    assert listed[1].startswith('train,train/happy/3.png,no,unreadable: ')
    manifest = json.loads((imports.out / 'manifest.json').read_text())
    assert manifest['notes'] == [['train', 'no', 'unreadable', 1]]


def test_an_import_that_stops_says_how_many_are_bad(source, imports):
    """Two of train and one of test; whether or not faces are to be aligned."""
    for name in ('train/happy/3.png', 'train/sad/8.png', 'test/happy/17.png'):
        bitten(source / name)
    for more in ((), ('--align=boxes', '--no-face=centre')):
        said = imports.refused('image_folder', source, SMALL, *more)
        assert f'{source}/train/happy/3.png: unreadable: ' in said
        assert (
            f'; 3 pictures cannot be read, this one, {source}/train/sad/8.png, '
            f'{source}/test/happy/17.png; put them right and give the same command '
            'again, or --on-corrupt=skip leaves them out'
        ) in said


def test_a_box_beyond_its_picture_counts_as_bad(source):
    rows = given(source).splits['train'][:3]
    beyond = rows[1]._replace(box=(90, 90, 99, 99))
    limits = opening.LIMITS
    assert squares.troubles([rows[0], rows[2]], limits, True) == ['', '']
    assert squares.troubles([beyond], limits, True)[0].startswith('its box goes')
    assert squares.troubles([beyond], limits, False) == ['']


@pytest.mark.parametrize('kind', ['PNG', 'JPEG'])
def test_bits_and_frames_decide_what_keeps_its_bytes(tmp_path, kind, png16):
    """16-bit colours and several frames look to Pillow like any RGB picture."""
    image = Image.new('RGB', (16, 16), (200, 90, 0))
    image.save(tmp_path / 'plain', kind)
    image.convert('L').save(tmp_path / 'grey', kind)
    kept = ['plain', 'grey']
    more = {'save_all': True, 'append_images': [Image.new('RGB', (16, 16))]}
    image.save(tmp_path / 'frames', 'MPO' if kind == 'JPEG' else kind, **more)
    (tmp_path / 'deep').write_bytes(png16(np.full((16, 16, 3), 40_000, np.uint16)))
    image.convert('1').save(tmp_path / 'bits', 'PNG')
    for name in ('plain', 'grey', 'frames', 'deep', 'bits'):
        path = tmp_path / name
        (square,) = squares.convert([rows(path)], 16)
        assert (square.data == path.read_bytes()) == (name in kept), name
        stored = opening.read(square.data)
        assert (stored.bits, stored.animated) == (8, False)


@pytest.mark.parametrize('data', [b'', b'hello', b'\x89PNG\r\n\x1a\n'])
def test_files_that_are_no_pictures_stop_it(source, imports, data):
    path = source / 'train/sad/2.png'
    path.write_bytes(data)
    assert f'{path}: unreadable: ' in imports.refused('image_folder', source, SMALL)


def rows(path, *, label=0, split='train', **more):
    return squares.Picture(f'{split}/{path.name}', path, label, **more)


def given(source, **changes):
    """What a door may have found in the source: Found."""
    many = {
        split: [
            squares.Picture(f'{label}/{path.name}', path, label, where=f'line {i}')
            for label, name in enumerate(('happy', 'sad'))
            for i, path in enumerate(sorted((source / split / name).iterdir()))
        ]
        for split in prepared.SPLITS
    }
    found = importing.Found('folder', ('happy', 'sad'), ('h', 's'), many)
    return found._replace(**changes)


def test_checks_name_the_wrong_thing(source):
    importing.check(given(source))
    found = given(source)
    double = found.splits['train'][0]._replace(where='line 99')
    found.splits['train'].append(double)
    with pytest.raises(ValueError, match=r"'0/1.png' is used twice.*line 0.*line 99"):
        importing.check(found)
    found.splits['train'][-1] = double._replace(id='new', label=2)
    with pytest.raises(ValueError, match=r'1.png \(line 99\): label 2, .* wanted 0 to'):
        importing.check(found)
    with pytest.raises(ValueError, match='no training picture of neutral'):
        importing.check(given(source, class_names=('happy', 'sad', 'neutral')))
    with pytest.raises(ValueError, match='no picture in the train split'):
        importing.check(given(source, splits={'train': [], 'test': [double]}))
    with pytest.raises(ValueError, match=r'one class only \(happy\)'):
        importing.check(given(source, class_names=('happy',)))


def test_missing_files_are_known_before_any_work(source):
    found = given(source)
    found.splits['test'][0] = squares.Picture('x', source / 'no.png', 0, where='line 7')
    with pytest.raises(FileNotFoundError, match=r'1 pictures.*no.png \(line 7\)'):
        presence.look(found, 'stop')
    assert presence.look(found, 'skip')['test'][0].endswith("missing'")
    (square,) = squares.convert(found.splits['test'][:1], 16)
    assert square == (None, ('unreadable: No such file or directory',))


def test_a_box_is_cut_out_and_made_square(tmp_path, photo):
    """10 x 6 at (4, 8) -> the square (4, 6) to (14, 16); black beyond the picture."""
    path = photo(tmp_path / 'a.png', 100, (30, 24), patch=(4, 6, 14, 16))
    image = Image.open(path)
    assert squares.around(image, (4, 8, 14, 14), 10).getcolors() == [(100, (200, 0, 0))]
    beyond = squares.around(image, (-2, 0, 2, 4), 4)
    assert beyond.getpixel((0, 0)) == (0, 0, 0)
    assert beyond.getpixel((3, 3)) == (100, 100, 100)
    for box in ((40, 2, 50, 12), (5, 5, 5, 9), (9, 5, 4, 9), (float('nan'), 0, 5, 5)):
        with pytest.raises(ValueError, match='its box'):
            squares.around(image, box, 10)
        (square,) = squares.convert([rows(path, box=box)], 10)
        assert square.note[0].startswith('unreadable: its box')


def test_boxes_are_of_the_stored_file_even_if_exif_turns_it(tmp_path, photo):
    path = photo(tmp_path / 'a.png', 100, (30, 24), patch=(0, 0, 6, 6))
    exif = Image.Exif()
    exif[opening.ORIENTATION] = 6
    Image.open(path).save(path, exif=exif)
    (square,) = squares.convert([rows(path, box=(0, 0, 6, 6))], 6)
    (tmp_path / 'square.png').write_bytes(square.data)
    assert Image.open(tmp_path / 'square.png').getcolors() == [(36, (200, 0, 0))]


def test_alignment_has_its_own_listing(source, photo, imports):
    """By landmarks that nobody gave: each picture is left out, or cut in its middle."""
    options = ('image_folder', source, SMALL, '--align=landmarks')
    assert 'the train split has no example' in imports.refused(*options)
    data = imports(*options, '--no-face=centre')
    assert len(data.train.ids) == 16
    assert 'train: 16 kept: no landmarks' in imports.said
    listed = (imports.out / 'alignment.csv').read_text().splitlines()
    assert listed[0] == ','.join(['split', 'id', 'kept', *alignment.NOTED])
    assert len(listed) == 21
    manifest = json.loads((imports.out / 'manifest.json').read_text())
    assert manifest['recipe']['align']['kind'] == 'landmarks'


def test_the_licence_of_the_face_finder_is_said_once_and_first(source, imports):
    """Of its weights; the other kinds of alignment have none."""
    imports('image_folder', source, SMALL, '--align=mtcnn', '--no-face=centre')
    assert imports.said.startswith(networks.LICENCE)
    assert imports.said.count('not for commercial use') == 1
    imports(
        'image_folder', source, SMALL, '--align=boxes', '--no-face=centre', '--force'
    )
    assert 'commercial' not in imports.said


KILLED = """
import os, signal, sys
from data_prep import __main__, importing, processes, squares

if __name__ == '__main__':
    importing.SHARD, squares.FEW, processes.CHUNK = 3, 0, 2
    look = importing.Remaining.__call__

    def dies(self, start):
        for number, example in enumerate(look(self, start)):
            if number == 11:
                os.kill(os.getpid(), signal.SIGKILL)
            yield example

    importing.Remaining.__call__ = dies
    __main__.main(sys.argv[1:])
"""


@pytest.fixture
def small_shards(monkeypatch):
    monkeypatch.setattr(importing, 'SHARD', 3)


def test_killed_and_started_again_it_ends_as_if_not(
    source, imports, tmp_path, small_shards
):
    """SIGKILL at the twelfth picture, on two processes: three shards of 3 are whole.

    The processes end, the second time only pictures 9 to 19 are read, and the set is
    that of an import that was not stopped.
    """
    unbroken = imports('image_folder', source, SMALL).digest
    imports.out = tmp_path / 'broken'
    script = tmp_path / 'killed.py'
    script.write_text(KILLED)
    arguments = ['image_folder', f'--source={source}', f'--out={imports.out}', SMALL]
    with subprocess.Popen(
        [sys.executable, str(script), *arguments, '--workers=2'],
        env=os.environ | {'PYTHONPATH': str(ROOT)},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        assert process.wait(120) == -signal.SIGKILL
    deadline = time.monotonic() + 30
    while group_lives(process.pid):
        assert time.monotonic() < deadline, 'a worker outlives its parent'
        time.sleep(0.05)
    assert not imports.out.exists()
    (partial,) = tmp_path.glob('.broken.*.partial')
    assert {path.name for path in partial.glob('train-?')} >= {'train-0', 'train-2'}
    data = imports('image_folder', source, SMALL)
    assert '9 pictures are there of an import that was stopped' in imports.said
    assert data.digest == unbroken
    assert not partial.exists()


def group_lives(number):
    try:
        os.killpg(number, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def stopped(source, imports, small_shards):
    """An import that stopped at its fourteenth training picture; its partial folder."""
    bitten(source / 'train/sad/10.png')  # behind 8 happy and 5 sad ones
    imports.refused('image_folder', source, SMALL)
    (partial,) = imports.out.parent.glob('.out.*.partial')
    assert len([*partial.glob('train-?.json')]) == 4
    return partial


def test_a_mended_picture_costs_its_own_shard_alone(stopped, source, imports, photo):
    photo(source / 'train/sad/10.png', 100)
    imports('image_folder', source, SMALL)
    assert '12 pictures are there' in imports.said


def test_a_picture_that_changed_behind_our_back_is_read_again(
    stopped, source, imports, photo, stored
):
    """The fifth one did: the first shard of three is taken, the others are not."""
    photo(source / 'train/sad/10.png', 100)
    photo(source / 'train/happy/9.png', 222)
    data = imports('image_folder', source, SMALL)
    assert '3 pictures are there' in imports.said
    assert (stored(data.train, pixels=True)['train/happy/9.png'] == 222).all()


def test_a_finished_shard_that_was_damaged_is_not_taken(stopped, source, imports):
    damaged = bytearray((stopped / 'train-1').read_bytes())
    damaged[40] ^= 1
    (stopped / 'train-1').write_bytes(damaged)
    data = imports('image_folder', source, SMALL, '--on-corrupt=skip')
    assert '3 pictures are there' in imports.said
    assert len(data.train.ids) == 15
    assert {path.name for path in data.folder.iterdir()} == {
        *(f'train-0000{i}-of-00005.tfrecord{end}' for i in range(5) for end in ENDS),
        *(f'test-0000{i}-of-00002.tfrecord{end}' for i in range(2) for end in ENDS),
        'croissant.json', 'labels.npz', 'manifest.json', 'notes.csv',
    }  # fmt: skip


ENDS = ('', '.index.npy')


def test_what_another_recipe_left_is_named_and_not_taken(stopped, source, imports):
    imports('image_folder', source, '--size=17', '--on-corrupt=skip')
    assert 'pictures are there' not in imports.said
    assert f'{stopped}: left by an import with other options' in imports.said


def test_a_second_import_at_once_is_refused(stopped, source, imports):
    import fcntl

    held = os.open(stopped, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    said = imports.refused('image_folder', source, SMALL)
    os.close(held)
    assert f'{stopped} is being written by another process' in said


def test_an_import_that_is_there_needs_force(source, imports, photo):
    first = imports('image_folder', source, SMALL).digest
    photo(source / 'train/sad/0.png', 99)
    assert '--force' in imports.refused('image_folder', source, SMALL)
    assert imports('image_folder', source, SMALL, '--force').digest != first


def test_ctrl_c_leaves_what_is_finished(source, imports, monkeypatch, small_shards):
    convert = squares.convert

    def interrupted(chunk, **settings):
        yield from convert(chunk, **settings)[:10]
        raise KeyboardInterrupt

    monkeypatch.setattr(squares, 'convert', interrupted)
    from data_prep import __main__ as door

    arguments = ['image_folder', f'--source={source}', f'--out={imports.out}', SMALL]
    assert door.main(arguments) == 130
    monkeypatch.undo()
    monkeypatch.setattr(importing, 'SHARD', 3)
    imports('image_folder', source, SMALL)
    assert '9 pictures are there' in imports.said


def test_a_full_disk(source, imports, tmp_path, photo, small_shards):
    """It says so in a line; made larger, the import goes on behind its first shards."""
    for path in source.rglob('*.png'):
        Image.effect_noise((64, 64), 50).convert('RGB').save(path)
    with disks.small(tmp_path, '100k') as small:
        imports.out = small / 'out'
        said = imports.refused('image_folder', source, '--size=64', code=4)
        assert 'the disk is full; make room, and the same command goes on' in said
        disks.enlarge(small)
        data = imports('image_folder', source, '--size=64')
        assert 'pictures are there' in imports.said
        assert len(data.train.ids) == 16
