"""What the page of an audit says, of a run small enough to count by hand."""

import csv
import json
import pathlib
import re
import shlex
from dataclasses import replace

import jax
import numpy as np
import pytest

from fer_jax.analysis import (
    audit,
    by_epoch,
    calibration,
    cases,
    closeup,
    issues,
    opinions,
    page,
    runs,
    sections,
    thumbnails,
)
from fer_jax.data import whole
from fer_jax.numerics import division, flips, gaussians, mixtures
from fer_jax.training import results

RIGHT = np.array([0.1, 0.9, 0.2, 0.8, 0.9, 0.95])


@pytest.fixture
def case(made):
    """The run of conftest, its labels being right with RIGHT: order 0 2 3 1 4 5."""
    return replace(cases.read(made), right=RIGHT, trust=RIGHT)


def test_a_run_is_read(made):
    case = cases.read(made)
    assert case.given.tolist() == [0, 1, 2, 0, 1, 2]
    assert case.clean_labels.tolist() == [1, 1, 0, 0, -1, 2]
    assert case.wrong.tolist() == [True, False, True, False, False, False]
    assert case.networks.shape == (2, 6)
    assert case.tables[:, 5].tolist() == [2, 0, 2]
    assert case.flips.count.tolist() == [0, 0, 0, 0, 0, 2]
    assert case.scale.label == 'similarity of prediction and given label'
    assert case.judged.fits.mixture.a.shape == (3, 2, 2)
    assert ((case.right > 0) & (case.right < 1)).all()


def test_noise_in_the_summary(case):
    """Expected to be wrong: .9 + .1 + .8 + .2 + .1 + .05 = 2.15 of 6; two are known to
    be, of five."""
    found = sections.summary(case, None)
    assert found['noise']['expected_wrong'] == pytest.approx(2.15)
    assert found['noise']['rate'] == pytest.approx(2.15 / 6)
    assert found['noise']['known_rate'] == 2 / 5
    names = [block['name'] for block in found['accuracy']]
    assert names == ['network 1', 'network 2', 'mean vote']
    assert ['noise added', 'symmetric, rate 30 %, seed 0'] in found['data']
    assert ['corrections', 'none'] in found['data']


def test_a_mean_of_three_epochs_is_called_one(case):
    assert sections.summary(case, None)['mean_of'] == 'mean of the last 3 epochs'
    assert results.mean_of(1) == 'of the only epoch'
    assert results.mean_of(5) == results.mean_of(30) == 'mean of the last 5 epochs'


def test_the_page_gives_the_command_that_trains_again(case):
    run = case.run._replace(folder=pathlib.Path('runs [a]/it is'))
    found = sections.summary(replace(case, run=run), None)['next']
    commands = [shlex.split(command) for _, command in found if command]
    assert commands[1] == [
        'python',
        'launch.py',
        '--config=configs/stored.py:runs [a]/it is',
        '--config.noise.corrections=decisions.csv',
        '--workdir=runs [a]/it is-reviewed',
    ]
    assert commands[0] == ['python', 'launch.py', 'audit', '--workdir=runs [a]/it is']


@pytest.mark.parametrize(
    ('old', 'new', 'message'),
    [
        (
            'flips',
            'turns',
            'labels.csv: the header is .*; it lacks flips; remove',
        ),
        ('0.1', '1.5', 'labels.csv line 2: wanted probabilities from 0 to 1; remove'),
        ('0.1', 'x', "labels.csv line 2: 'x, 0.3'; wanted numbers; remove"),
        ('anger', '\x1b[2J', r"labels.csv line 2: '\\x1b\[2J' is no class of the run"),
        ('train-000001', 'a"', None),
        ('train-000001', '"a', 'labels.csv line 3: a quote is opened and not closed'),
        (r'\n.*', '', 'labels.csv has no rows; remove'),
        (r'\n[^\n]*\n$', '\n', 'labels.csv has 5 rows and history.npz the scores of 6'),
        (r'(?<=\n)train-000002,.*', 'train', r'line 4 has 1 fields; wanted 8'),
    ],
)
def test_a_damaged_table_of_labels_is_refused(made, old, new, message):
    path = made / 'labels.csv'
    text = path.read_bytes().decode().replace('\r\n', '\n')
    path.write_text(re.sub(old, new.replace('\\', r'\\'), text, count=1, flags=re.S))
    if message is None:
        assert runs.read(made).labels.ids[1] == 'a"'
        return
    with pytest.raises(whole.Damaged, match=message) as error:
        runs.read(made)
    assert str(error.value).isprintable()


