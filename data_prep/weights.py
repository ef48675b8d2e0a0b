"""PyTorch weights of a backbone -> weights for config.start.

    python -m data_prep weights resnet18.pth --backbone=resnet18 --out=weights/resnet18

Reads torchvision's state dicts and those named like them: `.safetensors`, and with
PyTorch (no part of requirements.txt) whatever torch.save wrote, as tensors alone:
nothing in the file is run. `state_dict` around them and a prefix such as `module.` are
taken off and said, and a Sequential of the net's children is read as well (SCN, RUL and
EAC save such). Every tensor of the backbone must be there by name and shape; left out
and said are the classifier and what lies outside the prefix.
"""

import argparse
import pathlib
import warnings
from collections.abc import Mapping

import numpy as np
import rich.console

from fer_jax.data import tensors, weights, whole
from fer_jax.data.quoting import quoted
from fer_jax.errors import Missing, Unusable

WRAPPERS = ('state_dict', 'model_state_dict', 'model')  # what training scripts save
NORMALISATIONS = {  # mean, std of R, G, B in [0, 1]
    'imagenet': ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    'half': ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
}
LONGEST = 200  # characters of a tensor's name
HOW_TORCH = 'pip install torch --index-url https://download.pytorch.org/whl/cpu'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this door's options to an argparse parser."""
    parser.add_argument(
        'file', help='.safetensors, or what torch.save wrote: .pth, .pt'
    )
    parser.add_argument(
        '--backbone',
        required=True,
        help='resnet18, resnet50, mobilenet_v2, vgg16, vgg16_bn ...',
    )
    parser.add_argument('--width', type=int, default=64, help='64: the published nets')
    parser.add_argument(
        '--normalisation',
        choices=NORMALISATIONS,
        default='imagenet',
        help='of the images that the weights were learned from; default: imagenet',
    )
    parser.add_argument('--out', required=True, help='folder to write')
    parser.add_argument('--force', action='store_true', help='replace the folder')


def run(options: argparse.Namespace) -> None:
    """Converts the file, prints what was in it and writes the folder."""
    from fer_jax.nets import torch_names  # here: no other door has to wait for Flax

    console = rich.console.Console(highlight=False, markup=False, soft_wrap=True)
    path = pathlib.Path(options.file)
    state, wrapper = read(path)
    for name in state:
        if len(name) > LONGEST or not name.isprintable():
            raise Unusable(
                f'{path}: {quoted(name)} is no name of a tensor; fetch it again'
            )
    source_sum = whole.file_sum(path)
    console.print(f'{path}: {len(state)} tensors, sha256 {source_sum}')
    try:
        converted = torch_names.convert(options.backbone, options.width, state)
    except ValueError as error:
        raise Unusable(f'{path}: {error}') from None
    for what, name in (('wrapper', wrapper), ('prefix', converted.prefix)):
        if name:
            console.print(f'{what} {name!r} taken off')
    console.print(
        f'classifier left out: {listed(converted.left_out) or "the file has none"}'
    )
    if converted.beside:
        console.print(f'other parts left out: {listed(converted.beside)}')
    count = len(converted.arrays)
    values = sum(array.size for array in converted.arrays.values())
    console.print(f'loaded {count}/{count} tensors of the backbone, {values:,} values')
    mean, std = NORMALISATIONS[options.normalisation]
    card = weights.write(
        options.out,
        converted.arrays,
        force=options.force,
        backbone=options.backbone,
        width=options.width,
        mean=mean,
        std=std,
        source=path.name,
        source_sha256=source_sum,
    )
    console.print(f'written: {options.out}, sha256 {card["sha256"]}')


def listed(shapes: Mapping[str, tuple]) -> str:
    """{name: shape} as text."""
    return ', '.join(f'{name} {shape}' for name, shape in shapes.items())


def read(path: pathlib.Path) -> tuple[dict[str, np.ndarray], str]:
    """The state dict of a file, {name: array}, and the name of what was around it.

    Raises:
      Missing: no such file.
      Unusable: the file cannot be read, or holds no state dict.
    """
    if not path.is_file():
        raise Missing(f'{path}: no such file; give the weights to convert')
    if path.suffix == '.safetensors':
        try:
            return tensors.read(path), ''
        except ValueError as error:
            raise Unusable(f'{path}: {error}; fetch it again') from None
    return read_torch(path)


def read_torch(path: pathlib.Path) -> tuple[dict[str, np.ndarray], str]:
    """`read` of what torch.save wrote."""
    try:
        import torch
    except ModuleNotFoundError:
        raise Unusable(
            f'{path}: PyTorch reads such files, and is not installed: {HOW_TORCH}; or'
            ' give a .safetensors file'
        ) from None
    try:
        with warnings.catch_warnings(action='ignore'):  # of what it then refuses
            content = torch.load(path, map_location='cpu', weights_only=True)
    except OSError:
        raise
    except Exception as error:  # a broken pickle can raise anything
        said = str(error).strip().splitlines()[0].partition('. ')[0]
        raise Unusable(
            f'{path}: torch.load(weights_only=True) refuses it ({said}); fetch it'
            ' again or, if it holds more than tensors, save its state_dict() alone'
        ) from None
    wrapper = ''
    if isinstance(content, dict):
        wrapper = next((name for name in WRAPPERS if name in content), '')
        content = content[wrapper] if wrapper else content
    if not isinstance(content, dict) or not all(
        isinstance(name, str) and isinstance(value, torch.Tensor)
        for name, value in content.items()
    ):
        raise Unusable(
            f'{path}: holds no state dict, neither by itself nor under'
            f' {", ".join(WRAPPERS)}; save model.state_dict() with torch.save'
        )
    arrays = {name: value.float().numpy() for name, value in content.items()}
    return arrays, wrapper
