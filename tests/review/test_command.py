"""The words of the command: what cannot be used is said in a line."""

import socket

import pytest

import launch


def review(*words):
    return launch.main(['launch.py', 'review', '--no-browser', *map(str, words)])


@pytest.mark.parametrize(
    ('words', 'said'),
    [
        ((), 'give --data=FOLDER of a prepared set and --out=FOLDER'),
        (('--data={set}',), 'give --data=FOLDER'),
        (('--workdir=run', '--out=x'), 'give --data=FOLDER'),
        (('--data={set}', '--out={out}', '--port=70000'), 'wanted 0 to 65535'),
        (('--data={set}', '--out={out}', '--port=x'), 'wanted a whole number'),
        (('--data={set}', '--out={out}', '--sample=-1'), 'wanted 1 or more'),
        (
            ('--data={set}', '--out={out}', '--reviewer=a\nb'),
            'wanted a name of letters',
        ),
        (('--data={out}/none', '--out={out}'), 'no such data folder'),
        (('--workdir={out}/none',), 'so no finished run'),
    ],
)
def test_what_cannot_be_used(audited, tmp_path, capsys, words, said):
    places = {'set': audited[0].folder, 'out': tmp_path / 'out'}
    assert review(*(word.format(**places) for word in words)) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count('\n') == 1


def test_a_port_that_is_taken(audited, capsys, tmp_path):
    data, stored, out = audited
    with socket.socket() as other:
        other.bind(('127.0.0.1', 0))
        other.listen()
        port = other.getsockname()[1]
        words = f'--data={data.folder}', f'--out={out}', f'--features={stored}'
        assert review(*words, f'--port={port}') == 2
    assert f'--port={port}: Address already in use' in capsys.readouterr().err
    assert not (out / 'decisions.csv').exists()


def test_a_judgement_of_another_set(audited, capsys, tmp_path, faces):
    data, stored, out = audited
    (tmp_path / 'judged.npz').write_bytes((out / 'judged.npz').read_bytes()[:-50])
    words = f'--data={data.folder}', f'--out={tmp_path}', f'--features={stored}'
    assert review(*words) == 2
    assert 'no whole .npz' in capsys.readouterr().err
