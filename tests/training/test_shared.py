"""What runs of one process have in common is made once, and only where it is asked."""

import numpy as np
import pytest

from fer_jax.training import feed, setup, shared


def test_the_newest_of_a_kind_is_kept():
    made = []

    def of(kind, key):
        return shared.made(kind, key, lambda: made.append((kind, key)) or len(made))

    assert (of('a', 1), of('a', 1)) == (1, 2)  # nothing outlives
    with shared.kept():
        assert [of('a', 1), of('a', 1), of('b', 1), of('a', 2)] == [3, 3, 4, 5]
        assert [of('b', 1), of('a', 1)] == [4, 6]
    assert of('a', 1) == 7


@pytest.mark.parametrize('source', ['features', 'images'])
def test_seeds_share_examples_on_the_device(source, on_features, plain, tmp_path):
    """And axes; fewer examples are others. The bar counts all 70 + 30 in any case."""

    def examples(seed, max_train=0):
        config = on_features('baseline') if source == 'features' else plain
        config.seed = config.noise.seed = seed
        config.data.max_train = max_train
        run = setup.prepare(config, tmp_path / f'{seed}-{max_train}')
        read = []
        first = next(feed.make(run, 1, read.append).all_training())[0]
        assert sum(read) == (max_train or 70) + 30
        return first

    alone = examples(0)
    with shared.kept():
        first = examples(1)
        assert examples(2) is first
        assert len(examples(3, max_train=40)) == 40
        assert examples(4) is not first
    np.testing.assert_array_equal(alone, first)
