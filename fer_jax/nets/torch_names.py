"""torchvision's names and layouts of the tensors in our backbones.

A backbone's tensors are called by their place in our tree, stem/norm/scale: parameters
and statistics together, for their last names differ. PyTorch keeps kernels as [out, in,
h, w] and matrices as [out, in], we as [h, w, in, out] and [in, out]; nothing else
moves, since the nets follow torchvision's to the padding and the order of flattening.

    ours                     ResNet               MobileNet-V2              VGG-16
    first convolution        conv1                features.0.0              features.0
    a block's, a layer's     layer2.0.bn1         features.4.conv.1.1       features.7
    fc6, fc7                                                                classifier.3
    the classifier, left out fc                   classifier                classifier.6
"""

import collections
import re
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from fer_jax import trees
from fer_jax.errors import Unusable

from . import make, mobilenet, vgg

LEAVES = {
    'kernel': 'weight',
    'scale': 'weight',
    'bias': 'bias',
    'mean': 'running_mean',
    'var': 'running_var',
}
UNUSED = 'num_batches_tracked'  # of every norm; counts for a momentum that is not ours
SHOWN = 3  # names in an error


class Names(NamedTuple):
    """What torchvision calls the modules of a backbone."""

    module: Callable  # 'stem/conv' -> 'conv1'
    head: str  # the classifier, which no backbone has
    children: tuple  # of the net, in order


class Converted(NamedTuple):
    """A backbone's tensors in our layout, and what a file had beside them."""

    arrays: dict  # {'stem/conv/kernel': float32 array}
    prefix: str  # 'module.' and the like, in front of every name of the file
    left_out: dict  # {name of a tensor of the file's classifier: its shape}
    beside: dict  # likewise of tensors outside the prefix: other heads


def _resnet(module):
    for pattern, name in (
        (r'^stem/conv$', 'conv1'),
        (r'^stem/norm$', 'bn1'),
        (r'^stage(\d)/block(\d+)/', r'layer\1.\2.'),
        (r'downsample/conv$', 'downsample.0'),
        (r'downsample/norm$', 'downsample.1'),
        (r'norm(\d)$', r'bn\1'),
    ):
        module = re.sub(pattern, name, module)
    return module


def _mobilenet():
    """Inverted residual blocks are features.1 to 17; the first one does not widen."""
    names = {'stem/conv': 'features.0.0', 'stem/norm': 'features.0.1'}
    layer = 0
    for number, (expansion, _, count, _) in enumerate(mobilenet.GROUPS, start=1):
        for block in range(count):
            layer += 1
            inner, ours = f'features.{layer}.conv', f'group{number}/block{block}'
            wide = ('expand', 'filter') if expansion > 1 else ('filter',)
            for i, kind in enumerate(wide):
                names[f'{ours}/{kind}/conv'] = f'{inner}.{i}.0'
                names[f'{ours}/{kind}/norm'] = f'{inner}.{i}.1'
            names[f'{ours}/narrow/conv'] = f'{inner}.{len(wide)}'
            names[f'{ours}/narrow/norm'] = f'{inner}.{len(wide) + 1}'
    names['last/conv'] = f'features.{layer + 1}.0'
    names['last/norm'] = f'features.{layer + 1}.1'
    return names


def _vgg(norm):
    """Layers without weights count, too: relu behind each, a pool behind each block."""
    names, layer = {'fc6': 'classifier.0', 'fc7': 'classifier.3'}, 0
    for i, (_, count) in enumerate(vgg.BLOCKS, start=1):
        for j in range(1, count + 1):
            names[f'conv{i}_{j}'] = f'features.{layer}'
            names[f'norm{i}_{j}'] = f'features.{layer + 1}'
            layer += 2 + norm
        layer += 1
    return names


VGG = ('features', 'avgpool', 'classifier')
LAYERS = tuple(f'layer{i}' for i in range(1, 5))
RESNET = Names(
    _resnet,
    'fc',
    ('conv1', 'bn1', 'relu', 'maxpool', *LAYERS, 'avgpool', 'fc'),
)
NAMES = {
    'resnet18': RESNET,
    'resnet18_cifar': RESNET,
    'resnet18_slim': RESNET,
    'resnet50': RESNET,
    'mobilenet_v2': Names(_mobilenet().get, 'classifier', ('features', 'classifier')),
    'vgg16': Names(_vgg(norm=False).get, 'classifier.6', VGG),
    'vgg16_bn': Names(_vgg(norm=True).get, 'classifier.6', VGG),
}


