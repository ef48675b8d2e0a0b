"""Lists on the command line: drawn, imported, shown, compared, exported."""

import csv
import hashlib
import resource

import numpy as np
import pytest

from data_prep import __main__ as door
from fer_jax.data import noise_list, prepared


@pytest.fixture
def call(faces, capsys):
    """call('noise show ...', wanted exit code) -> what it printed."""

    def run(line, code=0):
        arguments = ['noise', *line.split(), f'--data={faces}']
        assert door.main(arguments) == code
        said = capsys.readouterr()
        return said.err if code else said.out

    return run


def labels(folder):
    with open(folder / 'noise.csv', newline='') as file:
        return [int(row['label']) for row in csv.DictReader(file)]


def test_drawn_lists_are_those_of_a_run(call, faces, tmp_path):
    said = call(f'draw --out={tmp_path / "a"} --rate=0.3 --seed=2')
    data = prepared.load(faces)
    wanted = noise_list.draw(data, rate=0.3, seed=2)
    assert labels(tmp_path / 'a') == wanted.labels.tolist()
    content = (tmp_path / 'a' / 'noise.csv').read_bytes()
    assert hashlib.sha256(content).hexdigest() == wanted.sha256
    assert f'sha256 of noise.csv: {wanted.sha256}' in said
    assert f'wrong: {wanted.wrong} of 70 labels, {wanted.wrong / 70:.2%}' in said
    call(f'draw --out={tmp_path / "b"} --kind=asymmetric_fer --exact')
    own = noise_list.draw(data, kind='asymmetric_fer', rate=None, exact=True)
    assert labels(tmp_path / 'b') == own.labels.tolist()


def test_the_matrix_that_is_shown(call, faces, tmp_path):
    """A shift of all classes: every row has its 100 % at the next class."""
    np.savetxt(tmp_path / 'shift.txt', np.roll(np.eye(7), 1, axis=1))
    line = f'draw --out={tmp_path / "a"} --kind=matrix --matrix={tmp_path}/shift.txt'
    call(line)
    said = call(f'show {tmp_path / "a"}')
    assert 'wrong: 70 of 70 labels, 100.00%' in said
    rows = [line.split() for line in said.splitlines() if line[1:3].strip().isdigit()]
    counts = np.bincount(prepared.load(faces).train.labels, minlength=7)
    for place, name in enumerate(prepared.load(faces).class_names):
        shares = ['100.0' if k == (place + 1) % 7 else '0.0' for k in range(7)]
        row = next(row for row in rows if row[1] == name)
        assert row == [str(place), name, str(counts[place]), '100.0', *shares]


def test_two_lists_compared_by_hand(call, faces, tmp_path):
    """One raises the first 14 of 70 labels by one, the other labels 7 to 20, the last
    7 of them by two: wrong in both 7 (10 %), the same label there for none; labels 0
    to 6 and 14 to 20 differ too, so 49 of 70 agree.
    """
    data = prepared.load(faces)
    true, rows = data.train.labels, np.arange(70)
    raised = (rows < 14) * 1, ((rows >= 7) & (rows < 21)) * 2
    for name, more in zip('ab', raised):
        given = ((true + more) % 7).astype(np.int32)
        protocol = {'dataset': data.digest, 'kind': 'by hand'}
        found = noise_list.of(data, given, protocol)
        noise_list.save(found, data.train.ids, tmp_path / name)
    said = call(f'compare {tmp_path / "a"} {tmp_path / "b"}')
    assert 'rate: 20.00% and 20.00%' in said
    assert 'agreement: 70.00% of 70 labels' in said
    assert 'wrong in both: 10.00%, by chance 4.00%; with the same label 0.00%' in said
    assert 'different lists' in said
    assert 'the same list' in call(f'compare {tmp_path / "a"} {tmp_path / "a"}')


