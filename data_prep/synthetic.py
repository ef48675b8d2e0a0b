"""Synthetic faces: seven expressions, drawn from numbers, with known labels.

    python -m data_prep synthetic --out=data/synthetic --train=2000 --test=1000

They stand in for a set that needs a licence: tests, the demo and experiments about
label noise need faces of which the truth is known. A face is a function of (seed,
split, index) alone. What makes real faces hard is in them on purpose:

  expression  the pull of each muscle is a ((1 - m) E_label + m E_other), intensity
              a in (.3, 1), mixture m in (0, .5), clear ones more often: the label
              is the dominant expression, and near a = .3 or m = .5 a face is
              truly ambiguous
  identity    shape, features, colours, hair, beard, glasses, and a face at rest that
              is not quite neutral
  pose        roll, yaw, pitch, scale, shift
  light       direction, gamma, contrast, blur, noise, half of the photos grey
  occlusion   a hand, a strand of hair or a bar in one of seven

Classes are unbalanced as in photographs found by search: happiness most, disgust least.

How hard they are for a network is measured in docs/results.md.
"""

import argparse
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import rich.console
import rich.progress
from PIL import Image

from fer_jax.data import sets, writing
from fer_jax.errors import Unusable

from . import canvas, faces, photographs, png
from .canvas import Colour

SPLITS = ('train', 'test')
CLASSES = sets.SETS['synthetic'].class_names
PRIOR = {
    'anger': 0.13,
    'disgust': 0.08,
    'fear': 0.11,
    'happiness': 0.22,
    'sadness': 0.15,
    'surprise': 0.13,
    'neutral': 0.18,
}
# fmt: off
MUSCLES = {  # fields of faces.Muscles
    #             brow              eyes       nose      corners     jaw       teeth
    #             inner outer drawn      cheeks     lip        width      press
    'anger':     (-1.0, +0.1, +1.0, -0.3, 0.0, 0.3, 0.1, -0.5, -0.2, 0.0, 0.9, 0.0),
    'disgust':   (-0.7, -0.3, +0.4, -0.6, 0.4, 1.0, 1.0, -0.5, -0.1, 0.2, 0.0, 0.6),
    'fear':      (+0.9, +0.3, +0.8, +0.8, 0.0, 0.0, 0.0, -0.4, +0.6, 0.4, 0.0, 0.9),
    'happiness': (+0.0, +0.1, +0.0, -0.3, 1.0, 0.0, 0.2, +1.0, +0.6, 0.4, 0.0, 1.0),
    'sadness':   (+1.0, -0.6, +0.4, -0.4, 0.0, 0.0, 0.0, -0.9, -0.1, 0.0, 0.2, 0.0),
    'surprise':  (+1.0, +1.0, +0.0, +0.9, 0.0, 0.0, 0.0, +0.0, -0.4, 1.0, 0.0, 0.2),
    'neutral':   (+0.0, +0.0, +0.0, +0.0, 0.0, 0.0, 0.0, +0.0, +0.0, 0.0, 0.0, 0.0),
}
# fmt: on


class Dice:
    """The draws of one face: a fixed sequence of numbers in [0, 1).

    Only `random` of a counter-based generator is used, which NumPy keeps as it is.
    """

    def __init__(self, seed: int, split: str, index: int) -> None:
        key = [seed, (SPLITS.index(split) << 32) + index]
        generator = np.random.Generator(np.random.Philox(key=key))
        self.next = iter(generator.random(256).tolist()).__next__

    def between(self, low: float, high: float) -> float:
        """Uniform in [low, high)."""
        return low + (high - low) * self.next()

    def chance(self, probability: float) -> bool:
        """True with this probability, always at 1 and never at 0."""
        return self.next() < probability

    def around(self, spread: float) -> float:
        """Bell-shaped around 0 with this standard deviation, at most 3 of them."""
        return spread * 2 * (self.next() + self.next() + self.next() - 1.5)

    def one_of(self, choices: Sequence) -> Any:
        """One of the choices, each as likely."""
        return choices[int(self.next() * len(choices))]

    def colour(self, choices: Sequence[Colour], spread: float) -> Colour:
        """One of the colours, made lighter or darker and tinted a little."""
        chosen, shift = self.one_of(choices), self.around(spread)
        moved = (c + shift + self.around(spread / 2) for c in chosen)
        return tuple(round(min(max(c, 0), 255)) for c in moved)


def draw(
    seed: int, split: str, index: int, size_px: int = 48
) -> tuple[np.ndarray, int]:
    """One face and its label, a function of its arguments alone.

    Returns:
      uint8 [size_px, size_px, 3] RGB; label, a place in CLASSES.
    """
    dice = Dice(seed, split, index)
    name = choose_class(dice)
    muscles = expression(dice, name)
    image = faces.draw(identity(dice), muscles, pose(dice), size_px)
    return photographs.take(dice, image), CLASSES.index(name)


