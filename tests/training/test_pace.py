"""How long a run takes: reckoned before it starts, measured by its first steps."""

import math
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import pytest

from fer_jax import nets
from fer_jax.training import pace


def products(jaxpr):
    """Products of numbers in the convolutions and matrices of a jaxpr."""
    total = 0
    for equation in jaxpr.eqns:
        out = math.prod(equation.outvars[0].aval.shape)
        if equation.primitive.name == 'conv_general_dilated':
            kernel = equation.invars[1].aval.shape
            outputs = equation.params['dimension_numbers'].rhs_spec[0]
            total += out * math.prod(kernel) // kernel[outputs]
        if equation.primitive.name == 'dot_general':
            (over, _), _ = equation.params['dimension_numbers']
            total += out * math.prod(equation.invars[0].aval.shape[i] for i in over)
        for value in equation.params.values():
            inner = getattr(value, 'jaxpr', None)
            total += products(inner) if inner is not None else 0
    return total


@pytest.mark.parametrize('name', ['resnet18', 'cnn7', 'vgg16'])
def test_the_table_of_products_is_what_the_networks_do(name):
    module = nets.make(name)

    def answer(images):
        return module.init_with_output(jax.random.key(0), images, train=False)[0]

    traced = jax.make_jaxpr(answer)(jax.ShapeDtypeStruct((1, 224, 224, 3), jnp.float32))
    counted = products(traced.jaxpr) / 1e9
    assert counted == pytest.approx(nets.PRODUCTS[name], rel=0.01)
    assert nets.PRODUCTS.keys() == nets.BACKBONES.keys()


@pytest.fixture
def run():
    """30 epochs of 100 steps of 96, and 20,000 images looked at in each."""
    config = SimpleNamespace(
        epochs=30, batch_size=96, data=SimpleNamespace(image_size_px=224),
        model=SimpleNamespace(backbone='resnet18', width=64),
    )  # fmt: skip
    return SimpleNamespace(
        config=config, algorithm=SimpleNamespace(peers=2, views=1, absorb=None),
        spec=SimpleNamespace(resident=True), mesh=None,
        steps_per_epoch=100, test_labels=[0] * 8000,
        examples=SimpleNamespace(ids=['x'] * 12000),
    )  # fmt: skip


def test_an_estimate_by_hand(run, monkeypatch):
    """Two ResNet-18 of 1.81 10^9 products at 224 px. 30 epochs of 100 steps of 96, and
    20,000 images looked at in each: 2 x 3.62e9 x (3 x 288,000 + 600,000) operations at
    60e9 x 1.5 a second of two cores are 117,770 s, 32.7 h."""
    monkeypatch.setattr(pace.cores, 'count', lambda: 2)
    monkeypatch.setattr(pace.mesh, 'described', lambda _: {'platform': 'cpu'})
    place = SimpleNamespace(epoch=0, steps=0)
    said, smaller = pace.sentences(run, place)
    assert said == (
        '2 networks resnet18 of width 64 at 224 px, 30 epochs, 288,000 images to learn'
        ' from: about 33 h on 2 cores, by a rate measured elsewhere'
    )
    assert smaller.startswith('for a small machine: on=features')
    later = SimpleNamespace(epoch=29, steps=60)
    assert pace.left(run, later) == (20000, 40 * 96, 20000)
    run.algorithm.absorb = len
    assert pace.left(run, place) == (32000, 288000, 600000)
    run.config.model.backbone = 'heads'
    (said,) = pace.sentences(run, place)
    assert said.endswith('the first steps tell how long it takes')


def test_images_that_are_read_in_first_are_not_taken_from_the_rest(run, monkeypatch):
    """The last 40 steps of 96 are left, and 20,000 images to look at, of a third of the
    work each. Behind two steps, 96 images in 4 s, that are 10,315 at 24 a second."""
    clock = iter([0.0, 4.0])
    monkeypatch.setattr(pace.time, 'perf_counter', lambda: next(clock))
    found = pace.of_run(run, SimpleNamespace(epoch=29, steps=60))
    found.looked(20000)
    assert found.learned(96) == ''
    assert found.learned(96).startswith('about 7 min to go')


def test_what_the_first_steps_say(monkeypatch):
    """The first 100 images compile. 300 more and 300 that are looked at, a third of the
    work each, in 4 s: 100 a second. 600 and 1,200 / 3 are left: 10 s; of a hundred
    times as many 1,000 s."""
    told = 'about 17 min to go, measured on the first steps: 100 images/s'
    for times, wanted in ((1, ''), (100, told)):
        clock = iter([0.0, 1.0, 4.0, 9.0])
        monkeypatch.setattr(pace.time, 'perf_counter', lambda clock=clock: next(clock))
        found = pace.Pace(400 + 600 * times, 300 + 1200 * times, 1 / 3)
        assert found.learned(100) == ''
        assert found.learned(100) == ''
        found.looked(300)
        assert found.learned(200) == wanted
        assert found.learned(50) == ''


@pytest.mark.parametrize(
    ('seconds', 'said'),
    [(59, 'less than a minute'), (180, 'about 3 min'), (9 * 3600, 'about 9 h'),
     (5 * 86400, 'about 5 days')],
)  # fmt: skip
def test_durations_in_words(seconds, said):
    assert pace.spoken(seconds) == said
