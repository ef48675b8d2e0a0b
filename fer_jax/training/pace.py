"""How much a run has to do, and how long that takes here: reckoned, then measured."""

import time
from typing import Any

from fer_jax import cores, nets
from fer_jax.algorithms import Algorithm
from fer_jax.training import mesh, seals, setup

# Floating-point operations a second of a CPU core in a training step: ResNet-18 slim,
# width 24, 48 px, a pair, 64 examples in .563 s (docs/results.md, one thread). Another
# core counts for half, for XLA's convolutions gain little from it.
PER_CORE = 60e9
SETTLED_S = 3.0  # of steps that are measured, behind those that compiled
LONG_S = 2 * 3600
BASIS = 'by a rate measured elsewhere'
SMALLER = (
    'for a small machine: on=features or start=face behind the colon of --config, fewer'
    ' --config.epochs or --config.data.max_train'
)


class Pace:
    """Seconds that are left, told once, from the speed of the first steps.

    Args:
      learning: images to learn from.
      looking: images that are only looked at, to score and to test.
      share: what looking at one takes, in parts of learning from it.
    """

    def __init__(self, learning: int, looking: int, share: float) -> None:
        self._left, self._share = learning + looking * share, share
        self._started: float | None = None
        self._done, self._told = 0.0, False

    def learned(self, images: int) -> str:
        """A line once the speed is known, if minutes are left; else ''.

        Args:
          images: learned from since the last call.
        """
        self._left -= images
        if self._started is None:  # these compiled
            self._started = time.perf_counter()
            return ''
        self._done += images
        seconds = time.perf_counter() - self._started
        if self._told or seconds < SETTLED_S:
            return ''
        self._told = True
        speed = self._done / seconds
        if self._left < 60 * speed:
            return ''
        return (
            f'{spoken(self._left / speed)} to go, measured on the first steps:'
            f' {speed:,.0f} images/s'
        )

    def looked(self, images: int) -> None:
        """Counts images that were only looked at."""
        self._left -= images * self._share
        if self._started is not None:
            self._done += images * self._share


def of_run(run: setup.Run, place: seals.Place) -> Pace:
    """The Pace of what is left of a run."""
    first, learning, looking = left(run, place)
    return Pace(learning, first + looking, 1 / (3 * run.algorithm.views))


def left(run: setup.Run, place: seals.Place) -> tuple[int, int, int]:
    """(images to read in and absorb first, to learn from, to look at) from `place` on.

    To look at is to test and to score.
    """
    every, tested = len(run.examples.ids), len(run.test_labels)
    first = (every + tested) * run.spec.resident
    if not (place.epoch or place.steps):
        first += every * bool(run.algorithm.absorb)
    epochs = run.config.epochs - place.epoch
    batches = epochs * run.steps_per_epoch - place.steps
    return first, batches * run.config.batch_size, epochs * (every + tested)


def sentences(run: setup.Run, place: seals.Place) -> list[str]:
    """The size of the work and, on a CPU, about how long it takes, before it starts."""
    config, peers = run.config, run.algorithm.peers
    _, learning, looking = left(run, place)
    size = (
        f'{peers} network{"s" * (peers > 1)} {config.model.backbone} of width'
        f' {config.model.width} at {config.data.image_size_px} px,'
        f' {config.epochs - place.epoch} epochs, {learning:,} images to learn from'
    )
    seconds = reckoned(config, run.algorithm, learning, looking)
    if not seconds or mesh.described(run.mesh)['platform'] != 'cpu':
        return [f'{size}; the first steps tell how long it takes']
    said = f'{size}: {spoken(seconds)} on {cores.count()} cores, {BASIS}'
    return [said, *([SMALLER] if seconds > LONG_S else [])]


def reckoned(config: Any, algorithm: Algorithm, learning: int, looking: int) -> float:
    """Seconds that a CPU of so many cores takes for images, about; 0: not known.

    Args:
      learning: images to learn from.
      looking: images that are only looked at.
    """
    passes = algorithm.peers * (3 * algorithm.views * learning + looking)
    return passes * operations(config) / (PER_CORE * (1 + cores.count()) / 2)


def operations(config: Any) -> float:
    """Floating-point operations of one network for one image, about; 0: not known."""
    model, size = config.model, config.data.image_size_px
    products = nets.PRODUCTS.get(model.backbone, 0.0)  # heads have next to none
    return 2e9 * products * (size / 224) ** 2 * (model.width / 64) ** 2


def spoken(seconds: float) -> str:
    """'about 9 h', 'about 3 min', 'less than a minute'."""
    if seconds < 60:
        return 'less than a minute'
    if seconds < 5400:
        return f'about {seconds / 60:.0f} min'
    hours = seconds / 3600
    return f'about {hours:.0f} h' if hours < 72 else f'about {hours / 24:.0f} days'
