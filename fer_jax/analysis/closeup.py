"""What takes a look at the faces by the networks of a checkpoint.

Embeddings, Grad-CAM, the likeness of two networks; and the faces that are trusted most
and least. As in `sections`, rows are places in Case.order.
"""

from typing import Any

import numpy as np

from fer_jax import home
from fer_jax.analysis import (
    by_epoch,
    cases,
    compactness,
    embedding,
    features,
    gradcam,
    opinions,
    thumbnails,
    weights,
)
from fer_jax.deploy import model
from fer_jax.errors import Unusable

LOOKED_AT = 10_000  # training faces, drawn, that embeddings are computed of
DRAWN = 2000  # of these in the plane: t-SNE takes a minute for more
CHOSEN = 12  # suspicious faces looked into
EACH = 3  # most and least trusted faces of each class
LEFT_OUT = (
    'Embeddings and Grad-CAM need a look at the faces, which a run does not take by'
    f' itself: {home.launch()} audit --workdir=RUN draws them.'
)


def networks(case: cases.Case, which: str | None) -> dict[str, Any]:
    """The section about the networks.

    Args:
      which: checkpoint to look with; None: leave out what needs one.
    """
    result = case.run.result
    found = {
        'test': {
            'confusion': np.array(result['confusion'], np.int32),
            'recalls': list(result['recalls'].values()),
            'said': 'Test labels, after the last epoch.',
        },
        'alike': likeness(case),
        'weighted': weighted(case),
        'space': LEFT_OUT,
        'cam': LEFT_OUT,
    }
    if which is None:
        return found
    try:
        if isinstance(case.data, str):
            raise Unusable(case.data)
        loaded = model.from_run(case.run.folder, which=which, network='mean')
    except (ValueError, FileNotFoundError) as error:
        return found | dict.fromkeys(
            ('space', 'cam'), f'No look at the faces was possible: {error}.'
        )
    faces = thumbnails.Faces(case.data)
    seen, chosen = embedding.chosen(len(case.ids), LOOKED_AT), suspects(case)
    looked = case.ids[np.concatenate([seen, chosen])]
    outputs = features.of(loaded, case.data.train, faces.places(looked))
    found['space'] = space(case, outputs.embeddings[0], seen, chosen)
    found['cam'] = cam(case, loaded, faces, chosen)
    if isinstance(found['alike'], dict):
        found['alike'] |= alike_probs(outputs.probs[:, : len(seen)])
    return found


def suspects(case: cases.Case, most: int = CHOSEN) -> np.ndarray:
    """[n] examples: the least trusted ones for which another class is suggested."""
    order = case.order
    return order[case.suggested[order] != case.given[order]][:most]


def likeness(case: cases.Case) -> dict[str, Any] | str:
    """How alike the networks think, by epoch."""
    if case.run.scores.shape[1] == 1:
        return 'One network was trained, so there is no other to compare it with.'
    return {
        'correlation': opinions.likeness(case.run.scores).tolist(),
        'said': 'Correlation of their scores of the labels. Networks that agree in'
        ' everything cannot warn each other.',
        'probs': None,
    }


def alike_probs(probs: np.ndarray, bins: int = 40) -> dict[str, Any]:
    """Cosine of the predictions of the first two networks, probs [P, N, C]."""
    one, two = np.asarray(probs[:2], np.float64)
    counts, edges = np.histogram(opinions.cosine(one, two), bins, (0, 1))
    return {
        'probs': {
            'edges': edges.astype(np.float32),
            'counts': counts.astype(np.int32),
        },
        'same': float((one.argmax(axis=1) == two.argmax(axis=1)).mean()),
    }


def weighted(case: cases.Case) -> dict[str, Any]:
    """The most and the least trusted faces of each class (ReSup, Figs. 5 and 6)."""
    of, said = by_epoch.trust(case)
    last = of(len(case.run.scores) - 1).mean(axis=0)
    least, most = weights.extremes(last, case.given, len(case.class_names), EACH)

    def some(groups):
        places = np.concatenate(groups).astype(int)
        return {'rows': case.place[places], 'weights': last[places].astype(np.float32)}

    return {
        'said': f'{EACH} of each class. {said}',
        'most': some(most),
        'least': some(least),
    }


def space(
    case: cases.Case, embeddings: np.ndarray, seen: np.ndarray, chosen: np.ndarray
) -> dict[str, Any]:
    """Embeddings of network 1: in the plane, by class, and distances to all centres.

    Args:
      embeddings: [n + m, D] of the n examples `seen` and the m `chosen`, whose
        distances are shown.
    """
    (embeddings, own), count = np.split(embeddings, [len(seen)]), len(case.class_names)
    drawn = embedding.chosen(len(seen), DRAWN)
    table = compactness.table(embeddings, case.given[seen], count)
    centres = compactness.centres(embeddings, case.given[seen], count)
    clean = case.clean_labels[seen[drawn]]
    return {
        'plane': embedding.plane(embeddings[drawn]),
        'said': f't-SNE of {len(drawn):,} training faces as network 1 embeds them: near'
        ' means alike, axes and distances between groups mean nothing.',
        'given': case.given[seen[drawn]].astype(np.int16),
        'clean': clean.astype(np.int16) if (clean >= 0).any() else None,
        'compact_said': 'Distance of a face to the mean of its given class, in the unit'
        f' of the embedding, over {len(seen):,} training faces. Compare runs of one'
        ' backbone only.',
        'mean': table.mean.astype(np.float32),
        'deviation': table.deviation.astype(np.float32),
        'count': table.count.astype(np.int32),
        'chosen': {
            'rows': case.place[chosen],
            'distances': compactness.distances(own, centres).astype(np.float32),
        },
    }


def cam(
    case: cases.Case, loaded: model.Model, faces: thumbnails.Faces, chosen: np.ndarray
) -> dict[str, Any] | str:
    """Where network 1 looks for the given and for the suggested label."""
    if not len(chosen):
        return (
            'For no label another class is suggested, so there is nothing to compare.'
        )
    if 'features' in loaded.card:
        return (
            'This run learned from features of a frozen network: it has no maps of its'
            ' own that would say which place in a picture speaks for a class.'
        )
    pixels = np.stack([faces.pixels(name) for name in case.ids[chosen].tolist()])

    def drawn(classes):
        heats = gradcam.heat(loaded, pixels, classes[chosen])
        heated = map(thumbnails.heated, pixels, heats)
        return thumbnails.strung([thumbnails.small(each) for each in heated])

    given = drawn(case.given)
    return {
        'rows': case.place[chosen],
        'other': case.suggested[chosen].astype(np.uint16),
        'given': given,
        'suggested': drawn(case.suggested),
        'type': given['type'],
        'said': 'Grad-CAM: bright places speak for the class. Of the least trusted'
        ' labels for which another class is suggested.',
    }
