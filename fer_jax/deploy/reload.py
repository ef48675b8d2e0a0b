"""Reads one format of an export in a process of its own, for `export` to compare.

python -m fer_jax.deploy.reload FOLDER FORMAT IMAGES.npy PROBS.npy
"""

import sys

import numpy as np

from fer_jax.data import arrays
from fer_jax.deploy.recognizer import Recognizer


def main(folder: str, format: str, images_file: str, probs_file: str) -> None:
    """Writes the probabilities of all images; the first one as a batch of its own."""
    recognizer = Recognizer.load(folder, format=format)
    images = arrays.read_npy(images_file, arrays.Array('u', 4))
    parts = [recognizer.squares(part) for part in (images[:1], images[1:])]
    np.save(probs_file, np.concatenate(parts))


if __name__ == '__main__':
    main(*sys.argv[1:])
