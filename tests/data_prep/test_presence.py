"""Names of files: what a table calls them, what a disk does, and what no text can."""

import os
import tracemalloc
import unicodedata

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_prep import __main__ as door
from data_prep import importing, presence
from data_prep.squares import Picture
from fer_jax.data import prepared, tables
from tests.data_prep.conftest import photo

FEW = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
# parts of paths that Linux takes; a dot in front would hide them
PART = st.text(
    st.characters(exclude_categories=['Cs'], exclude_characters='/\0'),
    min_size=1,
    max_size=12,
).filter(lambda text: not text.startswith('.') and len(os.fsencode(text)) < 200)


def nfc(text):
    return unicodedata.normalize('NFC', text)


def nfd(text):
    return unicodedata.normalize('NFD', text)


@pytest.fixture(scope='module')
def place(tmp_path_factory):
    """place() -> a new folder."""
    return lambda: tmp_path_factory.mktemp('names')


@FEW
@given(st.lists(PART, min_size=4, max_size=4, unique_by=lambda t: t.casefold()))
def test_a_folder_gives_back_the_names_of_its_files(place, parts):
    source = place()
    wanted = []
    for number, part in enumerate(parts):
        name = f'{"ab"[number % 2]}/{part}.png'
        photo(source / 'own' / name, 20 * number)
        wanted.append(name)
    arguments = [f'--source={source}/own', f'--out={source}/out', '--size=8']
    assert door.main(['image_folder', *arguments, '--test-fraction=0.5']) == 0
    data = prepared.load(source / 'out')
    assert sorted([*data.train.ids, *data.test.ids]) == sorted(wanted)


@FEW
@given(
    st.lists(PART, min_size=4, max_size=4, unique_by=lambda t: nfc(t).casefold()),
    st.sampled_from([nfc, nfd, str]),
    st.sampled_from([nfc, nfd, str]),
)
def test_a_csv_finds_its_files_in_any_form_and_keeps_its_ids(place, parts, table, disk):
    """Blanks around a path and backslashes have their own rule, so not here."""
    parts = [part.strip().replace('\\', '_') or 'x' for part in parts]
    source, rows = place(), []
    for number, part in enumerate(parts):
        photo(source / disk(f'é{part}') / disk(f'ñ{number}{part}.png'), 20 * number)
        name = f'{table(f"é{part}")}/{table(f"ñ{number}{part}.png")}'
        rows.append((name, 'ab'[number % 2]))
    csv = source / 'faces.csv'
    csv.write_bytes(tables.text(['path', 'label'], rows).encode())
    arguments = [f'--source={csv}', f'--out={source}/out', '--size=8']
    assert door.main(['csv', *arguments, '--test-fraction=0.5']) == 0
    data = prepared.load(source / 'out')
    assert sorted([*data.train.ids, *data.test.ids]) == sorted(n for n, _ in rows)


def test_every_door_with_a_table_finds_them(tmp_path):
    """Through what all of them share; both spellings there: each is its own file."""
    names = ['caf\u00e9.png', 'cafe\u0301.png', 'na\u00efve/\u00fc.png']
    photo(tmp_path / nfd(names[0]), 10)
    photo(tmp_path / nfd(names[2]), 30)
    rows = [Picture(name, tmp_path / name, 0) for name in names]
    found = importing.Found('folder', ('a',), ('a',), {'train': rows, 'test': []})
    paths = [row.path for row in presence.spelled(found).splits['train']]
    assert paths == [tmp_path / nfd(name) for name in names]
    photo(tmp_path / names[0], 20)
    paths = [row.path for row in presence.spelled(found).splits['train']]
    assert paths[:2] == [tmp_path / names[0], tmp_path / names[1]]
    assert presence.spelled(found).splits['train'][0].id == names[0]


def test_backslashes_and_another_form_at_once(tmp_path):
    """As a csv from Windows has it, for files that a Mac unpacked."""
    rows = [('path', 'label')]
    for number in range(4):
        photo(tmp_path / nfd(f'é/ü{number}.png'), 20 * number)
        rows.append((nfc(f'é\\ü{number}.png'), 'ab'[number % 2]))
    csv = tmp_path / 'faces.csv'
    csv.write_text(tables.text(rows[0], rows[1:]))
    arguments = [f'--source={csv}', f'--out={tmp_path}/out', '--size=8']
    assert door.main(['csv', *arguments, '--test-fraction=0.5']) == 0
    data = prepared.load(tmp_path / 'out')
    wanted = [nfc(f'é/ü{number}.png') for number in range(4)]
    assert sorted([*data.train.ids, *data.test.ids]) == wanted


def test_deep_paths_that_are_not_there_take_no_room(tmp_path):
    """What is above a path of n parts has n n / 2 parts together."""
    path = tmp_path / 'a' / ('b/' * 100_000)
    names = presence.listings()
    tracemalloc.start()
    assert presence.on_disk(path, names) is path
    taken = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert taken < 20_000_000


