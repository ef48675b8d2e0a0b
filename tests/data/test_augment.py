import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

from fer_jax.data import augment

KEYS = functools.partial(jax.random.split, jax.random.key(0))


def faces(count, size_px=8):
    shape = (count, size_px, size_px, 3)
    return np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)


def many(operation, image, count=2000):
    """The operation on one image under `count` keys: [count, H, W, 3]."""
    run = jax.jit(jax.vmap(operation, in_axes=(0, None)))
    return np.asarray(run(KEYS(count), jnp.asarray(image, jnp.float32)))


KEY = jax.random.key(0)


@pytest.fixture(params=augment.RECIPES)
def recipe(request):
    return request.param


def test_result_does_not_depend_on_batch_mates(recipe):
    """Rows 8 to 15 again in another order, the others replaced."""
    images, index = faces(16), np.arange(16)
    run = jax.jit(functools.partial(augment.augment, recipe, 12, KEY, views=2))
    first = run(4, index, images)
    mixed = np.array([15, 99, 14, 98, 13, 97, 12, 96, 11, 95, 10, 94, 9, 93, 8, 92])
    second = run(4, mixed, images[mixed % 16])
    np.testing.assert_allclose(first[:, 15:7:-1], second[:, ::2], atol=1e-5)
    assert first.shape == (2, 16, 12, 12, 3)
    assert first.dtype == jnp.float32
    if recipe != 'none':
        assert np.abs(first - run(5, index, images)).max() > 0.1
        assert np.abs(first[0] - first[1]).max() > 0.1
    assert run._cache_size() == 1


def test_seeds_differ():
    images, index = faces(16), np.arange(16)
    run = jax.jit(functools.partial(augment.augment, 'flip', 8))
    drawn = [run(jax.random.key(seed), 0, index, images) for seed in (0, 1)]
    assert (drawn[0] != drawn[1]).any()


def test_normalisation_by_hand():
    """(51 / 255 - .485) / .229 = -1.24454 in red, (.2 - .456) / .224 = -1.14286 in
    green, (.2 - .406) / .225 = -.91556 in blue."""
    images = np.full((1, 2, 2, 3), 51, np.uint8)
    wanted = np.broadcast_to([-1.24454, -1.14286, -0.91556], (1, 2, 2, 3))
    np.testing.assert_allclose(augment.prepare('flip', 2, images), wanted, atol=1e-5)
    drawn = augment.augment('none', 2, KEY, 0, np.arange(1), images)
    np.testing.assert_allclose(drawn[0], wanted, atol=1e-5)


@pytest.mark.parametrize('size_px', [5, 8, 18])
def test_resize_is_pillows(size_px):
    """Pillow's bilinear of float images: antialiased when it shrinks."""
    image = faces(1)[0].astype(np.float32)
    wanted = [
        Image.fromarray(image[..., c]).resize((size_px,) * 2, Image.Resampling.BILINEAR)
        for c in range(3)
    ]
    found = augment.prepare('none', size_px, image[None].astype(np.uint8))[0]
    found = found * np.array(augment.IMAGENET.std) + np.array(augment.IMAGENET.mean)
    np.testing.assert_allclose(255 * found, np.stack(wanted, axis=-1), atol=2e-3)


def test_hflip_shows_image_and_mirror_equally_often():
    """2000 draws with p 1/2: standard deviation of the share .011."""
    image = faces(1)[0].astype(np.float32)
    drawn = many(augment.hflip, image)
    same = (drawn == image).all(axis=(1, 2, 3))
    mirrored = (drawn == image[:, ::-1]).all(axis=(1, 2, 3))
    assert (same ^ mirrored).all()
    assert abs(same.mean() - 0.5) < 0.05


def test_crop_moves_by_up_to_the_border_and_fills_with_black():
    """Pad 2 of 8: offsets -2 to 2 in each direction, all 25 of them, where black."""
    image = np.arange(1.0, 193.0).reshape(8, 8, 3)
    padded = np.pad(image, ((2, 2), (2, 2), (0, 0)))
    wanted = {
        padded[y : y + 8, x : x + 8].astype(np.float32).tobytes()
        for y in range(5)
        for x in range(5)
    }
    drawn = many(functools.partial(augment.crop, pad=0.25), image)
    assert {one.tobytes() for one in drawn} == wanted


def test_crop_with_probability():
    """p .2, of which 1 / 25 does not move the image: .192, standard deviation .009."""
    image = np.arange(1.0, 193.0).reshape(8, 8, 3)
    drawn = many(functools.partial(augment.crop, pad=0.25, probability=0.2), image)
    moved = (drawn != image).any(axis=(1, 2, 3)).mean()
    assert abs(moved - 0.192) < 0.04


