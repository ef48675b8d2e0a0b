"""The model card of an export: README.md."""

from typing import Any

from fer_jax.deploy import formats
from fer_jax.deploy.card import title

ORBAX = """
The weights with plain Orbax, without fer_jax:

```python
import json
import pathlib
import jax
from orbax.checkpoint import v1 as ocp

folder = pathlib.Path('.').absolute()
card = json.loads((folder / 'model.json').read_text())
weights = ocp.load(folder / 'orbax')
for path, leaf in jax.tree_util.tree_leaves_with_path(weights):
    print(jax.tree_util.keystr(path), leaf.shape, leaf.dtype)
```
"""
STABLEHLO = """
The program with `jax.export`, without fer_jax (JAX reads such files for six months
after the version that wrote them; the weights above last longer):

```python
import numpy as np
from jax import export

with open('model.stablehlo', 'rb') as file:
    recognise = export.deserialize(bytearray(file.read())).call
with np.load('samples.npz') as samples:
    print(abs(recognise(samples['images']) - samples['probs']).max())
```
"""
ONNX = """
The program with onnxruntime, without JAX:

```python
import numpy as np
import onnxruntime

session = onnxruntime.InferenceSession('model.onnx')
with np.load('samples.npz') as samples:
    (probs,) = session.run(None, {'images': samples['images']})
    print(abs(probs - samples['probs']).max())
```
"""
VOTES = {'mean': 'the mean of the probabilities', 'sum': 'the summed logits'}
LINES = {'orbax': ORBAX, 'stablehlo': STABLEHLO, 'onnx': ONNX}


def origins(card: dict[str, Any]) -> str:
    """Whose weights the networks started from or stand on, and their licences."""
    lines = []
    for known in (start['card'] for start in card.get('start', ())):
        licence = known.get('licence') or 'Its licence: see where you have it from.'
        digest = known['sha256'][:12]
        lines.append(f'Started from {known["source"]} (sha256 {digest}). {licence}\n')
    if 'features' in card:
        known = card['features']
        digest = known['weights_sha256'][:12]
        lines.append(
            f'Heads on {known["network"]}, frozen and inside (sha256 {digest}).'
            f' {known["licence"]}\n'
        )
    return ''.join(f'\n{line}' for line in dict.fromkeys(lines))


def adjusted(card: dict[str, Any]) -> str:
    """How answers were adjusted, in words."""
    if 'adjust' not in card:
        return ''
    return (
        f' Classes that it seldom said in training count for more (tau'
        f' {card["adjust"]["tau"]:g}): these are no calibrated probabilities.'
    )


def text(card: dict[str, Any]) -> str:
    """README.md of an export, in Markdown."""
    size, settings = card['image_size_px'], card['preprocessing']
    numbers = card['networks']
    which = (
        f'network {numbers[0]}'
        if len(numbers) == 1
        else f'{VOTES[card["vote"]]} of networks {", ".join(map(str, numbers))}'
    )
    classes = ', '.join(f'{i} {name}' for i, name in enumerate(card['class_names']))
    files = '\n'.join(
        f'| `{known["file"]}` | {formats.FORMATS[name].use} |'
        f' {known["largest_difference"]:.1e} |'
        for name, known in card['formats'].items()
    )
    metrics = '\n'.join(
        f'| {name} | {value:.4f} |'
        for name, value in card['metrics'].items()
        if isinstance(value, int | float)
    )
    return f"""# Facial-expression recogniser

{title(card)}, {which} of checkpoint {card['checkpoint']['step']}
({card['checkpoint']['which']}), trained on `{card['data']['set']}`. `model.json` says
all of this for programs.

**Input**: `images`, uint8 [B, {size}, {size}, 3], RGB, any B: upright faces, cut out as
the training data were. Preprocessing is inside: resized to
{settings['network_size_px']} px and normalised with mean {list(settings['mean'])} and
deviation {list(settings['std'])}.
**Output**: `probs`, float32 [B, {len(card['class_names'])}]; the classes in order are
{classes}.{adjusted(card)}

```python
from fer_jax import Recognizer

recognizer = Recognizer.load('.')
probs = recognizer(['face.jpg'])  # any size, colour mode and orientation
```

| file | | largest difference to the run, of any probability |
|---|---|---|
{files}
| `samples.npz` | images (patterns, no faces) and probabilities to compare with | |
{''.join(LINES.get(name, '') for name in card['formats'])}
| the run at this checkpoint (accuracy: the method's, network 1, 2, their mean) | |
|---|---|
{metrics}
{origins(card)}
Probabilities say what the training labels would say; they are no measurement of what a
person feels. The network knows no faces but those like its training data: test it on
your own before you rely on it.
"""
