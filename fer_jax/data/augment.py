"""Augmentation on the device: pure functions of one image and its own key.

The key of view v of an example is fold_in(fold_in(fold_in(key(seed), step), index), v),
so what happens to an image does not depend on its neighbours in the batch, nor on how
many hosts, workers or devices share the work.

Recipes, in the order of their operations (RGB, values 0 to 255 until normalised):
  resup  resize, hflip, with p .2 pad with black by 1/7 and crop, normalise, erase
         (FERDenoise, the release of ReSup)
  scn    on the stored image with p .5 one of {hflip, Gaussian noise of variance 30,
         clipped and truncated to whole values}, resize, normalise, erase (SCN, RUL)
  eac_shared   with p .5 the noise of scn, resize, normalise, erase (EAC; it mirrors
         the result itself)
  eac    two views or more: the first as eac_shared, the others without the noise and
         each with an erasing of its own; nothing moves in either
  dmue   with p .25 the noise of scn, resize to 8/7 of the size, crop, hflip, normalise
         by mean and deviation 1/2, erase; the test side crops the centre (DMUE)
  cifar, cifar100   pad with black by 1/8, crop, hflip, normalise (DivideMix)
  flip, flip_crop_erase   hflip; with pad by 1/12 and crop, erase: small faces
  none   normalise

Differs from the released code: resized images are not rounded to whole values; random
numbers are JAX's.
"""

import functools
import math
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp

from fer_jax.errors import Unusable


class Scale(NamedTuple):
    """Mean and deviation of red, green and blue, in [0, 1], of the pixels that weights
    were learned from: it travels with the weights."""

    mean: tuple[float, ...]
    std: tuple[float, ...]


