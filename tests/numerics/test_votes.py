"""What two networks answer together, by hand."""

import jax.numpy as jnp
import numpy as np

from fer_jax.numerics import votes

# e^0, e^0, e^ln 2 and so on: probabilities (8, 1, 1) / 10 and (1, 40, 59) / 100.
LOGITS = jnp.log(jnp.float32([[[8.0, 1.0, 1.0]], [[0.1, 4.0, 5.9]]]))


def test_the_mean_and_the_sum_of_two_networks_by_hand():
    """Mean: (.405, .25, .345). Sum: (.8, 4, 5.9) / 10.7, which is another class."""
    mean = votes.probabilities('mean', LOGITS)
    np.testing.assert_allclose(mean, [[0.405, 0.25, 0.345]], rtol=1e-5)
    total = votes.probabilities('sum', LOGITS)
    np.testing.assert_allclose(total, [[0.8 / 10.7, 4 / 10.7, 5.9 / 10.7]], rtol=1e-5)
    assert mean[0].argmax() == 0
    assert total[0].argmax() == 2


def test_one_network_alone():
    np.testing.assert_allclose(
        votes.probabilities('1', LOGITS), [[0.8, 0.1, 0.1]], 1e-5
    )
    np.testing.assert_allclose(
        votes.probabilities('2', LOGITS), [[0.01, 0.4, 0.59]], rtol=1e-5
    )


def test_the_sum_is_finite_where_every_class_is_ruled_out_by_a_network():
    sure = jnp.float32([[200.0, 0.0], [0.0, 200.0]])
    np.testing.assert_allclose(votes.probabilities('sum', sure), [0.5, 0.5])


def test_the_methods_answer_comes_first_and_once():
    assert votes.voters('1', 2) == ['1', '2', 'mean']
    assert votes.voters('mean', 2) == ['mean', '1', '2']
    assert votes.voters('sum', 2) == ['sum', '1', '2', 'mean']
    assert [votes.title(name) for name in ('sum', '2')] == ['sum vote', 'network 2']
