"""Numbers of a run that need its networks: a look at test faces, kept once taken."""

import hashlib
import json
import pathlib
from typing import Any

import jax
import numpy as np

from fer_jax import compiling
from fer_jax.analysis import compactness, opinions
from fer_jax.analysis import features as images
from fer_jax.data import documents, features, whole
from fer_jax.deploy import evaluate, model
from fer_jax.training import examples, fields, files, front

LOOKS = 'looks'  # of a table's workdir, beside the folder of the runs
KIND = documents.mapping(documents.number())
REMEDY = 'remove it, and it is made again'
BATCH = 1024


def of(
    folder: pathlib.Path, result: dict[str, Any], tested: pathlib.Path | None
) -> dict[str, float]:
    """What is seen by the networks of a finished run, after its last epoch.

    distance     mean over the classes of the mean distance of a test face's embedding
                 to the mean of its class (`compactness`); of the first network
    distance C   the same of class C
    cosine       mean cosine of two networks' probabilities on test faces
    accuracy     in %, on the test split of another set

    Args:
      folder: of the run; what is seen is kept beside the folder that it is in.
      result: its result.json: what was seen of another run of that name is not taken.
      tested: folder of the other prepared set; None: the run's own, without accuracy.

    Raises:
      Unusable: its checkpoint or its data are not there, or other ones.
    """
    digest = hashlib.sha256(json.dumps(result).encode()).hexdigest()[:8]
    name = f'{folder.name}.{tested.name if tested else "own"}-{digest}.json'
    kept = folder.parent.parent / LOOKS / name
    if kept.exists():
        return documents.read(kept, KIND, REMEDY)
    loaded = model.from_run(folder, network='mean')
    found = on_another(loaded, folder, tested) if tested else on_its_own(loaded, folder)
    kept.parent.mkdir(parents=True, exist_ok=True)
    whole.write_text(kept, json.dumps(found, indent=1) + '\n')
    return found


def on_another(
    loaded: model.Model, folder: pathlib.Path, tested: pathlib.Path
) -> dict[str, float]:
    """What is seen on the test split of another set."""
    data, _ = examples.data_of_run(fields.stored(folder).data, tested, ['test'])
    networks = evaluate.evaluate(loaded, data)['networks']
    return {'accuracy': 100 * next(iter(networks.values()))['accuracy']}


def on_its_own(loaded: model.Model, folder: pathlib.Path) -> dict[str, float]:
    """What is seen on the test split of the run's own set."""
    config = fields.stored(folder)
    data, _ = examples.data_of_run(config.data, splits=['test'])
    labels = examples.labels_of_test(data.test)
    rows = data.test.readable()
    if 'features' in loaded.card:
        store = features.load(front.place(config, data)[0])
        seen = of_heads(loaded, front.Front(store, files.read_axes(folder)), rows)
    else:
        seen = images.of(loaded, data.test, rows)
    table = compactness.table(seen.embeddings[0], labels, len(data.class_names))
    there = np.isfinite(table.mean)
    found = {'distance': float(table.mean[there].mean())}
    for name, mean in zip(data.class_names, table.mean):
        if np.isfinite(mean):
            found[f'distance {name}'] = float(mean)
    if len(seen.probs) == 2:
        found['cosine'] = float(opinions.cosine(*seen.probs).mean())
    return found


def of_heads(
    loaded: model.Model, ahead: front.Front, rows: np.ndarray
) -> images.Outputs:
    """The Outputs of test faces by heads, from their stored features."""
    method = model.method(loaded.card)
    source = ahead.source(loaded.card['preprocessing']['recipe'])

    def look(stored: jax.Array) -> Any:
        found = method.predict(loaded.params, loaded.stats, source.plain(stored))
        return jax.nn.softmax(found.logits), found.embeddings

    look = compiling.jit(look, 'look')
    stored = ahead.read('test', rows, lambda count: None)
    parts = [look(stored[i : i + BATCH]) for i in range(0, len(rows), BATCH)]
    return images.Outputs(*(np.concatenate(each, axis=1) for each in zip(*parts)))
