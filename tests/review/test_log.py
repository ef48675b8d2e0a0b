"""The log of a review: what holds after acts, undos, restarts and hostile lines."""

import json

import pytest

from fer_jax.review import log as logs

IDS = ('a', 'b', 'c,"d\n', 'e')
NAMES = ('anger', 'fear', 'joy')
DIGEST = 'a' * 64


@pytest.fixture
def opened(tmp_path):
    """opened(): the log of tmp_path, after the one before was closed."""
    found = []

    def open_log(digest=DIGEST):
        for one in found:
            one.close()
        found.append(logs.Log(tmp_path / 'log.jsonl', digest, IDS, NAMES))
        return found[-1]

    yield open_log
    for one in found:
        one.close()


def held(log):
    return {one.id: (one.decision, one.labels) for one in log.decisions()}


def test_the_last_decision_holds(opened):
    log = opened()
    log.decide(['a', 'b'], 'relabel', [1], reviewer='x')
    log.decide(['b', 'c,"d\n'], 'ambiguous', [2, 0], reviewer='y', sample=True)
    log.decide(['e'], 'keep', reviewer='x')
    assert log.decide(['e'], logs.FORGET, reviewer='x') == 5
    wanted = {
        'a': ('relabel', (1,)),
        'b': ('ambiguous', (2, 0)),
        'c,"d\n': ('ambiguous', (2, 0)),
    }
    assert held(log) == wanted
    assert log.decision_of('b').reviewer == 'y'
    assert log.decision_of('b').sample
    assert log.since(3) == {'e'}
    again = opened()
    assert held(again) == wanted
    assert again.csv() == log.csv()
    assert again.count == 5


def test_undo_and_redo_over_restarts(opened):
    """Of the reviewer's own acts, the last one first; a new decision ends redoing."""
    log = opened()
    log.decide(['a'], 'keep', reviewer='x')
    log.decide(['a'], 'drop', reviewer='x')
    log.decide(['b'], 'drop', reviewer='y')
    assert log.undo('x') == 3
    assert held(log) == {'a': ('keep', ()), 'b': ('drop', ())}
    log = opened()
    assert log.undo('x') == 2
    assert log.undo('x') is None
    assert held(log) == {'b': ('drop', ())}
    log = opened()
    assert [log.redo('x'), log.redo('x'), log.redo('x')] == [2, 3, None]
    assert held(log) == {'a': ('drop', ()), 'b': ('drop', ())}
    log.undo('x')
    log.decide(['e'], 'keep', reviewer='x')
    assert log.redo('x') is None
    assert held(opened()) == {'a': ('keep', ()), 'b': ('drop', ()), 'e': ('keep', ())}


def test_a_cut_line_is_dropped(opened, tmp_path):
    """At whichever byte: what was whole before holds, and the log goes on."""
    log = opened()
    log.decide(['a'], 'keep', reviewer='x')
    whole = (tmp_path / 'log.jsonl').stat().st_size
    log.decide(['b'], 'drop', reviewer='x')
    data = (tmp_path / 'log.jsonl').read_bytes()
    for end in range(whole, len(data), 7):
        (tmp_path / 'log.jsonl').write_bytes(data[:end])
        log = opened()
        assert held(log) == {'a': ('keep', ())}
        log.decide(['e'], 'keep', reviewer='x')
        assert held(opened()) == {'a': ('keep', ()), 'e': ('keep', ())}


GOOD = {
    'act': 'decide',
    'ids': ['a'],
    'decision': 'keep',
    'labels': [],
    'sample': False,
    'reviewer': 'x',
    'time': '2026-01-01T00:00:00Z',
}


@pytest.mark.parametrize(
    ('line', 'said'),
    [
        ('no json', 'line 2 is no whole JSON'),
        ('[' * 5000, 'line 2 is nested too deep'),
        (b'\xff\xfe\xfa', 'line 2 is no JSON'),
        ('{}', 'line 2: act is missing'),
        (GOOD | {'act': 'rm -rf'}, 'act .* wanted one of undo, redo'),
        (GOOD | {'ids': ['z']}, 'an id that the set does not have'),
        (GOOD | {'ids': ['a', 'a']}, 'ids a list of 2'),
        (GOOD | {'ids': [7]}, 'wanted a text'),
        (GOOD | {'decision': 'burn'}, 'wanted one of keep'),
        (GOOD | {'labels': ['fear']}, 'keep names 0 classes'),
        (GOOD | {'decision': 'relabel'}, 'relabel names 1 classes'),
        (GOOD | {'decision': 'relabel', 'labels': ['dread']}, 'names 1 classes'),
        (GOOD | {'decision': 'ambiguous', 'labels': ['joy']}, 'names 2 classes'),
        ({'act': 'undo', 'of': 2, 'reviewer': 'x', 'time': ''}, 'not the last one'),
    ],
)
def test_lines_that_are_none(opened, tmp_path, line, said):
    opened()
    if isinstance(line, dict):
        line = json.dumps(line)
    line = line if isinstance(line, bytes) else line.encode()
    with open(tmp_path / 'log.jsonl', 'ab') as file:
        file.write(line + b'\n')
    before = (tmp_path / 'log.jsonl').read_bytes()
    with pytest.raises(ValueError, match=said) as caught:
        opened()
    assert 'line 2' in str(caught.value)
    assert '\n' not in str(caught.value)
    assert (tmp_path / 'log.jsonl').read_bytes() == before


def test_of_another_set(opened):
    opened()
    with pytest.raises(ValueError, match='line 1: the review of another set'):
        opened('b' * 64)


def test_only_one_has_it(opened, tmp_path):
    opened()
    with pytest.raises(ValueError, match='held by another review'):
        logs.Log(tmp_path / 'log.jsonl', DIGEST, IDS, NAMES)


def test_what_cannot_be_decided_changes_nothing(opened, tmp_path):
    log = opened()
    before = (tmp_path / 'log.jsonl').read_bytes()
    for ids, decision, labels in (
        (['z'], 'keep', []), ([], 'keep', []), (['a'], 'relabel', []),
        (['a'], 'ambiguous', [1, 1]), (['a', 'a'], 'keep', []), (['a'], 'x', []),
    ):  # fmt: skip
        with pytest.raises(ValueError, match='a decision'):
            log.decide(ids, decision, labels, reviewer='x')
    assert (tmp_path / 'log.jsonl').read_bytes() == before
    assert held(log) == {}