def test_the_page_says_what_corrections_did(case):
    done = {'corrections_sha256': 'f', 'corrections': {'changed': 1234, 'dropped': 0}}
    run = case.run._replace(result=case.run.result | done)
    found = sections.summary(replace(case, run=run), None)['data']
    assert ['corrections', '1,234 labels changed, 0 dropped'] in found


def test_what_cannot_be_trusted_is_said(case):
    """Classes 0, 1 and 2 are given; accuracies of .8 on the test set and of .62 on the
    training set make a rate of about .2, those of 1 the least that is looked for."""
    rows = [{'test/accuracy': 0.8, 'train/accuracy': 0.62} for _ in range(2)]
    fine = replace(
        case,
        rate=calibration.rate_of_run(rows, 7),
        suggested=np.array([0, 1, 2, 0, 1, 2]),
    )
    [said, assumed] = fine.doubts()
    assert assumed.startswith('The estimate takes the test faces to be like')
    share = (0.8 - 0.62) / (0.8 - 0.2 / 6)
    assert said.startswith(
        f'{100 * share:.1f} % of the labels are estimated to be wrong;'
        f' {100 * share / 3:.1f} to 38.0 % is possible.'
    )
    [*_, said] = replace(fine, suggested=np.array([1, 1, 1, 1, 0, 1])).doubts()
    assert said.startswith(f'Never suggested: {case.class_names[2]}. ')
    learned = [{'test/accuracy': 0.8, 'train/accuracy': 1.0} for _ in range(2)]
    [*_, said] = replace(fine, rate=calibration.rate_of_run(learned, 7)).doubts()
    assert said.startswith('The estimated noise rate, 1 %, is the lower end')
    told = replace(fine, rate=calibration.rate_of_run(learned, 7, 0.3))
    [said] = told.doubts()
    assert said.startswith('The rate of 30 % was given. By itself: 1.0 % of')
    assert replace(fine, right=np.full(6, 0.9)).doubts()[2:] == [issues.IN_DOUBT]
    assert replace(told, right=np.full(6, 0.9)).doubts()[1:] == [issues.NONE]


def test_a_list_of_a_run_is_never_empty(made):
    """Of six labels the estimate, 1 %, leaves none below .5: the first is listed."""
    case = cases.read(made)
    assert case.rate.estimate == 0.01
    written = [path.name for path in case.save(made)]
    assert written == ['audit.html', 'issues.json', 'labels.csv']
    found = json.loads((made / 'issues.json').read_text())
    assert found['in_doubt']
    unsaid = {*case.given} - {*case.suggested}
    assert found['never_suggested'] == [case.class_names[c] for c in sorted(unsaid)]
    assert 'first of the order' in found['listed']
    [one] = found['issues']
    assert one['row'] == case.order[0]
    with (made / 'labels.csv').open() as file:
        rows = list(csv.DictReader(file))
    right = [float(row['probability_right']) for row in rows]
    np.testing.assert_allclose(right, case.right, rtol=1e-5)
    assert [int(row['rank']) for row in rows] == case.rank.tolist()
    assert [float(row['posterior_1']) for row in rows] == [
        0.1,
        0.2,
        0.9,
        0.9,
        0.95,
        0.99,
    ]
    np.testing.assert_array_equal(cases.read(made).networks, case.networks)


