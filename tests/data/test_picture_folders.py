"""One rule for what in a folder is a picture."""

import pytest

from fer_jax.data import picture_folders


@pytest.fixture
def folder(tmp_path):
    """A folder in which an archive of a Mac, a Jupyter and a NAS left their things."""
    for name in (
        'a.jpg', 'B.JPEG', 'deep/er/c.webp', 'd.Png', 'e.tiff', 'deep/f.mpo', 'g.jfif',
        '.hidden.jpg', '._a.jpg', '.DS_Store', 'Thumbs.db', 'desktop.ini', 'Icon\r',
        '.ipynb_checkpoints/a-checkpoint.jpg', 'deep/.thumbnails/c.webp',
        '__MACOSX/deep/._c.jpg', '@eaDir/a.jpg/SYNOPHOTO_THUMB_M.jpg',
        '$RECYCLE.BIN/a.jpg', 'System Volume Information/a.jpg', '.git/a.png',
        'h.HEIC', 'i.heic', 'j.avif', 'k.eps', 'face12', 'notes.txt', 'l.x\x1b[31m',
    ):  # fmt: skip
        path = tmp_path / 'folder' / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b'')
    (tmp_path / 'folder/elsewhere').symlink_to(tmp_path)
    return tmp_path / 'folder'


def names(below, folder):
    return [path.relative_to(folder).as_posix() for path in below.pictures]


def test_pictures_by_their_ending_and_no_hidden_part(folder):
    below = picture_folders.below(folder)
    assert names(below, folder) == [
        'B.JPEG', 'a.jpg', 'd.Png', 'deep/er/c.webp', 'deep/f.mpo', 'e.tiff', 'g.jfif',
    ]  # fmt: skip
    assert below.left_out == {
        'hidden or of a system': 13,
        '.heic': 2,
        '.avif': 1,
        '.eps': 1,
        '.txt': 1,
        'without an ending': 1,
        'of other endings': 1,
        'links to folders': 1,
    }
    assert picture_folders.told(below.left_out).startswith(
        '13 hidden or of a system, 2 .heic, 1 '
    )


def test_what_lies_right_in_a_folder(folder):
    below, folders = picture_folders.beside(folder)
    assert names(below, folder) == ['B.JPEG', 'a.jpg', 'd.Png', 'e.tiff', 'g.jfif']
    assert below.left_out['.heic'] == 2
    assert [path.name for path in folders] == ['deep', 'elsewhere']


def test_a_hidden_folder_that_was_named_is_looked_into(tmp_path):
    (tmp_path / '.cache/faces').mkdir(parents=True)
    (tmp_path / '.cache/faces/a.png').touch()
    below = picture_folders.below(tmp_path / '.cache/faces')
    assert [path.name for path in below.pictures] == ['a.png']
    assert not below.left_out


def test_a_folder_that_is_not_there():
    with pytest.raises(FileNotFoundError):
        picture_folders.below('no/such/folder')


@pytest.mark.parametrize(
    ('path', 'hidden'),
    [
        ('a/b.png', False),
        ('./a/../b.png', False),
        ('a/._b.png', True),
        ('.thumbnails/b.png', True),
        ('__MACOSX/a/b.png', True),
        (' a\\.thumbnails\\b.png ', True),
        ('.thumbnails/../b.png', False),
        ('.thumbnails/..', False),
        ('.', False),
        ('', False),
        ('..', False),
        ('../.cache/b.png', False),
        ('../.cache/._b.png', True),
        ('/home/.me/b.png', False),
        ('/home/.me/._b.png', True),
        ('/set/.me/faces/a/b.png', False),
        ('/set/.me/faces/.git/b.png', True),
    ],
)
def test_what_a_table_calls_from_a_folder(path, hidden):
    assert picture_folders.is_hidden_below('/set/.me/faces', path) == hidden
