"""Pictures that are there more than once: the same pixels, or nearly the same picture.

Near copies are found without comparing all pairs. The 256 bits of a signature are
dealt into 16 bands of 16, and only pictures that agree in a whole band are compared.
Two whose signatures differ in up to 15 bits always do in one; of those that differ in
MOST, 99.1 % (the chance that 24 bits, dealt at random, leave one of 16 bands alone).
"""

import collections
from collections.abc import Iterable

import numpy as np
import scipy.sparse

MOST = 24  # bits of 256 that differ between near copies
NEIGHBOURS = 4096  # in a band that very many share, no more are compared with each


def identical(digests: Iterable[bytes]) -> list[list[int]]:
    """Lists of places that have one digest, of two or more; empty digests aside."""
    places = collections.defaultdict(list)
    for place, digest in enumerate(digests):
        if digest:
            places[digest].append(place)
    return [group for group in places.values() if len(group) > 1]


def alike(signatures: np.ndarray, most: int = MOST) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of signatures of which few bits differ.

    Args:
      signatures: [n, 32] uint8.
      most: bits.

    Returns:
      pairs [m, 2] int, the lower place first, in order; bits that differ [m] int.
    """
    n = len(signatures)
    words = np.ascontiguousarray(signatures).view(np.uint64).reshape(n, 4)
    bits = np.unpackbits(signatures, axis=1)
    dealt = np.random.Generator(np.random.Philox(0)).permutation(256)
    bands = np.ascontiguousarray(np.packbits(bits[:, dealt], axis=1)).view(np.uint16)
    near_pairs, distances = [np.zeros((0, 2), np.int64)], [np.zeros(0, np.int64)]
    for band in bands.T:
        order = np.argsort(band, kind='stable')
        keys, sorted_words = band[order], words[order]
        first = np.arange(n)
        for step in range(1, NEIGHBOURS + 1):
            first = first[first + step < n]
            # those that share a band lie side by side, so fewer and fewer are left
            first = first[keys[first] == keys[first + step]]
            if not len(first):
                break
            differ = sorted_words[first] ^ sorted_words[first + step]
            differ = np.bitwise_count(differ).sum(axis=1, dtype=np.int64)
            near = differ <= most
            pairs = np.stack([order[first[near]], order[first[near] + step]], axis=1)
            near_pairs.append(np.sort(pairs, axis=1))
            distances.append(differ[near])
    pairs, places = np.unique(np.concatenate(near_pairs), axis=0, return_index=True)
    return pairs, np.concatenate(distances)[places]


def connected(pairs: np.ndarray, n: int) -> list[list[int]]:
    """Lists of places 0 to n - 1 that pairs [m, 2] connect, however indirectly."""
    links = (np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1]))
    graph = scipy.sparse.coo_matrix(links, shape=(n, n))
    _, names = scipy.sparse.csgraph.connected_components(graph, directed=False)
    groups = collections.defaultdict(list)
    for place in np.unique(pairs):
        groups[names[place]].append(int(place))
    return list(groups.values())
