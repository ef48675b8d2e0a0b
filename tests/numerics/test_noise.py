"""Label noise: matrices by hand, rates within four sigma, lists that never change."""

import numpy as np
import pytest

from fer_jax.numerics import noise

NAMES = ('surprise', 'fear', 'disgust', 'happiness', 'sadness', 'anger', 'neutral')


def generator(key=0):
    return np.random.Generator(np.random.Philox(key))


def test_symmetric_by_hand():
    """r = .3 over 4 classes: .7 stays, .1 goes to each of the 3 others."""
    expected = np.full((4, 4), 0.1) + 0.6 * np.eye(4)
    np.testing.assert_allclose(noise.transition('symmetric', 0.3, 4), expected)


def test_inclusive_by_hand():
    """r = .4 over 4 classes: .1 to every class, so .7 stays: 3 / 4 of r is wrong."""
    t = noise.transition('symmetric', 0.4, 4, inclusive=True)
    np.testing.assert_allclose(t, np.full((4, 4), 0.1) + 0.6 * np.eye(4))


def test_pair_by_hand():
    expected = [[0.8, 0.2, 0.0], [0.0, 0.8, 0.2], [0.2, 0.0, 0.8]]
    np.testing.assert_allclose(noise.transition('pair', 0.2, 3), expected)


def test_asymmetric_fer_by_hand():
    """Fear: half of it is wrong, 1 / 12 to each of the 6 others; happiness stays."""
    t = noise.transition('asymmetric_fer', None, 7, class_names=NAMES)
    np.testing.assert_allclose(np.diag(t), [0.9, 0.5, 0.7, 1.0, 0.6, 0.8, 1.0])
    fear = np.full(7, 1 / 12)
    fear[1] = 0.5
    np.testing.assert_allclose(t[1], fear)
    np.testing.assert_array_equal(t[3], np.eye(7)[3])


def test_asymmetric_fer_follows_the_names_not_the_order():
    t = noise.transition('asymmetric_fer', 0, 7, class_names=NAMES[::-1])
    np.testing.assert_allclose(np.diag(t), [1.0, 0.8, 0.6, 1.0, 0.7, 0.5, 0.9])


CIFAR10 = (
    'airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship',
    'truck',
)  # fmt: skip


def test_asymmetric_cifar_by_hand():
    """Of five classes of CIFAR-10 four tenths are taken for what they resemble."""
    t = noise.transition('asymmetric_cifar', 0.4, 10, class_names=CIFAR10)
    np.testing.assert_allclose(np.diag(t), [1, 1, 0.6, 0.6, 0.6, 0.6, 1, 1, 1, 0.6])
    for wrong, taken in ((9, 1), (2, 0), (4, 7), (3, 5), (5, 3)):
        assert t[wrong, taken] == 0.4
    np.testing.assert_allclose(t.sum(axis=1), 1)


def test_asymmetric_cifar_of_a_hundred_classes_goes_round_in_fives():
    t = noise.transition('asymmetric_cifar', 0.4, 100)
    np.testing.assert_allclose(np.diag(t), 0.6)
    for wrong, taken in ((0, 1), (3, 4), (4, 0), (95, 96), (99, 95)):
        assert t[wrong, taken] == 0.4


@pytest.mark.parametrize('names', [None, [f'class{n}' for n in range(10)]])
def test_asymmetric_cifar_is_for_cifar(names):
    with pytest.raises(ValueError, match='got 10 others; use a matrix instead'):
        noise.transition('asymmetric_cifar', 0.4, 10, class_names=names)
    with pytest.raises(ValueError, match='got 7 others'):
        noise.transition('asymmetric_cifar', 0.4, 7, class_names=NAMES)


def test_a_given_matrix_is_returned_as_it_is():
    matrix = [[0.5, 0.5], [0.1, 0.9]]
    np.testing.assert_array_equal(
        noise.transition('matrix', None, 2, matrix=matrix), matrix
    )


@pytest.mark.parametrize('kind', ['symmetric', 'pair'])
@pytest.mark.parametrize('rate', [0.0, 0.3, 0.99])
def test_rows_are_probabilities(kind, rate):
    t = noise.transition(kind, rate, 7)
    assert t.dtype == np.float64
    assert (t >= 0).all()
    np.testing.assert_allclose(t.sum(axis=1), 1.0)


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (
            ('symmetric', 30, 7),
            r'noise rate is a fraction in \[0, 1\), got 30; for 30 % write 0.3',
        ),
        (('symmetric', -0.1, 7), r'fraction in \[0, 1\), got -0.1$'),
        (('symmetric', None, 7), 'got None$'),
        (('symmetric', float('nan'), 7), 'got nan$'),
        (('symmetric', 0.3, 1), 'at least 2 classes, got 1'),
        (('symetric', 0.3, 7), "unknown noise kind 'symetric'; there are: symmetric"),
        (('asymmetric_fer', 0.3, 7), 'has its own rates, got rate 0.3: set it to 0'),
        (('asymmetric_fer', 0, 10), 'got no class names; use a matrix'),
        (('matrix', 0, 3), r'needs a \(3, 3\) matrix, got None'),
    ],
)
def test_errors_say_what_was_wanted(arguments, message):
    with pytest.raises(ValueError, match=message):
        noise.transition(*arguments)