def choose_class(dice: Dice) -> str:
    """A class name, drawn from PRIOR."""
    left = dice.next()
    for name, share in PRIOR.items():
        left -= share
        if left < 0:
            return name
    return name  # the shares may sum to a little less than 1


def expression(dice: Dice, name: str) -> faces.Muscles:
    """A blend in which `name` dominates, on a face that rests a little off neutral."""
    # the powers make clear expressions more frequent than faint or mixed ones
    intensity, mixture = 1 - 0.7 * dice.next() ** 2, 0.5 * dice.next() ** 2
    other = dice.one_of([known for known in CLASSES if known != name])
    return faces.Muscles(
        *(
            intensity * ((1 - mixture) * pull + mixture * other_pull)
            + dice.around(0.07)
            for pull, other_pull in zip(MUSCLES[name], MUSCLES[other])
        )
    )


def identity(dice: Dice) -> faces.Identity:
    """Who it is."""
    return faces.Identity(
        head_width=dice.between(0.84, 0.96),
        jaw_width=dice.between(0.1, 0.7),
        eye_distance=dice.between(0.36, 0.42),
        eye_size=dice.between(0.2, 0.25),
        eye_height=dice.between(-0.18, -0.12),
        brow_height=dice.between(0.27, 0.32),
        brow_thickness=dice.between(0.07, 0.12),
        nose_length=dice.between(0.28, 0.36),
        nose_width=dice.between(0.14, 0.22),
        mouth_height=dice.between(0.65, 0.71),
        mouth_width=dice.between(0.36, 0.46),
        lip_thickness=dice.between(0.06, 0.13),
        hair_length=dice.next() * dice.chance(0.9),
        fringe=dice.next(),
        beard=dice.between(0.1, 1) * dice.chance(0.15),
        glasses=dice.between(0.25, 0.31) * dice.chance(0.12),
        skin=dice.colour(faces.SKINS, 12),
        hair=dice.colour(faces.HAIRS, 12),
        iris=dice.colour(((70, 45, 25), (60, 90, 120), (80, 100, 60)), 10),
        background=dice.colour(((60, 60, 60), (130, 130, 130), (200, 200, 200)), 40),
        clothes=dice.colour(((40, 40, 60), (120, 60, 50), (190, 190, 190)), 40),
    )


def pose(dice: Dice) -> canvas.Pose:
    """How it stands; faces are found by a detector, so none is far off."""
    return canvas.Pose(
        roll=dice.around(0.06),
        yaw=dice.around(0.1),
        pitch=dice.around(0.06),
        scale=dice.between(0.51, 0.55),
        shift_x=dice.around(0.015),
        shift_y=dice.around(0.015) - 0.04,
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this door's options to an argparse parser."""
    parser.add_argument('--out', required=True, help='folder to write')
    parser.add_argument('--train', type=int, default=2000, help='training faces')
    parser.add_argument('--test', type=int, default=1000, help='test faces')
    parser.add_argument('--seed', type=int, default=0, help='which faces; default: 0')
    parser.add_argument('--size', type=int, default=48, help='side in pixels')
    parser.add_argument('--force', action='store_true', help='replace the folder')


def run(options: argparse.Namespace) -> None:
    """Draws the faces and writes the prepared folder."""
    counts = {'train': options.train, 'test': options.test}
    if min(counts.values()) < 1 or options.size < 16 or options.seed < 0:
        raise Unusable(
            f'got --train={options.train} --test={options.test} --size={options.size} '
            f'--seed={options.seed}, want at least 1, 1, 16 and 0'
        )
    writing.write(
        options.out,
        set_name='synthetic',
        class_names=CLASSES,
        image_size_px=options.size,
        recipe={'door': 'synthetic', 'seed': options.seed},
        splits={
            split: examples(options.seed, split, counts[split], options.size)
            for split in SPLITS
        },
        force=options.force,
    )
    rich.console.Console(highlight=False, soft_wrap=True).print(
        f'written: {options.out}, {options.train:,} + {options.test:,} faces'
    )


def examples(
    seed: int, split: str, count: int, size_px: int
) -> Iterator[writing.Example]:
    """The Examples of a split, drawn as they are asked for, with a progress bar."""
    for index in rich.progress.track(range(count), description=f'{split:5}'):
        image, label = draw(seed, split, index, size_px)
        encoded = png.encode(Image.fromarray(image))
        yield writing.Example(f'{split}-{index:06}', encoded, label, label)