IMAGENET = Scale((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
VARIANCE = 30.0  # of the noise of scn


def hflip(key: jax.Array, image: jax.Array) -> jax.Array:
    """Mirrored left to right with probability 1/2."""
    return jnp.where(jax.random.bernoulli(key), image[:, ::-1], image)


def crop(
    key: jax.Array, image: jax.Array, *, pad: float, probability: float = 1.0
) -> jax.Array:
    """With `probability`, black borders of `pad` of the size, then a crop of the old
    size at a uniform place (torchvision's RandomCrop with padding)."""
    chance, *corner = jax.random.uniform(key, (3,))
    height, width, channels = image.shape
    pad_y, pad_x = round(pad * height), round(pad * width)
    padded = jnp.pad(image, ((pad_y, pad_y), (pad_x, pad_x), (0, 0)))
    # the slice from the middle is the image itself: one slice serves both outcomes
    y, x = (
        jnp.where(chance < probability, _whole(u, 2 * border + 1), border)
        for u, border in zip(corner, (pad_y, pad_x))
    )
    return jax.lax.dynamic_slice(padded, (y, x, 0), (height, width, channels))


def window(key: jax.Array, image: jax.Array, *, share: float) -> jax.Array:
    """A crop of `share` of each side at a uniform place (torchvision's RandomCrop)."""
    height, width, channels = image.shape
    h, w = round(share * height), round(share * width)
    u, v = jax.random.uniform(key, (2,))
    corner = _whole(u, height - h + 1), _whole(v, width - w + 1), 0
    return jax.lax.dynamic_slice(image, corner, (h, w, channels))


def flip_or_noise(key: jax.Array, image: jax.Array) -> jax.Array:
    """With probability 1/2 one of: hflip, Gaussian noise in whole values 0 to 255."""
    chances, noise = jax.random.split(key)
    change, choice = jax.random.bernoulli(chances, shape=(2,))
    changed = jnp.where(choice, _noisy(noise, image), image[:, ::-1])
    return jnp.where(change, changed, image)


def gaussian_noise(
    key: jax.Array, image: jax.Array, *, probability: float = 0.5
) -> jax.Array:
    """With `probability` Gaussian noise in whole values 0 to 255."""
    chance, noise = jax.random.split(key)
    change = jax.random.bernoulli(chance, probability)
    return jnp.where(change, _noisy(noise, image), image)


def _noisy(key, image):
    noisy = image + math.sqrt(VARIANCE) * jax.random.normal(key, image.shape)
    return jnp.floor(jnp.clip(noisy, 0.0, 255.0))


def erase(
    key: jax.Array,
    image: jax.Array,
    *,
    probability: float = 0.5,
    area: tuple[float, float] = (0.02, 0.25),
    ratio: tuple[float, float] = (0.3, 3.3),
    tries: int = 10,
) -> jax.Array:
    """Random erasing (Zhong et al. 2020) as torchvision does it, value 0.

    h = round(sqrt(a H W r)), w = round(sqrt(a H W / r)) with a uniform in `area` and r
    log-uniform in `ratio`; the first of `tries` draws with h < H and w < W is erased
    at a uniform place, and no draw that fits leaves the image as it is. All draws are
    made at once. After normalisation 0 is the mean colour.
    """
    height, width, _ = image.shape
    draws = jax.random.uniform(key, (2 * tries + 3,))
    chance, corner = draws[0], draws[1:3]
    areas, ratios = draws[3:].reshape(2, tries)
    low, high = math.log(ratio[0]), math.log(ratio[1])
    a = height * width * (area[0] + (area[1] - area[0]) * areas)
    r = jnp.exp(low + (high - low) * ratios)
    h = jnp.round(jnp.sqrt(a * r)).astype(jnp.int32)
    w = jnp.round(jnp.sqrt(a / r)).astype(jnp.int32)
    fits = (h < height) & (w < width)
    first = jnp.argmax(fits)
    h, w = h[first], w[first]
    y, x = _whole(corner[0], height - h + 1), _whole(corner[1], width - w + 1)
    rows, columns = jnp.arange(height), jnp.arange(width)
    inside = ((rows >= y) & (rows < y + h))[:, None]
    inside &= ((columns >= x) & (columns < x + w))[None, :]
    erased = fits[first] & (chance < probability)
    return jnp.where((erased & inside)[..., None], 0.0, image)


def _whole(uniform, limit):
    """A whole number 0 to limit - 1 from a float32 draw in [0, 1)."""
    return jnp.floor(uniform * limit).astype(jnp.int32)


class Recipe(NamedTuple):
    """Operations (key, image) -> image by the moment at which they act.

    Every view is an independent draw, unless the recipe has `later`: then it makes a
    pair at least, each pixel of which shows the same spot of the face in all views.
    """

    stored: tuple[Callable, ...] = ()  # on the image as stored
    resized: tuple[Callable, ...] = ()  # after the resize
    normalised: tuple[Callable, ...] = ()  # after (x / 255 - mean) / std
    scale: Scale = IMAGENET  # of networks that start from random weights
    zoom: float = 1.0  # the resize is to that many times the size; see `dmue`
    later: 'Recipe | None' = None  # the recipe of all views but the first


EAC = Recipe(stored=(gaussian_noise,), normalised=(erase,))
CIFAR = Recipe(
    resized=(functools.partial(crop, pad=4 / 32), hflip),
    scale=Scale((0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010)),
)

RECIPES = {
    'resup': Recipe(
        resized=(hflip, functools.partial(crop, pad=32 / 224, probability=0.2)),
        normalised=(erase,),
    ),
    'scn': Recipe(stored=(flip_or_noise,), normalised=(erase,)),
    'eac': EAC._replace(later=Recipe(normalised=(erase,))),
    'eac_shared': EAC,
    'dmue': Recipe(
        stored=(functools.partial(gaussian_noise, probability=0.25),),
        zoom=8 / 7,
        resized=(functools.partial(window, share=7 / 8), hflip),
        normalised=(erase,),
        scale=Scale((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    ),
    'cifar': CIFAR,
    'cifar100': CIFAR._replace(
        scale=Scale((0.507, 0.487, 0.441), (0.267, 0.256, 0.276))
    ),
    'flip': Recipe(resized=(hflip,)),
    'flip_crop_erase': Recipe(
        resized=(hflip, functools.partial(crop, pad=1 / 12)), normalised=(erase,)
    ),
    'none': Recipe(),
}


def augment(
    recipe: str,
    size_px: int,
    key: jax.Array,
    step: jax.Array,
    index: jax.Array,
    images: jax.Array,
    views: int = 1,
    scale: Scale | None = None,
) -> jax.Array:
    """Augmented, normalised views of a batch. For use inside jit.

    Args:
      recipe: a name of RECIPES; static, as are size_px, views and scale.
      size_px: H and W of the result.
      key: of the run.
      step: [] int32, of the batch.
      index: [B] int32, which examples these are.
      images: [B, h, w, 3] uint8.
      views: V; a recipe of pairs makes two or more all the same.
      scale: Scale of the pixels; the recipe's own without it.

    Returns:
      [V, B, H, W, 3] float32.

    Raises:
      Unusable: unknown recipe.
    """
    chosen = _recipe(recipe)
    scale = scale or chosen.scale
    key = jax.random.fold_in(key, step)

    def drawn(recipe, numbers):
        def view(index, image, number):
            own = jax.random.fold_in(jax.random.fold_in(key, index), number)
            return _train(recipe, size_px, scale, own, image.astype(jnp.float32))

        over_batch = jax.vmap(view, in_axes=(0, 0, None))
        return jax.vmap(over_batch, in_axes=(None, None, 0))(index, images, numbers)

    if chosen.later is None:
        return drawn(chosen, jnp.arange(views))
    later = drawn(chosen.later, jnp.arange(1, max(views, 2)))
    return jnp.concatenate([drawn(chosen, jnp.arange(1)), later])


def prepare(
    recipe: str, size_px: int, images: jax.Array, scale: Scale | None = None
) -> jax.Array:
    """The test-time side of a recipe: resize, crop the centre if zoomed, normalise.

    images [B, h, w, 3] uint8 -> [B, H, W, 3] float32; `scale` as for augment.
    """
    chosen = _recipe(recipe)
    scale = scale or chosen.scale
    zoomed_px = round(chosen.zoom * size_px)
    first = (zoomed_px - size_px) // 2
    centre = slice(first, first + size_px)

    def one(image):
        image = _resize(image.astype(jnp.float32), zoomed_px)
        return _normalise(scale, image[centre, centre])

    return jax.vmap(one)(images)


def resized(images: jax.Array, size_px: int) -> jax.Array:
    """Images [B, h, w, 3] uint8 -> [B, size_px, size_px, 3] float32, 0 to 255."""
    return jax.vmap(lambda image: _resize(image.astype(jnp.float32), size_px))(images)


def _recipe(name):
    if name not in RECIPES:
        raise Unusable(f'unknown recipe {name!r}; there are: {", ".join(RECIPES)}')
    return RECIPES[name]


def _train(recipe, size_px, scale, key, image):
    keys = iter(
        jax.random.split(key, len(recipe.stored + recipe.resized + recipe.normalised))
    )
    for operation in recipe.stored:
        image = operation(next(keys), image)
    image = _resize(image, round(recipe.zoom * size_px))
    for operation in recipe.resized:
        image = operation(next(keys), image)
    image = _normalise(scale, image)
    for operation in recipe.normalised:
        image = operation(next(keys), image)
    return image


def _resize(image, size_px):
    """Bilinear, antialiased when it shrinks, as Pillow's."""
    if image.shape[:2] == (size_px, size_px):
        return image
    return jax.image.resize(image, (size_px, size_px, image.shape[2]), 'linear')


def _normalise(scale, image):
    mean, std = jnp.array(scale.mean), jnp.array(scale.std)
    return (image / 255.0 - mean) / std