def test_unknown_expressions_are_refused():
    with pytest.raises(ValueError, match='contempt'):
        noise.transition('asymmetric_fer', 0, 8, class_names=(*NAMES, 'contempt'))


@pytest.mark.parametrize('matrix', [[[0.5, 0.4], [0, 1]], [[1.5, -0.5], [0, 1]]])
def test_a_matrix_of_no_probabilities_is_refused(matrix):
    with pytest.raises(ValueError, match='sum to 1'):
        noise.transition('matrix', 0, 2, matrix=matrix)


def test_inclusive_belongs_to_symmetric_noise():
    with pytest.raises(ValueError, match='inclusive is for symmetric noise'):
        noise.transition('pair', 0.2, 3, inclusive=True)


@pytest.mark.parametrize('label', [-1, 7])
def test_labels_outside_the_classes_are_refused(label):
    t = noise.transition('symmetric', 0.3, 7)
    with pytest.raises(ValueError, match=r'labels lie in \[0, 7\)'):
        noise.corrupt([0, label], t, generator=generator())


def test_a_key_gives_this_list_for_ever():
    """A literal vector: experiments stay comparable only while it stands."""
    labels = np.arange(20) % 4
    t = noise.transition('symmetric', 0.5, 4)
    drawn = noise.corrupt(labels, t, generator=generator(7))
    exact = noise.corrupt(labels, t, generator=generator(7), exact=True)
    assert drawn.dtype == exact.dtype == np.int32
    assert ''.join(map(str, drawn)) == '01210113022300003123'
    assert ''.join(map(str, exact)) == '21211213033200003123'


@pytest.mark.parametrize('inclusive', [False, True])
def test_independent_draws_have_the_rates_of_the_matrix(inclusive):
    """Counts of each cell lie within 4 sigma of the binomial n T (1 - T)."""
    n, t = 20_000, noise.transition('symmetric', 0.3, 5, inclusive=inclusive)
    labels = np.arange(5 * n) % 5
    given = noise.corrupt(labels, t, generator=generator(3))
    sigma = np.sqrt(n * t * (1 - t))
    assert (np.abs(noise.realised(labels, given, 5) - n * t) < 4 * sigma).all()


def test_classes_of_probability_zero_are_never_drawn():
    """Not even where the row sums to a little less than 1, at its end."""
    t = np.array([[0.3 - 1e-9, 0.7, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    labels = np.arange(30_000) % 3
    counts = noise.realised(labels, noise.corrupt(labels, t, generator=generator(1)), 3)
    np.testing.assert_array_equal(counts[t == 0], 0)


@pytest.mark.parametrize('rate', [0.1, 0.3, 0.5])
def test_exact_noise_changes_that_many_of_each_class(rate):
    """RAF-DB's counts: round(r n_c) change, spread over the others to within one."""
    sizes = np.array([1290, 281, 717, 4772, 1982, 705, 2524])
    labels = np.repeat(np.arange(7), sizes)
    t = noise.transition('symmetric', rate, 7)
    given = noise.corrupt(labels, t, generator=generator(), exact=True)
    counts = noise.realised(labels, given, 7)
    wrong = sizes - np.diag(counts)
    np.testing.assert_array_equal(wrong, np.floor(rate * sizes + 0.5))
    others = counts[~np.eye(7, dtype=bool)].reshape(7, 6)
    assert (np.ptp(others, axis=1) <= 1).all()


def test_exact_noise_in_tiny_classes_rounds_half_up_and_hits_random_classes():
    """n_c = 1 and r = .5: round(.5) = 1 changes, to any of the other classes."""
    t = noise.transition('symmetric', 0.5, 4)
    hit = [
        int(noise.corrupt([0], t, generator=generator(k), exact=True)[0])
        for k in range(40)
    ]
    assert set(hit) == {1, 2, 3}


def test_exact_noise_chooses_its_rows_at_random():
    """Of 200 rows, 100 change: first and last halves share them, 50 +- 4 * 3.5."""
    t = noise.transition('pair', 0.5, 2)
    given = noise.corrupt(np.zeros(200, int), t, generator=generator(5), exact=True)
    assert given.sum() == 100
    assert 36 <= given[:100].sum() <= 64


def test_no_noise_changes_nothing_and_the_labels_stay_untouched():
    labels = np.array([2, 0, 1, 1])
    before = labels.copy()
    for exact in (False, True):
        t = noise.transition('symmetric', 0.0, 3)
        given = noise.corrupt(labels, t, generator=generator(), exact=exact)
        np.testing.assert_array_equal(given, before)
    np.testing.assert_array_equal(labels, before)


def test_an_empty_list_stays_empty():
    t = noise.transition('symmetric', 0.3, 3)
    assert noise.corrupt([], t, generator=generator()).shape == (0,)


def test_realised_by_hand():
    counts = noise.realised([0, 0, 1, 2], [0, 1, 1, 0], 3)
    np.testing.assert_array_equal(counts, [[1, 1, 0], [0, 1, 0], [1, 0, 0]])