def test_somebody_knows_the_rate(made):
    case = cases.read(made, rate=0.25)
    assert (1 - case.right).mean() == pytest.approx(0.25)
    assert sections.summary(case, None)['noise']['rate_was_given']
    for rate in (0, 1, 30):
        with pytest.raises(ValueError, match=f'rate={rate}; wanted a share'):
            cases.read(made, rate=rate)


def test_columns_are_sorted_by_trust(case):
    found = sections.labels(case)
    ids = json.loads(found['ids'].tobytes())
    assert ids == [case.ids[i] for i in (0, 2, 3, 1, 4, 5)]
    assert found['given'].tolist() == [0, 2, 0, 1, 1, 2]
    assert found['clean_labels'].tolist() == [1, 0, 0, 1, -1, 2]
    assert found['networks'][1, 0] == round(0.3 * 65535)
    assert found['flips'].tolist() == [0, 0, 0, 0, 0, 2]
    assert found['final'].tolist() == found['given'].tolist()


def test_detection_by_hand(case):
    """The two wrong labels are the two least trusted: nothing is better."""
    found = sections.noise(case)['detection']
    assert (found['known'], found['wrong'], found['rate']) == (5, 2, 0.4)
    assert found['auroc'] == found['average_precision'] == 1
    assert found['precision_at_true_count'] == 1
    assert found['false_negative_rate'] == 0
    unknown = replace(case, clean_labels=np.full(6, -1))
    assert sections.noise(unknown)['detection'].startswith('No clean label is known')
    assert sections.noise(unknown)['transitions']['counted'] is None


def test_epochs_by_hand(case):
    """Means of Beta(2, 6) and Beta(6, 2): 1/4 and 3/4. Network 2 never had a valid fit,
    and one of its fits failed, after epoch 2."""
    found = by_epoch.epochs(case)
    np.testing.assert_allclose(found['separation'][:, 0], 0.5)
    assert np.isnan(found['separation'][:, 1]).all()
    assert found['fallbacks'] == [(2, 2)]
    assert found['histogram']['counts'].shape == (3, 2, opinions.BINS)
    assert (found['histogram']['counts'].sum(axis=-1) == 6).all()
    parts = found['histogram']['parts']
    assert {name: int(part[0, 0].sum()) for name, part in parts.items()} == {
        'right': 3,
        'wrong': 2,
        'unknown': 1,
    }
    drawn = found['histogram']['density']['values']
    assert not drawn[:, 1].any()
    # a share of the labels each, spread over bins of 1/40: the sum over 160 points
    areas = drawn[0, 0].sum(axis=-1) / 160 * opinions.BINS
    np.testing.assert_allclose(areas, [0.3 * 6, 0.7 * 6], rtol=1e-3)


def test_relabelling_by_hand(case):
    found = by_epoch.relabels(case)
    assert (found['flips'], found['returns'], found['unsettled']) == (2, 1, 1)
    assert found['changed'] == 0
    assert found['by_flips'] == [5, 0, 1, 0, 0, 0, 0]
    assert found['by_epoch']['flips'] == [0, 1, 1]
    assert found['unstable']['rows'].tolist() == [5]
    assert found['unstable']['labels'].tolist() == [[2, 2, 0, 2]]
    never = flips.begin(case.given, len(case.class_names))
    still = replace(case, tables=case.tables[[0, 0, 0]], flips=never)
    assert by_epoch.relabels(still) == 'resup changed no label in this run.'
    assert 'final' not in sections.labels(still)