def shapes(backbone: str, width: int) -> dict[str, tuple[int, ...]]:
    """{our name: shape} of every tensor of a backbone."""
    net = make(backbone, width=width)
    images = jax.ShapeDtypeStruct((1, 224, 224, 3), jnp.float32)
    variables = jax.eval_shape(
        lambda key, images: net.init(key, images, False), jax.random.key(0), images
    )
    return {
        name: leaf.shape
        for collection in variables.values()
        for name, leaf in trees.named(collection).items()
    }


def theirs(backbone: str, name: str) -> str:
    """torchvision's name of the tensor that we call `name`."""
    module, _, leaf = name.rpartition('/')
    return f'{NAMES[backbone].module(module)}.{LEAVES[leaf]}'


def convert(backbone: str, width: int, tensors: dict[str, np.ndarray]) -> Converted:
    """The tensors of a state dict in our names and layout, each of them matched.

    Names may have a prefix, and be those of a Sequential of the net's children, as SCN,
    RUL and EAC build theirs: the prefix and spelling count by which most tensors match.
    The classifier, the norms' counters and what lies outside the prefix are left out.

    Args:
      backbone: a name of NAMES.
      tensors: {name: array} as PyTorch has them.

    Raises:
      Unusable: unknown backbone; or tensors are missing, foreign, of another shape
        or not finite: names the first of each kind.
    """
    if backbone not in NAMES:
        raise Unusable(
            f'backbone {backbone!r} has no names in PyTorch; those that have are'
            f' {", ".join(NAMES)}'
        )
    names, wanted = NAMES[backbone], shapes(backbone, width)
    plain = [theirs(backbone, ours) for ours in wanted]
    rest = {n: a for n, a in tensors.items() if not n.endswith(f'.{UNUSED}')}
    spell, prefix, rivals = _spelling(rest, plain, names.children)
    arrays, missing, other, infinite = {}, [], [], []
    for (ours, shape), there in zip(wanted.items(), plain):
        name = prefix + spell(there)
        if name not in rest:
            missing.append(name)
            continue
        array = _moved(np.asarray(rest.pop(name)))
        if array.shape != shape:
            has, needs = torch_shape(array.shape), torch_shape(shape)
            other.append(f'{name} {has}, wanted {needs}')
        elif not np.isfinite(array).all():
            infinite.append(name)
        arrays[ours] = np.ascontiguousarray(array, np.float32)
    head = [name for name in rest if name.startswith(prefix + spell(f'{names.head}.'))]
    beside = [
        name
        for name in rest
        if not name.startswith((prefix, *rivals)) and name not in plain
    ]
    problems = {
        'missing': missing,
        'foreign': [name for name in rest if name not in {*head, *beside}],
        'of another shape': other,
        'not finite': infinite,
    }
    said = [f'{len(n)} {what} ({_first(n)})' for what, n in problems.items() if n]
    if said:
        raise Unusable(
            f'of {len(wanted)} tensors of {backbone} with width {width} are'
            f' {", ".join(said)}; name the backbone and width that the file has'
        )
    left_out, others = (
        {name: rest[name].shape for name in sorted(some)} for some in (head, beside)
    )
    return Converted(arrays, prefix, left_out, others)


def _first(names):
    """The first few of many names."""
    return '; '.join(sorted(names)[:SHOWN]) + ' ...' * (len(names) > SHOWN)


def _spelling(tensors, plain, children):
    """How the names of a file are made of torchvision's.

    Args:
      plain: torchvision's names of all tensors of the backbone.
      children: of its net, in order.

    Returns:
      A function of a plain name; the prefix in front of what it returns; and the
      prefixes of other tensors of which as many match.
    """
    numbers = {child: str(number) for number, child in enumerate(children)}

    def in_sequence(name):
        child, dot, rest = name.partition('.')
        return numbers[child] + dot + rest

    matches = collections.Counter()
    for spell in (str, in_sequence):
        wanted = {spell(name) for name in plain}
        for name in tensors:
            for start in (0, *(dot.end() for dot in re.finditer(r'\.', name))):
                matches[spell, name[:start]] += name[start:] in wanted
    most = max(matches.values(), default=0)
    if 2 * most <= len(plain):  # another net: its names by themselves tell more
        return str, '', []
    best = [way for way, count in matches.items() if count == most]
    spell, prefix = min(best, key=lambda way: len(way[1]))
    return spell, prefix, [other for _, other in best if other != prefix]


def _moved(array):
    """[out, in, h, w] -> [h, w, in, out], [out, in] -> [in, out]; others stay."""
    return array.transpose(2, 3, 1, 0) if array.ndim == 4 else array.T


def torch_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape in PyTorch of an array of ours."""
    return tuple(shape[i] for i in (3, 2, 0, 1)) if len(shape) == 4 else shape[::-1]
