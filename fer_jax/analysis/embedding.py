"""Embeddings drawn in the plane (embedding-proximity paper, Fig. 5)."""

import numpy as np


def plane(
    embeddings: np.ndarray, *, perplexity: float = 30.0, seed: int = 0
) -> np.ndarray:
    """t-SNE of embeddings (van der Maaten and Hinton 2008; scikit-learn).

    Minutes for more than 10,000 examples: draw some (`chosen`).

    Args:
      embeddings: [N, D], N at least 4.
      perplexity: effective number of neighbours, at most (N - 1) / 3.
      seed: draws the start, where the principal axes leave a choice.

    Returns:
      [N, 2] float32.
    """
    # a second to import, and nobody else needs it
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    drawing = TSNE(
        perplexity=min(perplexity, (len(embeddings) - 1) / 3),
        init='pca',
        learning_rate='auto',
        random_state=seed,
    )
    # Its threads wait for each other by turning: on two busy cores 600 faces take 25 s
    # (12 of processor time), with one thread 5.5 (2.6).
    with threadpool_limits(1):
        return drawing.fit_transform(np.asarray(embeddings, np.float32))


def chosen(count: int, most: int = 2000, seed: int = 0) -> np.ndarray:
    """[n] int, rising: `most` of `count` places drawn without replacement, or all."""
    generator = np.random.Generator(np.random.Philox(seed))
    order = np.argsort(generator.random(count), kind='stable')
    return np.sort(order[:most])