def test_losses_point_the_other_way():
    """exp(-loss) is the probability of the label; of a loss's two components the one of
    larger mean is that of the wrong labels."""
    loss = np.log([[[1.0, 2.0, 4.0]]])
    scale = opinions.SCALES['loss']
    np.testing.assert_allclose(scale.opinion(loss[0]), [[1, 0.5, 0.25]])
    fits = division.Fitted(
        gaussians.Mixture(
            *np.float32([[[[0.2, 0.7]]], [[[0.01, 0.04]]], [[[0.6, 0.4]]]])
        ),
        span=np.float32([[[0.0, 2.0]]]),
        ready=np.array([[True]]),
        rejected=np.array([[0]]),
    )
    fits = opinions.right_last(fits, rising=False)
    np.testing.assert_allclose(fits.mixture.mean, [[[0.7, 0.2]]])
    drawn = opinions.histogram(2 * loss, scale)
    x, y = opinions.curves(fits, drawn, np.zeros(3, int))
    assert x[y[0, 0, 0].argmax()] == pytest.approx(2 * 0.7, abs=0.02)


def test_mixtures_by_class_are_drawn_as_their_sum():
    """Two classes of 30 and 10 labels, uniform densities of shares (.2, .8) and
    (.6, .4) over [0, 1]: of 40 labels in ten bins each bin has .2 3 + .6 1 = 1.2 wrong
    and .8 3 + .4 1 = 2.8 right ones. Beta(1, 1) and Beta(3, 1) have means .25 apart; a
    class without a fit does not count."""
    flat = mixtures.Mixture(
        a=np.ones((1, 1, 2, 2), np.float32),
        b=np.ones((1, 1, 2, 2), np.float32),
        share=np.float32([[[[0.2, 0.8], [0.6, 0.4]]]]),
    )
    fits = division.Fitted(
        flat,
        span=np.tile(np.float32([0, 1]), (1, 1, 2, 1)),
        ready=np.ones((1, 1, 2), bool),
        rejected=np.array([[[0, 0]]]),
    )
    drawn = opinions.Histogram(
        np.linspace(0, 1, 11, dtype=np.float32), np.full((1, 1, 10), 4, np.int32), {}
    )
    given = np.repeat([0, 1], [30, 10])
    _, y = opinions.curves(fits, drawn, given)
    np.testing.assert_allclose(y[0, 0, 0], 1.2, rtol=1e-5)
    np.testing.assert_allclose(y[0, 0, 1], 2.8, rtol=1e-5)
    apart = flat._replace(a=np.float32([[[[1, 3], [1, 3]]]]))
    later = fits._replace(mixture=apart, ready=np.array([[[True, False]]]))
    np.testing.assert_allclose(opinions.separation(later, given), [[0.25]], rtol=1e-6)
    refused = jax.tree.map(lambda *e: np.concatenate(e), later, later)
    refused.rejected[1, 0, 1] = 1
    assert opinions.fallbacks(refused) == [(2, 1)]


@pytest.mark.parametrize('name', opinions.SCALES)
def test_labels_without_a_score_are_in_no_bin(name):
    """Those that a run left out have none; they are believed in nothing."""
    scores = np.array([[[0.2, np.nan, 0.7]]], np.float32)
    scale = opinions.SCALES[name]
    assert opinions.histogram(scores, scale).counts.sum() == 2
    assert scale.opinion(scores[0])[0, 1] == 0


def test_a_signal_without_words_is_ranked():
    """Of four scores the places are 1/4 to 1, from the other end where they fall; a
    histogram takes in nearly all of them."""
    scores = np.array([[-8.0, 5.0, 300.0, 7.0]])
    scale = opinions.scale('margin', rising=True)
    np.testing.assert_allclose(scale.opinion(scores), [[0.25, 0.5, 1, 0.75]])
    assert scale.label == 'margin'
    falling = opinions.scale('margin', rising=False)
    np.testing.assert_allclose(falling.opinion(scores), [[0.75, 0.5, 0, 0.25]])
    drawn = opinions.histogram(scores[None], scale)
    assert drawn.counts.sum() == 4
    assert drawn.edges[0] < -7
    assert drawn.edges[-1] > 290