def test_what_might_be_two_files_is_neither(tmp_path):
    """Two marks in either order are one name to Unicode, and here two files."""
    photo(tmp_path / 'a\u0323\u0307.png', 10)
    photo(tmp_path / 'a\u0307\u0323.png', 10)
    row = Picture('x', tmp_path / '\u1ea1\u0307.png', 0)
    found = importing.Found('folder', ('a',), ('a',), {'train': [row], 'test': []})
    assert presence.spelled(found).splits['train'] == [row]


@pytest.fixture
def source(tmp_path):
    for number in range(12):
        photo(tmp_path / f'source/{"ab"[number % 2]}/{number}.png', 20 * number)
    return tmp_path / 'source'


GBK = b'\xb8\xdf\xd0\xcb.png'


def test_names_that_are_no_text_are_told_before_any_work(source, imports):
    for name in ('a/0.png', 'b/1.png'):
        path = source / name
        os.rename(path, os.path.join(os.fsencode(path.parent), GBK))
    said = imports.refused('image_folder', source, '--size=8')
    assert f'2 cannot be read (its name is not UTF-8): {source}/a/\\xb8\\xdf' in said
    assert '--on-corrupt=skip leaves them out' in said
    data = imports(
        'image_folder', source, '--size=8', '--test-fraction=0.4', '--on-corrupt=skip'
    )
    assert len(data.train.ids) + len(data.test.ids) == 10
    noted = (data.folder / 'notes.csv').read_text('utf-8')
    assert noted.count('\\xb8\\xdf\\xd0\\xcb.png,no,') == 2


def test_the_doctor_names_them(source, tmp_path, capsys):
    os.rename(source / 'a/0.png', os.fsencode(source / 'a') + b'/' + GBK)
    assert door.main(['doctor', str(source), f'--out={tmp_path / "r"}']) == 1
    said = capsys.readouterr().out
    assert 'WRONG  names: 1 (the name of a file is not UTF-8; doors' in said
    assert f': {source}/a/\\xb8\\xdf\\xd0\\xcb.png\n' in said
    assert r'\xb8\xdf\xd0\xcb.png' in (tmp_path / 'r.html').read_text('utf-8')


def test_a_source_and_a_target_may_have_any_name(source, tmp_path):
    odd = os.fsdecode(os.fsencode(tmp_path) + b'/\xff[a]\x1b')
    os.rename(source, odd)
    arguments = [f'--source={odd}', f'--out={odd}.out', '--size=8']
    assert door.main(['image_folder', *arguments, '--test-fraction=0.5']) == 0
    assert len(prepared.load(f'{odd}.out').train.ids) == 6


@pytest.mark.parametrize('kind', ['pipe', 'device'])
def test_what_never_ends_is_told_before_any_work(source, imports, kind):
    path = source / 'a/0.png'
    path.unlink()
    if kind == 'pipe':
        os.mkfifo(path)
    else:
        path.symlink_to('/dev/zero')
    said = imports.refused('image_folder', source, '--size=8')
    assert f'1 cannot be read (not a file but a {kind}): {path}; ' in said
    data = imports(
        'image_folder', source, '--size=8', '--test-fraction=0.4', '--on-corrupt=skip'
    )
    assert len(data.train.ids) + len(data.test.ids) == 11


def test_limits_are_options(source, imports):
    """A picture of 30 x 24 is 720 pixels."""
    said = imports.refused(
        'image_folder', source, '--size=8', '--largest-picture=0.0007'
    )
    assert '30 x 24 px are more than 0.0007 megapixels; --largest-picture' in said
    said = imports.refused('image_folder', source, '--size=8', '--largest-file=0.00001')
    assert 'more than 1e-05 MB; --largest-file allows more' in said
    assert '12 pictures cannot be read' in said
    said = imports.refused('image_folder', source, '--size=8', '--largest-file=0')
    assert '--largest-file=0; wanted a number above 0' in said
    imports('image_folder', source, '--size=8', '--largest-picture=0.00072')


def test_16_bit_pictures_and_frames_are_judged_by_their_file(
    tmp_path, imports, stored, png16
):
    """Grey of 8 bits in files of 16 keeps its values, of 12 loses 4 bits; 16 bits of
    three colours and frames are no squares that keep their bytes."""
    grey = np.arange(64, dtype=np.uint16).reshape(8, 8) * 4
    colours = np.full((8, 8, 3), 0x8040, np.uint16)
    files = {
        'a/8.png': png16(grey),
        'a/12.png': png16(grey * 16),
        'a/16.png': png16(grey * 256),
        'b/rgb.png': png16(colours),
        'b/0.png': png16(colours // 2),
        'b/1.png': png16(colours // 4),
    }
    for name, content in files.items():
        (tmp_path / 'own' / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / 'own' / name).write_bytes(content)
    data = imports('image_folder', tmp_path / 'own', '--size=8', '--test-fraction=0.34')
    found = stored(data.train, True) | stored(data.test, True)
    for name in ('a/8.png', 'a/12.png', 'a/16.png'):
        np.testing.assert_array_equal(found[name][..., 0], grey)
    assert (found['b/rgb.png'] == 0x80).all()
    encoded = stored(data.train) | stored(data.test)
    assert encoded['b/rgb.png'] != files['b/rgb.png']
    assert '1 kept: 16-bit grey taken for 8 bits' in imports.said
    assert '1 kept: 16-bit grey taken for 12 bits' in imports.said
