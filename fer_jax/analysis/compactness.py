"""How tightly the faces of a class lie together in a network's embedding.

After the embedding-proximity paper: mean and deviation of the distances to the class
centre (its Table 2), and distances of a face to all centres (its Fig. 4).
"""

from typing import NamedTuple

import numpy as np


class Compactness(NamedTuple):
    """Distances to the own centre by class; nan for a class without examples."""

    mean: np.ndarray  # [C] float64
    deviation: np.ndarray  # [C] float64, over the class (divided by its count)
    count: np.ndarray  # type: ignore[assignment]  # [C] int, not the one of tuples


def centres(embeddings: np.ndarray, labels: np.ndarray, num_classes: int) -> np.ndarray:
    """Class means [C, D] float64; nan for a class without examples.

    Args:
      embeddings: [N, D], in evaluation mode.
      labels: [N] int in [0, C).
    """
    sums = np.zeros((num_classes, embeddings.shape[1]))
    np.add.at(sums, labels, np.asarray(embeddings, np.float64))
    return sums / counts(labels, num_classes)[:, None]


def distances(embeddings: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """||x - c|| [N, C] float64 of every example to every centre (Fig. 4).

    Args:
      embeddings: [N, D].
      centres: [C, D].
    """
    found = np.empty((len(embeddings), len(centres)))
    for place, centre in enumerate(centres):  # [N, D] at a time, not [N, C, D]
        found[:, place] = np.linalg.norm(embeddings - centre, axis=1)
    return found


def table(embeddings: np.ndarray, labels: np.ndarray, num_classes: int) -> Compactness:
    """The Compactness of the classes of `labels` (Table 2).

    Centres are the class means, as the paper's are after training. Distances have the
    unit of the embedding: compare runs of one backbone only.

    Args:
      embeddings: [N, D].
      labels: [N] int in [0, C), given or clean.
    """
    middle = centres(embeddings, labels, num_classes)
    own = np.linalg.norm(embeddings - middle[labels], axis=1)
    number = counts(labels, num_classes)
    mean = np.bincount(labels, own, num_classes) / number
    spread = np.bincount(labels, (own - mean[labels]) ** 2, num_classes) / number
    return Compactness(mean, np.sqrt(spread), np.nan_to_num(number).astype(int))


def counts(labels: np.ndarray, num_classes: int) -> np.ndarray:
    """Examples by class [C] float64; nan where there is none."""
    found = np.bincount(labels, minlength=num_classes).astype(float)
    return np.where(found > 0, found, np.nan)
