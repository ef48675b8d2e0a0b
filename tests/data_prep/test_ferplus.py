import numpy as np
import pytest

from data_prep import ferplus


def row(**votes):
    return [votes.get(name, 0) for name in ferplus.COLUMNS]


def decided(rule, **votes):
    labels, reasons = ferplus.decide(np.array([row(**votes)]), rule)
    name = ferplus.RULES[rule][labels[0]] if labels[0] >= 0 else None
    return name, str(reasons[0])


def test_single_votes_are_zeroed_before_the_majority_is_taken():
    """5, 3, 1, 1: the singles go; 5 of 8 is more than half, 5 of 10 would not be."""
    votes = dict(neutral=5, sadness=3, anger=1, fear=1)
    assert decided('majority8', **votes) == ('neutral', '')


def test_half_of_the_remaining_votes_is_no_majority():
    """4, 4, 1, 1 leaves 4 of 8; 4, 2, 2, 1, 1 leaves 4 of 8; 4, 3 leaves 4 of 7."""
    for votes in (
        dict(fear=4, surprise=4, anger=1, disgust=1),
        dict(fear=4, surprise=2, anger=2, disgust=1, sadness=1),
    ):
        assert decided('majority8', **votes) == (None, 'no majority')
    assert decided('majority8', fear=4, surprise=3) == ('fear', '')


def test_unknown_and_not_a_face_hold_votes_and_are_dropped_when_they_win():
    """unknown 4 keeps happiness 4 from more than half of 8."""
    assert decided('majority8', unknown=6, anger=4) == (None, 'unknown')
    assert decided('majority8', NF=10) == (None, 'NF')
    assert decided('majority8', happiness=4, unknown=4) == (None, 'no majority')


def test_ten_single_votes_leave_nothing():
    votes = dict.fromkeys(ferplus.COLUMNS, 1)
    assert decided('majority8', **votes) == (None, 'no majority')
    assert decided('plurality', **votes) == (None, 'no vote left')


def test_contempt_is_a_class_of_eight_only():
    assert decided('majority8', contempt=7, anger=3) == ('contempt', '')
    assert decided('majority7', contempt=7, anger=3) == (None, 'contempt')


def test_plurality_takes_the_most_votes_of_an_emotion_and_drops_ties():
    """4, 3, 2, 1: 4 of 9 is no majority; unknown is not counted; 3, 3 is a tie."""
    votes = dict(sadness=4, neutral=3, fear=2, anger=1)
    assert decided('majority8', **votes) == (None, 'no majority')
    assert decided('plurality', **votes) == ('sadness', '')
    assert decided('plurality', unknown=6, neutral=3, anger=1) == ('neutral', '')
    assert decided('plurality', neutral=3, anger=3, fear=2) == (None, 'tie')


@pytest.mark.parametrize('rule', ferplus.RULES)
def test_labels_are_places_in_the_rules_classes(rule):
    votes = np.array([row(**{name: 10}) for name in ferplus.RULES[rule]])
    labels, reasons = ferplus.decide(votes, rule)
    np.testing.assert_array_equal(labels, np.arange(len(ferplus.RULES[rule])))
    assert labels.dtype == np.int32
    assert not reasons.astype(bool).any()
