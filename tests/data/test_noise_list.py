import hashlib
import json

import numpy as np
import pytest

from fer_jax.data import noise_list, whole


def test_list_follows_from_digest_and_protocol_alone(write_set):
    first, again = write_set('a'), write_set('b')
    one = noise_list.draw(first, rate=0.4, seed=1)
    np.testing.assert_array_equal(
        noise_list.draw(again, rate=0.4, seed=1).labels, one.labels
    )
    for change in ({'seed': 2}, {'exact': True}, {'inclusive': True}):
        other = noise_list.draw(first, **({'rate': 0.4, 'seed': 1} | change))
        assert (other.labels != one.labels).any()
        assert other.sha256 != one.sha256


def test_another_data_set_has_another_list(write_set):
    labels = [
        noise_list.draw(write_set(name, class_names=names), rate=0.5).labels
        for name, names in (('a', ['x', 'y', 'z']), ('b', ['x', 'z', 'y']))
    ]
    assert (labels[0] != labels[1]).any()


def test_test_rows_are_not_touched(write_set):
    made = write_set()
    before = made.test.labels.copy()
    drawn = noise_list.draw(made, rate=0.5)
    assert len(drawn.labels) == len(made.train.ids)
    np.testing.assert_array_equal(made.test.labels, before)
    np.testing.assert_array_equal(made.train.labels, np.arange(23) % 3)


def test_exact_counts_by_hand(write_set):
    """Half of 8, 8 and 7 labels, rounded half up, are wrong: 4 + 4 + 4 of 23."""
    drawn = noise_list.draw(write_set(), rate=0.5, exact=True)
    assert drawn.wrong == 12
    np.testing.assert_allclose(np.diag(drawn.transition), [1 / 2, 1 / 2, 3 / 7])
    np.testing.assert_allclose(drawn.transition.sum(axis=1), 1)


def test_lists_are_drawn_from_clean_labels_where_known(write_set, examples):
    """Given labels 0 throughout; clean ones known for even rows."""
    train = [
        one._replace(label=0, clean_label=-1 if row % 2 else 1)
        for row, one in enumerate(examples(6, 'train'))
    ]
    made = write_set(splits={'train': train, 'test': examples(2, 'test')})
    np.testing.assert_array_equal(
        noise_list.true_labels(made.train), [1, 0, 1, 0, 1, 0]
    )
    drawn = noise_list.draw(made, rate=0.0)
    np.testing.assert_array_equal(drawn.labels, [1, 0, 1, 0, 1, 0])
    assert drawn.wrong == 0


def test_asymmetric_rates_go_by_class_name(write_set, examples):
    """Happiness and neutral have no noise, whatever their number (METHODS of ReSup)."""
    names = 'neutral fear happiness sadness anger surprise disgust'.split()  # noqa: SIM905
    train = [
        one._replace(label=row % 7, clean_label=row % 7)
        for row, one in enumerate(examples(140, 'train'))
    ]
    made = write_set(
        class_names=names, splits={'train': train, 'test': examples(2, 'test')}
    )
    drawn = noise_list.draw(made, kind='asymmetric_fer', rate=0.0, exact=True)
    found = 1 - np.diag(drawn.transition)
    np.testing.assert_allclose(found, [0, 0.5, 0, 0.4, 0.2, 0.1, 0.3], atol=1e-9)


def test_matrix(write_set):
    matrix = [[0, 1, 0], [0, 0, 1], [1, 0, 0]]
    drawn = noise_list.draw(write_set(), kind='matrix', rate=0.0, matrix=matrix)
    np.testing.assert_array_equal(drawn.labels, (np.arange(23) + 1) % 3)


def test_saved_and_read(write_set, tmp_path):
    made = write_set()
    drawn = noise_list.draw(made, rate=0.3, seed=4)
    noise_list.save(drawn, made.train.ids, tmp_path / 'run')
    read = noise_list.load(tmp_path / 'run', made)
    np.testing.assert_array_equal(read.labels, drawn.labels)
    np.testing.assert_array_equal(read.transition, drawn.transition)
    assert read.labels.dtype == np.int32
    assert (read.protocol, read.wrong) == (drawn.protocol, drawn.wrong)
    content = (tmp_path / 'run' / 'noise.csv').read_bytes()
    assert hashlib.sha256(content).hexdigest() == drawn.sha256 == read.sha256
    assert content.startswith(b'id,label\ntrain/000,')


def test_list_of_another_data_set_is_refused(write_set, tmp_path):
    made, other = write_set('a'), write_set('b', class_names=['x', 'y', 'z'])
    noise_list.save(noise_list.draw(made), made.train.ids, tmp_path)
    with pytest.raises(ValueError, match='made for data set'):
        noise_list.load(tmp_path, other)


def test_changed_list_is_refused(write_set, tmp_path):
    made = write_set()
    noise_list.save(noise_list.draw(made), made.train.ids, tmp_path)
    with open(tmp_path / 'noise.csv', 'a') as file:
        file.write('train/099,0\n')
    with pytest.raises(ValueError, match='not the list'):
        noise_list.load(tmp_path, made)


@pytest.mark.parametrize('label', [99, -1])
def test_list_with_a_label_that_is_no_class_is_refused(write_set, tmp_path, label):
    made = write_set()
    drawn = noise_list.draw(made, rate=0.5)
    noise_list.save(drawn, made.train.ids, tmp_path / 'list')
    table = tmp_path / 'list' / 'noise.csv'
    table.write_text(table.read_text().rpartition(',')[0] + f',{label}\n')
    about = json.loads((tmp_path / 'list' / 'noise.json').read_text())
    about['sha256'] = hashlib.sha256(table.read_bytes()).hexdigest()
    (tmp_path / 'list' / 'noise.json').write_text(json.dumps(about))
    with pytest.raises(ValueError, match=f'not in 0 to 2, as {label} of'):
        noise_list.load(tmp_path / 'list', made)


def test_list_of_other_ids_is_refused(write_set, tmp_path):
    made = write_set()
    train = made.train._replace(ids=made.train.ids[::-1])
    drawn = noise_list.draw(made._replace(train=train))
    noise_list.save(drawn, train.ids, tmp_path)
    with pytest.raises(ValueError, match='ids are not those'):
        noise_list.load(tmp_path, made)


def test_unfinished_save_is_no_list(write_set, tmp_path, monkeypatch):
    made = write_set()
    write_text = whole.write_text

    def full_disk(path, text):
        if path.name == 'noise.csv':
            raise OSError('no space left')
        write_text(path, text)

    monkeypatch.setattr(whole, 'write_text', full_disk)
    with pytest.raises(OSError, match='no space'):
        noise_list.save(noise_list.draw(made), made.train.ids, tmp_path)
    with pytest.raises(FileNotFoundError, match=r'noise\.csv'):
        noise_list.load(tmp_path, made)


def test_a_list_of_given_labels_by_hand(write_set):
    """True 0 1 2 0 1 2 ... of 23; all given as 0: 8 of 23 are right."""
    made = write_set()
    given = noise_list.of(made, np.zeros(23, np.int32), {'kind': 'imported'})
    assert given.wrong == 15
    np.testing.assert_array_equal(given.transition, [[1, 0, 0]] * 3)
    rows = ''.join(f'train/{row:03d},0\n' for row in range(23))
    wanted = hashlib.sha256(f'id,label\n{rows}'.encode()).hexdigest()
    assert given.sha256 == wanted
