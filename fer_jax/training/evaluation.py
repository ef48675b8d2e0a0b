"""Accuracy on the test split: each network and the mean of their probabilities."""

import jax
import jax.numpy as jnp
import numpy as np

from fer_jax.numerics import metrics


def make_count(algorithm, prepare, labels, num_classes):
    """count(state, images, index, mask) -> confusion matrices [P + 1, C, C] int32.

    Row = true label, column = predicted; the last matrix is the mean vote, the class
    of the largest mean probability. Padding is masked. `labels` [N] int32 are the clean
    ones of the split, on the host.
    """

    def count(state, images, index, mask):
        prediction = algorithm.predict(state.params, state.stats, prepare(images))
        probs = jax.nn.softmax(prediction.logits)
        voters = jnp.concatenate([probs, jnp.mean(probs, axis=0, keepdims=True)])
        predicted = jnp.argmax(voters, axis=-1)
        true = jnp.asarray(labels)[index]
        return jax.vmap(lambda p: metrics.confusion(p, true, mask, num_classes))(
            predicted
        )

    return count


def evaluate(count, state, batches):
    """Confusion matrices [P + 1, C, C] over all of `batches`, on the host.

    Args:
      count: from make_count.
      batches: padded ones with 'images', 'index' and 'mask'.
    """
    total = 0
    for batch in batches:
        found = count(state, batch['images'], batch['index'], batch['mask'])
        total = total + np.asarray(jax.device_get(found), np.int64)
    return total


def summary(confusions):
    """{name: value} of confusion matrices [P + 1, C, C].

    `accuracy` and its kin are those of network 1, the one that ReSup keeps for use;
    `accuracy_2` is network 2's, `accuracy_mean` that of the mean vote.
    """
    first, *others, mean = confusions
    found = {
        'accuracy': metrics.accuracy(first),
        'balanced_accuracy': metrics.balanced_accuracy(first),
        'macro_f1': metrics.macro_f1(first),
    }
    for number, confusion in enumerate(others, start=2):
        found[f'accuracy_{number}'] = metrics.accuracy(confusion)
    if others:
        found['accuracy_mean'] = metrics.accuracy(mean)
    return {name: float(value) for name, value in found.items()}
