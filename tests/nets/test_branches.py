"""Backbones in two parts, and the branches built from them."""

import functools

import jax
import jax.numpy as jnp
import pytest

from fer_jax import nets
from fer_jax.nets.branches import Branches
from fer_jax.nets.features import selected

IMAGES = jax.ShapeDtypeStruct((2, 112, 112, 3), jnp.float32)


def shapes(module, *inputs):
    """Output, parameters and statistics, nothing computed."""
    return jax.eval_shape(
        lambda key, *inputs: module.init_with_output(key, *inputs, False),
        jax.random.key(0),
        *inputs,
    )


@pytest.mark.parametrize('name', nets.BACKBONES)
def test_the_parts_share_out_what_the_whole_has(name):
    whole = nets.make(name, width=16)
    maps, first = shapes(whole.clone(part='early'), IMAGES)
    _, second = shapes(whole.clone(part='late'), maps)
    _, variables = shapes(whole, IMAGES)
    for kind, wanted in variables.items():
        a, b = first.get(kind, {}), second.get(kind, {})
        assert not set(a) & set(b)
        assert {**a, **b} == wanted
    assert first['params']
    assert second['params']


@pytest.mark.parametrize('name', nets.BACKBONES)
def test_late_of_early_is_the_whole(name):
    """The very same operations in training, new statistics included."""
    module = nets.make(name, width=16)
    _, variables = shapes(module, IMAGES)
    _, early = shapes(module.clone(part='early'), IMAGES)

    def run(part, variables, key, x):
        return module.clone(part=part).apply(
            variables, x, True, mutable=['batch_stats'], rngs={'dropout': key}
        )

    def composed(variables, key, images):
        maps, first = run('early', variables, key, images)
        features, second = run('late', variables, key, maps)
        stats = {**second.get('batch_stats', {}), **own(first.get('batch_stats', {}))}
        return features, {'batch_stats': stats} if stats else second

    def own(stats):
        return {name: tree for name, tree in stats.items() if name in early['params']}

    inputs = variables, jax.random.key(0), IMAGES
    whole = jax.make_jaxpr(functools.partial(run, 'whole'))(*inputs)
    assert str(jax.make_jaxpr(composed)(*inputs)) == str(whole)


def test_unknown_part():
    with pytest.raises(
        ValueError, match="'last'; it must be one of whole, early, late"
    ):
        selected(4, 'last')


@pytest.mark.parametrize('release', [False, True])
def test_names_and_shapes_of_the_branches(release):
    """3 classes: 3 auxiliary branches that tell 2 apart and a target that tells 3."""
    model = Branches(nets.make('cnn7', width=16), 3, 0.5, release)
    images = jax.ShapeDtypeStruct((5, 16, 16, 3), jnp.float32)
    labels = jax.ShapeDtypeStruct((5,), jnp.int32)
    outputs, variables = shapes(model, images, labels)
    branches = {'auxiliary_0', 'auxiliary_1', 'auxiliary_2', 'target'}
    assert set(variables['params']) == {'early', 'classifier', *branches}
    assert set(variables['params']['target']) == {'conv5', 'norm5', 'conv6', 'norm6'}
    heads = variables['params']['classifier']
    linear = {f'linear_{c}': (64, 2) for c in range(3)} | {'linear_3': (64, 3)}
    found = {
        name: tree['kernel'].shape for name, tree in heads.items() if name in linear
    }
    assert found == linear
    assert ('scale' in heads) == (not release)
    norms = variables['batch_stats']['classifier']
    assert len(norms) == (1 if release else 4)
    assert outputs.auxiliary_features.shape == (3, 5, 64)
    assert outputs.auxiliary_logits.shape == (3, 5, 2)
    assert outputs.latent_logits.shape == (5, 2)
    assert outputs.logits.shape == (5, 3)
