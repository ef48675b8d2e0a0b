"""The pages of docs/extend: their files are written into a copy, their commands run."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

ROOT = pathlib.Path(__file__).parent.parent.parent
COPIED = ('configs', 'data_prep', 'docs', 'fer_jax', 'tests', 'pyproject.toml')
BLOCK = re.compile(r'^```(\w*)\n(.*?)^```$', re.MULTILINE | re.DOTALL)


@pytest.fixture
def copy(tmp_path):
    """A copy of what the pages change, without compiled files."""
    for name in COPIED:
        source, target = ROOT / name, tmp_path / name
        if source.is_file():
            shutil.copy(source, target)
        else:
            ignored = shutil.ignore_patterns('__pycache__', 'format_1')
            shutil.copytree(source, target, ignore=ignored)
    (tmp_path / '.cache').symlink_to(ROOT / '.cache')  # of compiled programs
    return tmp_path


def jaffe(copy):
    """A source as the published one, drawn: three people, seven greys each."""
    folder = copy / 'JAFFE'
    folder.mkdir()
    for person in ('KA', 'KL', 'MK'):
        for grey, code in enumerate(('AN', 'DI', 'FE', 'HA', 'NE', 'SA', 'SU')):
            pixels = np.full((40, 40), 30 * grey + ord(person[1]) % 7, np.uint8)
            Image.fromarray(pixels).save(folder / f'{person}.{code}1.{grey}.tiff')


def add(copy, kind, text):
    """Writes a file, or adds the lines of a diff behind those that it shows."""
    first, body = text.split('\n', 1)
    path = copy / first.removeprefix('# ')
    if kind == 'python':
        assert not path.exists(), f'{first} is there already'
        path.write_text(body)
        return
    shown = [line[1:] for line in body.splitlines() if line[:1] == ' ']
    wanted = [line[1:] for line in body.splitlines()]
    before, after = ('\n'.join(['', *lines, '']) for lines in (shown, wanted))
    assert path.read_text().count(before) == 1, f'{first} has not once {shown}'
    path.write_text(path.read_text().replace(before, after))


def run(copy, commands):
    """Runs the lines of a block in the copy; all of them succeed."""
    environment = os.environ | {
        'PATH': f'{pathlib.Path(sys.executable).parent}:{os.environ["PATH"]}',
        'PYTHONPATH': str(copy),
    }
    done = subprocess.run(
        ['bash', '-ec', commands],
        cwd=copy, env=environment, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.mark.parametrize(
    ('page', 'prepare', 'wanted'),
    [
        ('method', None, r'\d+ passed'),
        ('backbone', None, r'\d+ passed'),
        ('data_set', jaffe, r'written.*data/jaffe'),
    ],
    ids=['method', 'backbone', 'data_set'],
)
def test_the_page_can_be_followed(copy, page, prepare, wanted):
    if prepare:
        prepare(copy)
    said = ''
    for kind, text in BLOCK.findall((ROOT / f'docs/extend/{page}.md').read_text()):
        if kind:
            add(copy, kind, text)
        else:
            said += run(copy, text)
    assert re.search(wanted, said), said


def test_a_diff_needs_its_lines(copy):
    (copy / 'a.py').write_text('# a\none\ntwo\n')
    add(copy, 'diff', '# a.py\n one\n+more\n')
    assert (copy / 'a.py').read_text() == '# a\none\nmore\ntwo\n'
    with pytest.raises(AssertionError, match='has not once'):
        add(copy, 'diff', '# a.py\n three\n+more\n')