def test_likeness_by_hand():
    scores = np.array([[[1.0, 2, 3], [2, 4, 6]], [[1, 2, 3], [3, 2, 1]]])
    np.testing.assert_allclose(opinions.likeness(scores), [1, -1], atol=1e-6)


def test_predictions_of_two_networks_by_hand():
    """Cosines of (1, 0) with (1, 0), (0, 1) and (.6, .8): 1, 0 and .6; the same class
    for the first of three."""
    one = [[1, 0], [1, 0], [1, 0]]
    found = closeup.alike_probs(np.array([one, [[1, 0], [0, 1], [0.6, 0.8]]]), bins=4)
    assert found['probs']['counts'].tolist() == [1, 0, 1, 1]
    assert found['same'] == pytest.approx(1 / 3)


def test_the_most_and_the_least_trusted_of_each_class(case):
    """Of the last epoch's weights, larger for larger similarity: of class 0 example 3
    before example 0; their rows are 2 and 0."""
    found = closeup.weighted(case)
    assert found['most']['rows'].tolist()[:2] == [2, 0]
    assert found['least']['rows'].tolist()[:2] == [0, 2]
    assert found['most']['weights'][0] > found['most']['weights'][1]


def test_suspects_have_another_suggestion(case):
    """Only the label of example 0 is not what the networks say."""
    assert closeup.suspects(case).tolist() == [0]


def test_a_map_over_a_face():
    """Half the face, half the colour: dark where nothing is seen."""
    face = np.full((96, 96, 3), 200, np.uint8)
    drawn = thumbnails.heated(face, np.array([[0.0, 1.0], [0.0, 1.0]]))
    assert drawn.shape == (96, 96, 3)
    assert drawn[48, 0].max() <= 103
    assert drawn[48, 95].min() > 150
    assert len(thumbnails.small(np.zeros((224, 224, 3), np.uint8))) < 1000


def test_what_is_missing_is_said(case):
    gone = replace(case, data='The pictures could not be read: gone.')
    found = audit.gather(gone, which=None)
    assert found['pictures'] == gone.data
    assert found['networks']['space'] == closeup.LEFT_OUT
    assert closeup.networks(gone, 'last')['cam'].startswith('No look at the faces')


def test_pictures_are_of_the_least_trusted(case):
    """Two suspects; trust by class and the history show the rest, once each."""
    found = sections.pictures(case, np.arange(2), [np.array([1, 5]), np.array([5])])
    assert found['rows'].tolist() == [0, 1, 5]
    assert len(found['ends']) == 3
    assert found['bytes'][8:12].tobytes() == b'WEBP'
    assert found['rule'].startswith('the 2 most suspicious labels have one')


def test_another_set_is_refused(made, tmp_path):
    result = json.loads((made / 'result.json').read_text())
    (made / 'result.json').write_text(json.dumps(result | {'dataset_digest': 'other'}))
    assert 'not the set' in cases.read(made).data
    with pytest.raises(ValueError, match='is not the set that the run learned from'):
        cases.read(made, result['config']['data']['dir'])


def test_arrays_travel_whole():
    """Bytes with the lowest first; NaN, which JSON lacks, becomes null."""
    import base64
    import gzip

    found = page.packed({'a': np.array([[1, 258]], '>u2'), 'b': [np.float32('nan')]})
    assert found['a']['shape'] == [1, 2]
    raw = gzip.decompress(base64.b64decode(found['a']['gzip']))
    assert raw == bytes([1, 0, 2, 1])
    assert found['b'] == [None]
    with pytest.raises(ValueError, match='dtype float64'):
        page.packed(np.zeros(2))


def test_a_run_never_fails_by_its_audit(made):
    assert 'which labels are wrong' in audit.in_passing(made)
    (made / 'labels.csv').unlink()
    assert f'{made}: no audit.html (Missing' in audit.in_passing(made)
