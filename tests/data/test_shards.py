"""A write of Restartable examples goes on behind the shards that are sealed."""

import pytest

from fer_jax.data import prepared, writing


class Source:
    """The examples of a split; `asked` are the places from which it was asked."""

    def __init__(self, examples, split, stop=None, keys=None):
        self.examples, self.stop, self.asked = [*examples], stop, []
        self.split = writing.Restartable(
            keys or [example.id for example in self.examples], self.after
        )

    def after(self, start):
        self.asked.append(start)
        for number, example in enumerate(self.examples[start:], start):
            if number == self.stop:
                raise KeyboardInterrupt
            yield example


@pytest.fixture
def source(examples):
    """source(split, count, ...) -> Source."""

    def make(split, count, **more):
        return Source(examples(count, split), split, **more)

    return make


def test_it_goes_on_and_ends_as_an_unbroken_write(write_set, source):
    """Shards of 10: stopped at 17, the first is whole; stopped at test 2, 10 + 10 + 3.

    A set from plain iterables is the same.
    """
    for stops, asked in (((17, None), [0]), ((None, 2), [10])):
        train, test = (
            source(split, count, stop=stop)
            for split, count, stop in zip(prepared.SPLITS, (23, 7), stops)
        )
        with pytest.raises(KeyboardInterrupt):
            write_set('a', splits={'train': train.split, 'test': test.split})
        assert train.asked == asked
    train, test = source('train', 23), source('test', 7)
    made = write_set('a', splits={'train': train.split, 'test': test.split})
    assert (train.asked, test.asked) == ([23], [0])
    assert made.digest == write_set('b').digest
    names = {path.name for path in made.folder.iterdir()}
    assert names == {path.name for path in (made.folder.parent / 'b').iterdir()}
    assert not [*made.folder.parent.glob('.*')]


def test_other_keys_are_other_examples(write_set, source, examples):
    """The key of example 12 changes: the first shard is taken, the second is not."""
    train = source('train', 23)
    test = source('test', 7, stop=0)
    with pytest.raises(KeyboardInterrupt):
        write_set(splits={'train': train.split, 'test': test.split})
    keys = [example.id for example in examples(23, 'train')]
    keys[12] = 'changed'
    train, test = source('train', 23, keys=keys), source('test', 7)
    write_set(splits={'train': train.split, 'test': test.split})
    assert train.asked == [10]


def test_another_recipe_is_another_write(write_set, source):
    train, test = source('train', 23), source('test', 7, stop=0)
    splits = {'train': train.split, 'test': test.split}
    with pytest.raises(KeyboardInterrupt):
        write_set(splits=splits)
    train, test = source('train', 23), source('test', 7)
    splits = {'train': train.split, 'test': test.split}
    write_set(splits=splits, recipe={'source': 'another'})
    assert train.asked == [0]


def test_left_out_examples_have_a_note_and_no_record(write_set, examples, tmp_path):
    train = [*examples(23, 'train')]
    train[3] = train[3]._replace(image=None, note=('dark: 3 lux', '3'))
    train[4] = train[4]._replace(note=('bright',))
    splits = {'train': train, 'test': examples(7, 'test')}
    made = write_set(splits=splits, listing=('lux.csv', 'reason', 'lux'))
    assert 'train/003' not in made.train.ids
    assert len(made.train.ids) == 22
    assert (tmp_path / 'set' / 'lux.csv').read_text().splitlines() == [
        'split,id,kept,reason,lux',
        'train,train/003,no,dark: 3 lux,3',
        'train,train/004,yes,bright,',
    ]
    assert prepared.manifest(made.folder)['notes'] == [
        ['train', 'no', 'dark', 1],
        ['train', 'yes', 'bright', 1],
    ]
