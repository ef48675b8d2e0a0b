"""Archives that unpack to more than they should."""

import gzip
import io
import tarfile

import pytest

from data_prep import __main__ as data_prep
from data_prep import archives
from fer_jax import errors
from fer_jax.data import limits

MB = 1_000_000


def archive(path, members, kind='w:gz', **headers):
    """A tar of {name: size}: zeros."""
    with tarfile.open(path, kind) as tar:
        for name, size in members.items():
            about = tarfile.TarInfo(name)
            about.size = size
            about.pax_headers = headers
            tar.addfile(about, io.BytesIO(bytes(size)))
    return path


@pytest.mark.parametrize('kind', ['w', 'w:gz', 'w:bz2', 'w:xz'])
def test_files_are_found_by_name_however_packed(tmp_path, kind):
    path = archive(tmp_path / 'a', {'set/a': 3, 'set/b': 5, 'other': 7}, kind)
    assert archives.unpacked(path, ['b', 'a'], MB) == {'b': bytes(5), 'a': bytes(3)}
    with pytest.raises(errors.Unusable, match="no 'c' in it; is it another set"):
        archives.unpacked(path, ['c'], MB)


def test_no_more_is_unpacked_than_agreed(tmp_path, monkeypatch):
    path = archive(tmp_path / 'large', {'a': 3, 'b': 2 * MB})
    assert path.stat().st_size < 3000
    said = 'unpacked it has more than 1,000,000 bytes; --largest-file allows more'
    with pytest.raises(errors.Unusable, match=said):
        archives.unpacked(path, ['a'], MB)
    assert archives.unpacked(path, ['a'], 3 * MB) == {'a': bytes(3)}
    many = archive(tmp_path / 'many', {str(number): 300_000 for number in range(5)})
    with pytest.raises(errors.Unusable, match=said):
        archives.unpacked(many, ['0'], MB)
    # what describes a member, and not the member, is large
    told = archive(tmp_path / 'told', {'a': 3}, comment='x' * (2 * MB))
    with pytest.raises(errors.Unusable, match=said):
        archives.unpacked(told, ['a'], MB)
    monkeypatch.setenv(limits.VARIABLE, 'members=4')
    with pytest.raises(
        errors.Unusable, match=r'more than 4 members.*FER_JAX_LIMITS=members=8 all'
    ):
        archives.unpacked(many, ['0'], 10 * MB)


@pytest.mark.parametrize('share', [0.2, 0.6])
def test_damaged_ones_are_refused(tmp_path, share):
    path = archive(tmp_path / 'a', {'a': 3, 'b': 70_000})
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(errors.Unusable, match='a is damaged'):
        archives.unpacked(path, ['a', 'b'], MB)


def test_the_door_takes_the_limit(tmp_path, capsys):
    path = archive(tmp_path / 'cifar.tar.gz', {'batches.meta': 2 * MB})
    command = ['cifar10', f'--source={path}', f'--out={tmp_path / "set"}']
    assert data_prep.main([*command, '--largest-file=1']) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert 'unpacked it has more than 1,000,000 bytes' in line
    assert data_prep.main([*command, '--largest-file=0']) == 2
    assert '--largest-file=0.0; wanted MB above 0' in capsys.readouterr().err
    path.write_bytes(gzip.compress(bytes(10_000)))
    assert data_prep.main(command) == 2
    assert not (tmp_path / 'set').exists()
