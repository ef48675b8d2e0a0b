"""What one example is: as it is stored, and as the networks see it.

The shape of an example is said here and nowhere else. Where the stored ones come from,
a record of a file or a row of an array on the device, is training.feed's business.

A source is hashable, and a part of what tells programs apart. It has `stored` and
`seen`, shape and dtype of one example as it is kept and as the networks take it,
without the batch's axis, and its two views, pure functions for use inside jit:

    training(key [], step [], index [B], stored [B, ...]) -> [V, B, ...]   drawn anew
    plain(stored [B, ...]) -> [B, ...]                           the same each time
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from fer_jax.data import augment
from fer_jax.errors import Unusable

OF_ACTIVATIONS = ('none', 'flip', 'eac')  # recipes


class Images(NamedTuple):
    """Images: stored as uint8 [h, h, 3], seen as float32 [size_px, size_px, 3].

    Raises:
      Unusable, from the views: unknown recipe.
    """

    recipe: str  # of data.augment; what it draws is the training view
    size_px: int
    stored_px: int | None = None  # h; None: size_px. The views take any size
    scale: augment.Scale | None = None  # of the weights; None: the recipe's
    views: int = (
        1  # V that a step needs; recipes of pairs make two or more all the same
    )

    @property
    def stored(self) -> jax.ShapeDtypeStruct:
        kept = self.stored_px or self.size_px
        return jax.ShapeDtypeStruct((kept, kept, 3), jnp.uint8)

    @property
    def seen(self) -> jax.ShapeDtypeStruct:
        return jax.ShapeDtypeStruct((self.size_px, self.size_px, 3), jnp.float32)

    def training(
        self, key: jax.Array, step: jax.Array, index: jax.Array, stored: jax.Array
    ) -> jax.Array:
        return augment.augment(
            self.recipe,
            self.size_px,
            key,
            step,
            index,
            stored,
            views=self.views,
            scale=self.scale,
        )

    def plain(self, stored: jax.Array) -> jax.Array:
        return augment.prepare(self.recipe, self.size_px, stored, scale=self.scale)


class Activations(NamedTuple):
    """What a frozen network says of a face and of its mirror image, or of a face alone.

    Stored as float16 [M, h, w, k], M images, and h x w parts of each with k numbers;
    seen as float32 [h, w, k]. The plain view is the mean of the M. Training views:

      none  the plain one
      flip  one of the M, drawn for each view
      eac   the first as flip; the others are the other image, its parts put where the
            first one has them: of each part in the mirror, the same part of the face
    """

    recipe: str  # of OF_ACTIVATIONS
    shape: tuple[int, int, int]  # h, w, k
    images: int = 2  # M
    views: int = 1  # V, at least 2 of eac

    @property
    def stored(self) -> jax.ShapeDtypeStruct:
        return jax.ShapeDtypeStruct((self.images, *self.shape), jnp.float16)

    @property
    def seen(self) -> jax.ShapeDtypeStruct:
        return jax.ShapeDtypeStruct(self.shape, jnp.float32)

    def training(
        self, key: jax.Array, step: jax.Array, index: jax.Array, stored: jax.Array
    ) -> jax.Array:
        count = max(self.views, 2) if self.recipe == 'eac' else self.views
        if self.recipe == 'none':
            seen = self.plain(stored)
            return jnp.broadcast_to(seen, (count, *seen.shape))
        key = jax.random.fold_in(key, step)

        def drawn(view):
            own = jax.vmap(
                lambda i: jax.random.fold_in(jax.random.fold_in(key, i), view)
            )
            which = jax.vmap(lambda one: jax.random.randint(one, (), 0, self.images))
            return which(own(index))

        def image(which):
            return stored[jnp.arange(len(stored)), which].astype(jnp.float32)

        first = drawn(0)
        if self.recipe == 'eac':
            other = jnp.flip(image((first + 1) % self.images), axis=-2)
            return jnp.stack([image(first), *[other] * (count - 1)])
        return jnp.stack([image(first), *(image(drawn(v)) for v in range(1, count))])

    def plain(self, stored: jax.Array) -> jax.Array:
        return jnp.mean(stored.astype(jnp.float32), axis=1)


Source = Images | Activations


def check_activations(recipe: str) -> None:
    """Raises Unusable when activations cannot be seen by a recipe."""
    if recipe not in OF_ACTIVATIONS:
        raise Unusable(
            f'data.augmentation={recipe} is of images; heads on features take'
            f' {", ".join(OF_ACTIVATIONS)}'
        )