def test_noise_of_scn():
    """On grey 128 only noise shows: p 1/4. Floor of N(128, 30): mean 127.5, variance
    30 + 1/12."""
    drawn = many(augment.flip_or_noise, np.full((8, 8, 3), 128.0))
    noisy = drawn[(drawn != 128).any(axis=(1, 2, 3))]
    assert abs(len(noisy) / 2000 - 0.25) < 0.04
    np.testing.assert_array_equal(noisy, np.floor(noisy))
    np.testing.assert_allclose(noisy.mean(), 127.5, atol=0.1)
    np.testing.assert_allclose(noisy.var(), 30.08, atol=0.6)


def test_gaussian_noise_with_probability():
    """On grey 128, p 1/4: floor of N(128, 30), as in scn."""
    operation = functools.partial(augment.gaussian_noise, probability=0.25)
    drawn = many(operation, np.full((8, 8, 3), 128.0))
    noisy = drawn[(drawn != 128).any(axis=(1, 2, 3))]
    assert abs(len(noisy) / 2000 - 0.25) < 0.04
    np.testing.assert_allclose(noisy.var(), 30.08, atol=0.6)


@pytest.mark.parametrize(('views', 'wanted'), [(1, 2), (2, 2), (3, 3)])
def test_eac_adds_noise_to_the_first_view_alone(views, wanted):
    """Grey 128 in red: (128 / 255 - .485) / .229 = .07409, erased 0; noise in half of
    the first views."""
    images = np.full((64, 8, 8, 3), 128, np.uint8)
    run = jax.jit(functools.partial(augment.augment, 'eac', 8, KEY, views=views))
    drawn = np.asarray(run(0, np.arange(64), images)[..., 0])
    assert len(drawn) == wanted
    plain = (np.abs(drawn - 0.07409) < 1e-4) | (drawn == 0)
    assert plain[1:].all()
    noisy = ~plain[0].all(axis=(1, 2))
    assert 0.25 < noisy.mean() < 0.75
    erased = (drawn == 0).any(axis=(2, 3))
    assert (erased[0] != erased[1]).any()


def test_noise_of_scn_stays_in_range_and_the_rest_is_flips():
    """Black and white halves, mirrored p 1/4; noise at 255 never leaves 0 to 255."""
    image = np.zeros((8, 8, 3))
    image[:, 4:] = 255
    drawn = many(augment.flip_or_noise, image)
    assert drawn.min() == 0
    assert drawn.max() == 255
    mirrored = (drawn == image[:, ::-1]).all(axis=(1, 2, 3)).mean()
    same = (drawn == image).all(axis=(1, 2, 3)).mean()
    assert abs(mirrored - 0.25) < 0.04
    assert abs(same - 0.5) < 0.05


def test_erase_is_one_rectangle_of_the_right_size():
    """Area .02 to .25, aspect .3 to 3.3, up to the rounding of the sides; mean area
    (.02 + .25) / 2 = .135; p 1/2."""
    drawn = many(augment.erase, np.ones((40, 40, 3)))
    erased = drawn[..., 0] == 0
    np.testing.assert_array_equal(drawn[..., 0], drawn[..., 2])
    hit = erased[erased.any(axis=(1, 2))]
    assert abs(len(hit) / 2000 - 0.5) < 0.05
    h, w = hit.any(axis=2).sum(axis=1), hit.any(axis=1).sum(axis=1)
    np.testing.assert_array_equal(h * w, hit.sum(axis=(1, 2)))  # no gaps
    assert ((h + 0.5) * (w + 0.5) >= 0.02 * 1600).all()
    assert ((h - 0.5) * (w - 0.5) <= 0.25 * 1600).all()
    assert ((h + 0.5) / (w - 0.5) >= 0.3).all()
    assert ((h - 0.5) / (w + 0.5) <= 3.3).all()
    assert abs((h * w).mean() / 1600 - 0.135) < 0.01
    assert hit[:, 0].any()
    assert hit[:, -1].any()  # reaches both borders
    assert abs(hit.mean(axis=0)[:, :20].sum() / hit.mean(axis=0).sum() - 0.5) < 0.03


def test_erase_takes_the_first_try_that_fits():
    """Area 1/2 fits when 1/2 < r < 2: a share ln 4 / ln 11 = .578 of the draws. Ten
    tries fail with .422^10 = .0002."""
    operation = functools.partial(augment.erase, probability=1.0, area=(0.5, 0.5))
    for tries, wanted in ((1, 0.578), (10, 1.0)):
        drawn = many(functools.partial(operation, tries=tries), np.ones((40, 40, 3)))
        assert abs((drawn == 0).any(axis=(1, 2, 3)).mean() - wanted) < 0.05


def test_erase_leaves_the_image_when_nothing_fits():
    """Area .9 at aspect 5 is 2.1 times as high as the image."""
    operation = functools.partial(
        augment.erase, probability=1.0, area=(0.9, 0.9), ratio=(5.0, 5.0)
    )
    assert (many(operation, np.ones((12, 12, 3)), 50) == 1).all()


