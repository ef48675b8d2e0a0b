"""Accuracy on the test split: the method's answer, each network, their mean."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from fer_jax.algorithms import Algorithm
from fer_jax.data.source import Source
from fer_jax.numerics import metrics, votes


def make_count(algorithm: Algorithm, source: Source, num_classes: int) -> Callable:
    """count(state, trial, stored, index, mask, tau) -> confusions [V, C, C] int32.

    Row = true label, column = predicted; one of each of votes.voters, the method's
    answer first. Padding is masked. With tau > 0 [] they answer by adjusted
    probabilities, what they seldom said in training counting for more.
    """

    def count(state, trial, stored, index, mask, tau):
        images = source.plain(stored)
        logits = algorithm.predict(state.params, state.stats, images).logits
        names = votes.voters(algorithm.answer, len(logits))
        probs = jnp.stack([votes.probabilities(name, logits) for name in names])
        prior = jnp.mean(state.evidence, axis=0)
        predicted = jnp.argmax(votes.adjusted(probs, prior, tau), axis=-1)
        true = trial.test_labels[index]
        return jax.vmap(lambda p: metrics.confusion(p, true, mask, num_classes))(
            predicted
        )

    return count


def summary(confusions: np.ndarray, answer: str = '1') -> dict[str, float]:
    """{name: value} of confusion matrices [V, C, C], in the order of votes.voters.

    `accuracy` and its kin are those of the method's answer: of network 1, which ReSup
    keeps for use, unless the method says otherwise; `accuracy_2` is network 2's,
    `accuracy_mean` that of the mean vote.
    """
    first, *others = confusions
    _, *names = votes.voters(answer, len(confusions) - 1 - (answer == 'sum'))
    values = {
        'accuracy': metrics.accuracy(first),
        'balanced_accuracy': metrics.balanced_accuracy(first),
        'macro_f1': metrics.macro_f1(first),
    }
    if len(others) > 1:  # of one network the mean is the same
        for name, confusion in zip(names, others, strict=True):
            values[f'accuracy_{name}'] = metrics.accuracy(confusion)
    return {name: float(value) for name, value in values.items()}