def test_out_and_in_again(call, tmp_path):
    call(f'draw --out={tmp_path / "a"} --rate=0.2')
    call(f'export csv {tmp_path / "a"} --out={tmp_path / "list.csv"}')
    first = (tmp_path / 'list.csv').read_text().splitlines()[:2]
    assert first[0] == 'id,label'
    assert first[1].startswith('train-000000,')
    assert not first[1].endswith(tuple('0123456'))  # classes by name
    said = call(f'import csv {tmp_path / "list.csv"} --out={tmp_path / "b"}')
    assert 'protocol: kind imported, format csv, file list.csv' in said
    assert labels(tmp_path / 'a') == labels(tmp_path / 'b')


def test_test_rows_are_counted(call, faces, tmp_path):
    """The file names all 70 + 30 faces, each as a 1 (anger)."""
    data = prepared.load(faces)
    ids = [*data.train.ids, *data.test.ids]
    (tmp_path / 'list').write_text(''.join(f'{name}.jpg 1\n' for name in ids))
    line = f'import resup {tmp_path / "list"} --out={tmp_path / "a"}'
    assert '30 rows about test examples' in call(line, code=2)
    assert not (tmp_path / 'a').exists()
    said = call(f'{line} --test-rows=drop')
    wrong = np.sum(data.test.labels != 0)
    assert f'test rows: 30 dropped, {wrong} of them with a wrong label' in said
    assert labels(tmp_path / 'a') == [0] * 70


def test_nothing_is_replaced_without_force(call, tmp_path):
    call(f'draw --out={tmp_path / "a"} --rate=0.2')
    before = labels(tmp_path / 'a')
    again = f'draw --out={tmp_path / "a"} --rate=0.2 --seed=1'
    assert 'exists already' in call(again, code=2)
    assert labels(tmp_path / 'a') == before
    call(f'{again} --force')
    assert labels(tmp_path / 'a') != before
    line = f'export resup {tmp_path / "a"} --out={tmp_path / "list"}'
    call(line)
    assert 'exists already' in call(line, code=2)
    call(f'{line} --force')


@pytest.mark.parametrize(
    ('line', 'message'),
    [
        ('draw --out={}/x', 'noise rate is a fraction in [0, 1), got None'),
        ('draw --out={}/x --rate=30', 'for 30 % write 0.3'),
        ('draw --out={}/x --kind=matrix', 'matrix noise needs a (7, 7) matrix'),
        ('draw --out={}/x --kind=matrix --matrix={}/none', 'no file'),
        ('show {}/none', 'make a list with python -m data_prep noise'),
        ('compare {0}/none {0}/none', 'no such file'),
        ('import resup {}/none --out={}/x', 'give the list to import'),
        ('export resup {}/none --out={}/x', 'no such file'),
    ],
)
def test_wrong_options(call, tmp_path, line, message):
    said = call(line.format(tmp_path, tmp_path), code=2)
    assert message in said
    assert said.startswith('data_prep noise: ')
    assert said.count('\n') == 1
    assert not (tmp_path / 'x').exists()


def test_a_full_disk_leaves_no_list(call, tmp_path):
    """Files of at most 100 bytes: what is written stops in the middle."""
    call(f'draw --out={tmp_path / "a"} --rate=0.2')
    draw = f'draw --out={tmp_path / "b"} --rate=0.2'
    export = f'export csv {tmp_path / "a"} --out={tmp_path / "list.csv"}'
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, usual[1]))
    try:
        said = [call(line, code=2) for line in (draw, export)]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert all('File too large' in one and one.count('\n') == 1 for one in said)
    assert not any((tmp_path / 'b').iterdir())
    assert not list(tmp_path.glob('*list.csv*'))
    for line in (draw, export):
        call(line)


def test_a_list_that_was_cut_off_is_written_anew(call, tmp_path):
    """A kill between the two files leaves noise.json alone, which is no list."""
    draw = f'draw --out={tmp_path / "a"} --rate=0.2'
    call(draw)
    (tmp_path / 'a' / 'noise.csv').unlink()
    assert 'no such file' in call(f'show {tmp_path / "a"}', code=2)
    call(draw)
    call(f'show {tmp_path / "a"}')
