"""Two reviewers' decisions: kappa by hand, and what is settled."""

import csv
import math

import pytest

import launch
from fer_jax.data import corrections, prepared
from fer_jax.data.corrections import Decision
from fer_jax.review import agreement


def test_kappa_by_hand():
    """Cohen's table 20 5 / 10 15 of 50: alike .7; by chance .5 x .6 + .5 x .4 = .5."""
    first = ['yes'] * 25 + ['no'] * 25
    second = ['yes'] * 20 + ['no'] * 5 + ['yes'] * 10 + ['no'] * 15
    assert agreement.kappa(first, second) == pytest.approx(0.4)
    assert agreement.kappa(first, first) == 1
    assert math.isnan(agreement.kappa(['yes'], ['yes']))


def test_what_comes_out_counts():
    """Relabelling to the given class is keeping; two classes have no order."""
    given = dict.fromkeys('abcdef', 0)
    first = [
        Decision('a', 'keep'),
        Decision('b', 'ambiguous', (0, 1)),
        Decision('c', 'drop'),
        Decision('d', 'keep'),
        Decision('e', 'drop'),
    ]
    second = [
        Decision('f', 'relabel', (1,)),
        Decision('d', 'relabel', (1,)),
        Decision('c', 'drop'),
        Decision('b', 'ambiguous', (1, 0)),
        Decision('a', 'relabel', (0,)),
    ]
    merged = agreement.merge(first, second, given)
    assert [one.id for one in merged.settled] == ['a', 'b', 'c', 'e', 'f']
    assert merged.differing == [(first[3], second[1])]
    assert merged.both == 4
    assert merged.agreement == 0.75
    # first: 0 0 either none; second: 0 1 either none: alike 3/4, chance 4/16
    assert merged.kappa == pytest.approx((0.75 - 0.25) / 0.75)


def test_the_command(faces, tmp_path, capsys):
    data = prepared.load(faces)
    ids, names = data.train.ids[:3].tolist(), data.class_names
    given = int(data.train.labels[1])
    other = (given + 1) % len(names)
    files = [tmp_path / 'a.csv', tmp_path / 'b.csv']
    texts = [
        [Decision(ids[0], 'drop', (), 'anna'), Decision(ids[1], 'keep', (), 'anna')],
        [
            Decision(ids[0], 'drop', (), 'bo'),
            Decision(ids[1], 'relabel', (other,), 'bo'),
        ],
    ]
    for path, decisions in zip(files, texts):
        path.write_text(corrections.text(decisions, names))
    words = ['launch.py', 'review', '--merge', *map(str, files)]
    assert launch.main([*words, f'--data={faces}', f'--out={tmp_path}/out']) == 0
    assert (
        "both decided 2 labels: 50.0 % alike, Cohen's kappa" in capsys.readouterr().out
    )
    settled = corrections.read(tmp_path / 'out/decisions.csv', data.train.ids, names)
    assert settled == texts[0][:1]
    with (tmp_path / 'out/disagreements.csv').open() as file:
        (row,) = csv.DictReader(file)
    assert row['id'] == ids[1]
    assert [row['label_1'], row['label_2']] == [names[given], names[other]]
    assert launch.main([*words, f'--out={tmp_path}/out']) == 2
    assert 'needs --data=FOLDER' in capsys.readouterr().err