def test_window_shows_every_crop_equally_often():
    """7/8 of 8 are 7: offsets 0 and 1 in each direction, 4 crops, p 1/4 each (standard
    deviation .0097)."""
    image = np.arange(1.0, 193.0).reshape(8, 8, 3).astype(np.float32)
    drawn = many(functools.partial(augment.window, share=7 / 8), image)
    for y in range(2):
        for x in range(2):
            share = (drawn == image[y : y + 7, x : x + 7]).all(axis=(1, 2, 3)).mean()
            assert abs(share - 0.25) < 0.05


def test_dmue_crops_the_zoomed_image():
    """Stored at 16, seen at 14: the zoomed size is the stored one, and nothing is
    resized. The test side is the centre, rows and columns 1 to 14; red is scaled as
    (x / 255 - .5) / .5. In training, where nothing is erased and there is no noise (a
    share of 1/2 3/4), it is one of the 9 crops or their mirrors."""
    image = faces(1, 16)[0]
    scaled = image / 127.5 - 1
    prepared = augment.prepare('dmue', 14, image[None])[0]
    np.testing.assert_allclose(prepared, scaled[1:15, 1:15], atol=1e-5)
    run = jax.jit(functools.partial(augment.augment, 'dmue', 14, KEY))
    drawn = np.asarray(run(0, np.arange(500), np.stack([image] * 500))[0])
    crops = [scaled[y : y + 14, x : x + 14] for y in range(3) for x in range(3)]
    found = np.zeros(500, bool)
    for crop in crops + [crop[:, ::-1] for crop in crops]:
        hits = np.isclose(drawn, crop, atol=1e-5).all(axis=(1, 2, 3))
        assert hits.any()
        found |= hits
    assert abs(found.mean() - 0.375) < 0.08


@pytest.mark.parametrize('size_px', [4, 47, 224])
def test_zoomed_crops_have_the_size_asked_for(size_px):
    images = np.zeros((2, 9, 9, 3), np.uint8)
    for function in (
        functools.partial(augment.prepare, 'dmue', size_px),
        functools.partial(augment.augment, 'dmue', size_px, KEY, 0, np.arange(2)),
    ):
        shape = jax.eval_shape(function, images).shape
        assert shape[-4:] == (2, size_px, size_px, 3)


def values_of_white(recipe, size_px):
    """Red values that occur when a recipe sees white images, to 4 digits."""
    images = np.full((256, size_px, size_px, 3), 255, np.uint8)
    run = jax.jit(functools.partial(augment.augment, recipe, size_px, KEY))
    drawn = np.asarray(run(0, np.arange(256), images)[..., 0], np.float64)
    return set(np.unique(drawn.round(4)).tolist())


def test_padding_is_black_and_erasing_is_the_mean_colour():
    """ImageNet's red: white (1 - .485) / .229 = 2.2489, black -2.1179; CIFAR's: white
    2.5141, black -2.4291. Erased: 0."""
    white, black = 2.2489, -2.1179
    assert values_of_white('resup', 14) == {white, black, 0.0}
    assert values_of_white('flip_crop_erase', 12) == {white, black, 0.0}
    assert values_of_white('cifar', 8) == {2.5141, -2.4291}
    assert values_of_white('flip', 8) == {white}


def test_pads_of_the_recipes_in_pixels():
    """32 of 224 (ReSup), 4 of 32 (CIFAR), 4 of 48 (small faces)."""

    def pad(recipe, size_px):
        for operation in augment.RECIPES[recipe].resized:
            if isinstance(operation, functools.partial):
                return round(operation.keywords['pad'] * size_px)
        return None

    assert pad('resup', 224) == 32
    assert pad('cifar', 32) == pad('cifar100', 32) == 4
    assert pad('flip_crop_erase', 48) == 4


def test_another_scale_by_hand():
    """(51 / 255 - .1) / .5 = .2 in red, (.2 - .2) / 1 = 0, (.2 - 0) / .1 = 2."""
    images = np.full((1, 2, 2, 3), 51, np.uint8)
    scale = augment.Scale((0.1, 0.2, 0.0), (0.5, 1.0, 0.1))
    prepared = augment.prepare('flip', 2, images, scale)
    drawn = augment.augment('flip', 2, KEY, 0, np.arange(1), images, scale=scale)[0]
    for found in (prepared, drawn):
        np.testing.assert_allclose(found[0, 0, 0], [0.2, 0.0, 2.0], atol=1e-6)


def test_unknown_recipe():
    with pytest.raises(ValueError, match="unknown recipe 'reusp'; there are: resup"):
        augment.prepare('reusp', 8, faces(1))
