"""Limits of what is read, and the one variable that moves them."""

import numpy as np
import pytest

import launch
from data_prep import __main__ as data_prep
from fer_jax import errors
from fer_jax.data import arrays, documents, limits, tables

REFUSED = errors.Unusable


def test_each_one_is_refused_with_what_allows_more(tmp_path, monkeypatch):
    """Twice the limit is offered; with that the same file is read."""
    (tmp_path / 'a.json').write_text(f'"{"x" * 1998}"')
    np.save(tmp_path / 'a.npy', np.zeros(1872, np.uint8))  # behind 128 bytes
    np.savez_compressed(tmp_path / 'a.npz', a=np.zeros(1872, np.uint8))
    (tmp_path / 'a.csv').write_text(f'a\n{"x" * 1998}\n')
    readers = {
        'json': lambda: documents.read(tmp_path / 'a.json', documents.TEXT, 'mend it'),
        'arrays': lambda: arrays.read_npy(tmp_path / 'a.npy', arrays.Array('u', 1)),
        'line': lambda: [*tables.rows(tmp_path / 'a.csv', ('a',))],
    }
    packed = {'a': arrays.Array('u', 1)}
    for name, read in readers.items():
        monkeypatch.setenv(limits.VARIABLE, f'{name}=0.0015')
        with pytest.raises(REFUSED, match=f'1,500.*{limits.VARIABLE}={name}=0.003 all'):
            read()
        if name == 'arrays':
            with pytest.raises(REFUSED, match='2,000 bytes; wanted at most 1,500; FER'):
                arrays.read_npz(tmp_path / 'a.npz', packed)
        monkeypatch.setenv(limits.VARIABLE, f'{name}=0.003')
        read()
    assert arrays.read_npz(tmp_path / 'a.npz', packed)['a'].shape == (1872,)


def test_those_of_the_environment(monkeypatch):
    monkeypatch.delenv(limits.VARIABLE, raising=False)
    assert limits.limit('json').most == 16_000_000
    assert limits.limit('members') == (
        10_000,
        'FER_JAX_LIMITS=members=20000 allows more',
    )
    monkeypatch.setenv(limits.VARIABLE, ' json=64, members=2,')
    assert limits.limit('json').most == 64_000_000
    assert limits.limit('members').most == 2
    assert limits.limit('line').most == 16_000_000


@pytest.mark.parametrize(
    'words',
    ['jsn=3', 'json', 'json=', 'json=0', 'json=-1', 'json=1e9', 'json=nan', '='],
)
def test_wrong_ones_end_every_command(monkeypatch, capsys, words):
    monkeypatch.setenv(limits.VARIABLE, words)
    for main in (lambda: launch.main(['launch.py', 'bench']), data_prep.main):
        assert main() == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert f"FER_JAX_LIMITS has '{words}'; wanted NAME=NUMBER, above 0" in line
