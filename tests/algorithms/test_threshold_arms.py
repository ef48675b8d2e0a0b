"""The arms of the ReSup paper that only its text tells of: thresholds and JoCoWe."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fer_jax import algorithms
from fer_jax.algorithms import Batch, Progress, jocor, pt_threshold
from fer_jax.numerics import losses, mixtures


def make(small, name, **settings):
    return algorithms.make(
        name,
        backbone=small.backbone,
        num_classes=small.num_classes,
        num_examples=len(small.labels),
        **settings,
    )


def at(epoch):
    return Progress(jnp.int32(3 * epoch), jnp.int32(epoch))


@pytest.fixture
def batch(small):
    """Two equal views: single-view methods see the first."""
    images = small.images[:12].astype(np.float32) / 127.5 - 1
    return Batch(
        jnp.asarray([images, images]), jnp.asarray(small.labels[:12]), jnp.arange(12)
    )


def gradients(algorithm, params, stats, memory, batch, epoch=20):
    objective = jax.jit(jax.value_and_grad(algorithm.objective, has_aux=True))
    (loss, aux), gradient = objective(
        params, stats, memory, batch, at(epoch), jax.random.key(0)
    )
    return loss, aux, gradient


def logits_of(params, embeddings):
    """Train-mode outputs, through the embeddings that Aux returns."""
    head = params['classifier']
    logits = jnp.einsum('pbd,pdc->pbc', embeddings, head['kernel'])
    return logits + head['bias'][:, None]


def assert_same(wanted, found, rtol=1e-4):
    for a, b in zip(jax.tree.leaves(wanted), jax.tree.leaves(found), strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-6)


@pytest.mark.parametrize(
    ('name', 'settings'),
    [('coteaching_threshold', {}), ('pt_threshold', {'consistency': 0.0})],
)
def test_noise_rate_0_is_the_baseline(small, batch, key, name, settings):
    baseline = make(small, 'baseline')
    params, stats, _ = jax.jit(baseline.init)(key, batch.images[0])
    loss, _, wanted = gradients(baseline, params, stats, (), batch)
    algorithm = make(small, name, noise_rate=0.0, **settings)
    _, own_stats, _ = jax.jit(algorithm.init)(key, batch.images[0])
    found_loss, aux, found = gradients(algorithm, params, own_stats, (), batch)
    np.testing.assert_allclose(found_loss, loss, rtol=1e-6)
    assert_same(wanted, found)
    assert aux.metrics['weight'] == 1


@pytest.mark.parametrize(
    ('name', 'settings'),
    [('coteaching_threshold', {}), ('pt_threshold', {'consistency': 0.0})],
)
def test_a_network_keeps_its_own_small_losses(small, batch, key, name, settings):
    """12 examples, tau .5 over 3 epochs: R = .25, .5, .5, so 9, 6, 6 are kept."""
    algorithm = make(small, name, noise_rate=0.5, ramp_epochs=3, **settings)
    params, stats, _ = jax.jit(algorithm.init)(key, batch.images[0])
    objective = jax.jit(algorithm.objective)
    for epoch, count in ((0, 9), (1, 6), (2, 6)):
        loss, aux = objective(params, stats, (), batch, at(epoch), key)
        logits = logits_of(params, aux.embeddings)
        cross_entropy = np.asarray(losses.cross_entropy(logits, batch.labels[None])[0])
        chosen = np.argsort(cross_entropy)[:count]
        np.testing.assert_allclose(loss, cross_entropy[chosen].mean(), rtol=1e-5)
        assert aux.metrics['weight'] == count / 12
    assert objective._cache_size() == 1


def test_teacher_by_hand():
    """Students 8, 2, 5 give 8, then (8 + 2) / 2 = 5, then 2/3 5 + 1/3 5 = 5; much
    later .999 5 + .001 1005 = 6."""
    teacher = {'a': jnp.array([0.0])}
    for step, student, wanted in ((0, 8, 8), (1, 2, 5), (2, 5, 5), (10**6, 1005, 6)):
        student = {'a': jnp.array([float(student)])}
        teacher = pt_threshold.averaged(teacher, student, jnp.int32(step), 0.999)
        np.testing.assert_allclose(teacher['a'], [wanted], rtol=1e-5)


def test_the_first_teacher_is_the_student(small, batch, key):
    """Step 0 and two equal views: nothing to agree about, whatever the weight."""
    algorithm = make(small, 'pt_threshold', consistency=1e3)
    params, stats, _ = jax.jit(algorithm.init)(key, batch.images[0])
    params = jax.tree.map(lambda leaf: leaf + 0.1, params)
    loss, aux, _ = gradients(algorithm, params, stats, (), batch, epoch=0)
    np.testing.assert_allclose(aux.metrics['difference'], 0.0, atol=1e-12)
    np.testing.assert_allclose(loss, aux.metrics['loss_ce'], rtol=1e-6)
    assert_same(params, aux.stats.teacher_params, rtol=0)
    prediction = jax.jit(algorithm.predict)(
        jax.tree.map(jnp.zeros_like, params), aux.stats, batch.images[0]
    )
    assert float(jnp.abs(prediction.logits).max()) > 0  # the teacher's, not params'


def test_the_teacher_has_buffers_of_its_own(small, batch, key):
    """Outside jit too: a step that updates its state in place takes each only once."""
    params, stats, _ = make(small, 'pt_threshold').init(key, batch.images[0])
    leaves = jax.tree.leaves((params, stats))
    assert len({leaf.unsafe_buffer_pointer() for leaf in leaves}) == len(leaves)


def test_consistency_by_hand(small, batch, key):
    """Cross-entropy + 7 times the mean squared difference from the teacher, a constant:
    what it gives, fixed beforehand, has the same gradient."""
    algorithm = make(small, 'pt_threshold', noise_rate=0.0, consistency=7.0, decay=0.75)
    params, stats, _ = jax.jit(algorithm.init)(key, batch.images[0])
    stats = stats._replace(
        teacher_params=jax.tree.map(lambda leaf: 2 * leaf, stats.teacher_params)
    )
    loss, aux, gradient = gradients(algorithm, params, stats, (), batch)
    # .75 of twice the student and .25 of the student
    assert_same(jax.tree.map(lambda leaf: 1.75 * leaf, params), aux.stats[2], 1e-6)

    baseline = make(small, 'baseline')
    _, seen, _ = gradients(baseline, aux.stats.teacher_params, stats[1], (), batch)
    target = jax.nn.softmax(logits_of(aux.stats.teacher_params, seen.embeddings))
    assert_same(seen.stats, aux.stats.teacher)

    def wanted(params):
        plain, own = baseline.objective(params, stats[0], (), batch, at(20), key)
        probs = jax.nn.softmax(logits_of(params, own.embeddings))
        return plain + 7 * jnp.mean(jnp.square(probs - target))

    value, expected = jax.jit(jax.value_and_grad(wanted))(params)
    np.testing.assert_allclose(loss, value, rtol=1e-5)
    assert_same(expected, gradient, rtol=1e-3)


def certain(memory, trust):
    """Memory that gives every label the probability `trust`: two equal components."""
    same = jnp.full((1, 2), 2.0)
    return memory._replace(
        mixture=mixtures.Mixture(same, same, jnp.array([[1 - trust, trust]])),
        ready=jnp.ones(1, bool),
    )


def test_select_is_jocor(small, batch, key):
    settings = {'noise_rate': 0.4, 'agreement': 0.6}
    ours = make(small, 'jocor_weights', **settings)
    theirs = make(small, 'jocor', **settings)
    params, stats, memory = jax.jit(ours.init)(key, batch.images[0])
    assert memory == ()
    found = jax.jit(ours.objective)(params, stats, (), batch, at(20), key)
    wanted = jax.jit(theirs.objective)(params, stats, (), batch, at(20), key)
    assert_same(wanted, found, rtol=0)


def test_mixture_by_hand(small, batch, key):
    """Warm-up: the sum of both cross-entropies. Then .25 of it, and .6 divergence."""
    algorithm = make(small, 'jocor_weights', arm='mixture')
    params, stats, memory = jax.jit(algorithm.init)(key, batch.images[0])
    objective = jax.jit(algorithm.objective)
    memory = certain(memory, 0.25)
    warm, aux = objective(params, stats, memory, batch, at(0), key)
    later, weighted = objective(params, stats, memory, batch, at(1), key)
    logits = logits_of(params, aux.embeddings)
    plain = losses.cross_entropy(logits, batch.labels[None]).sum(axis=0).mean()
    wanted = 0.25 * plain + 0.6 * jocor.divergence(logits).mean()
    np.testing.assert_allclose([warm, later], [plain, wanted], rtol=1e-5)
    assert aux.metrics['weight'] == 1
    np.testing.assert_allclose(weighted.metrics['weight'], 0.25, rtol=1e-5)


def test_mixture_without_fit_and_agreement_is_two_baselines(small, batch, key):
    algorithm = make(small, 'jocor_weights', arm='mixture', agreement=0.0)
    params, stats, memory = jax.jit(algorithm.init)(key, batch.images[0])
    _, _, found = gradients(algorithm, params, stats, memory, batch)
    algorithm = make(small, 'jocor', noise_rate=0.0, agreement=0.0)
    _, _, wanted = gradients(algorithm, params, stats, (), batch)
    assert_same(wanted, found)


def test_one_mixture_is_fitted_to_the_mean_of_both(small, batch, key):
    """Network A says nothing (.5), B tells right from wrong: so does their mean."""
    algorithm = make(small, 'jocor_weights', arm='mixture', rules='safe')
    memory = jax.jit(algorithm.init)(key, batch.images[0])[2]
    rng = np.random.default_rng(0)
    told = np.concatenate([rng.beta(8, 1.5, 1400), rng.beta(2, 6, 600)])
    scores = jnp.asarray([np.full(2000, 0.5), told], jnp.float32)
    labels = jnp.zeros(2000, jnp.int32)
    refresh, log_odds = jax.jit(algorithm.refresh), jax.jit(algorithm.log_odds)
    np.testing.assert_array_equal(log_odds(memory, scores, labels), 0.0)
    fitted = refresh(memory, scores, labels, at(1))
    wanted, valid = mixtures.fit_beta(
        (0.5 + jnp.asarray(told, jnp.float32)) / 2,
        jnp.ones(2000, bool),
        mixtures.RULES['safe'],
    )
    assert bool(valid)
    assert bool(fitted.ready)
    assert_same(jax.tree.map(lambda leaf: leaf[None], wanted), fitted.mixture)
    told = algorithm.fit_of(fitted)  # a row for each network, of the one mixture
    assert told.mixture.a.shape == (2, 2)
    np.testing.assert_array_equal(told.mixture.a[1], fitted.mixture.a[0])
    evidence = np.asarray(log_odds(fitted, scores, labels))
    np.testing.assert_array_equal(evidence[0], evidence[1])
    assert np.mean(evidence[0, :1400] > 0) > 0.9
    assert np.mean(evidence[0, 1400:] < 0) > 0.8
    useless = refresh(fitted, jnp.ones_like(scores), labels, at(2))
    assert useless.rejected.tolist() == [1]
    assert_same(fitted.mixture, useless.mixture, rtol=0)


@pytest.mark.parametrize(
    ('name', 'settings', 'message'),
    [
        ('pt_threshold', {'decay': 1.0}, r'decay must be in \[0, 1\)'),
        ('pt_threshold', {'consistency': -1.0}, 'consistency must be 0 or more'),
        ('jocor_weights', {'arm': 'both'}, 'one of select, mixture'),
        ('jocor_weights', {'arm': 'mixture', 'rules': 'fast'}, 'one of paper, safe'),
        ('jocor_weights', {'arm': 'mixture', 'agreement': -1.0}, '0 or more'),
    ],
)
def test_settings_that_make_no_sense(small, name, settings, message):
    with pytest.raises(ValueError, match=message):
        make(small, name, **settings)
