"""The formats of an export: how each is written, and how it is read for use.

Libraries are imported where they are needed: who uses an ONNX export needs no JAX.
"""

import importlib.util
import json
import pathlib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from fer_jax import cores
from fer_jax.data.quoting import quoted
from fer_jax.deploy import card as cards
from fer_jax.errors import Missing, Unusable


class Format(NamedTuple):
    """Where a format lies in an export, and what it is good for."""

    file: str
    use: str


FORMATS = {  # those that are read first come first
    'orbax': Format('orbax', 'the weights, for JAX'),
    'safetensors': Format('model.safetensors', 'the weights, for anything else'),
    'stablehlo': Format(
        'model.stablehlo', 'the whole program, for `jax.export` on CPU, GPU and TPU'
    ),
    'onnx': Format('model.onnx', 'the whole program, for onnxruntime and others'),
}

PACKAGES = {  # that a format needs and not every installation has
    'onnx': ('onnx', 'onnxruntime'),
}


def lacking(format: str) -> str:
    """What to do for a format that cannot be written here; '' where it can be."""
    wanted = PACKAGES.get(format, ())
    absent = [name for name in wanted if importlib.util.find_spec(name) is None]
    if not absent:
        return ''
    names = ' and '.join(absent)
    return f'{format} needs {names}: pip install {" ".join(absent)}'


def load(
    folder: pathlib.Path, format: str | None = None
) -> tuple[dict[str, Any], Callable]:
    """(card, probs) of an export: probs maps [B, s, s, 3] uint8 to [B, C] float32.

    Raises:
      Missing: the export does not have the format, or what reads it is not installed.
      Damaged: its files are not those that model.json has the sums of.
      Unusable: unknown format; or the file does not fit model.json.
    """
    folder = pathlib.Path(folder)
    card = cards.read(folder)
    there = [n for n, known in FORMATS.items() if (folder / known.file).exists()]
    if format is not None and format not in FORMATS:
        raise Unusable(f'format {format!r}; there are: {", ".join(FORMATS)}')
    if not there:
        files = ', '.join(known.file for known in FORMATS.values())
        raise Missing(f'{folder}: none of {files}; {cards.AGAIN}')
    format = format or there[0]
    if format not in there:
        raise Missing(
            f'{folder}: not exported as {format}; there is: {", ".join(there)}'
        )
    if lacking(format):
        raise Missing(f'{folder}/{FORMATS[format].file}: {lacking(format)}')
    cards.check(folder, card, FORMATS[format].file)
    try:
        return card, READERS[format](folder / FORMATS[format].file, card)
    except Unusable as error:
        raise Unusable(f'{folder}/{FORMATS[format].file}: {error}') from None
    except Exception as error:  # other programs' readers can raise anything
        said = quoted(' '.join(str(error).split()))
        raise Unusable(
            f'{folder}/{FORMATS[format].file} cannot be read: {said}; {cards.AGAIN}'
        ) from None


def check_names(names: str | None, card: dict[str, Any]) -> None:
    """Raises Unusable when classes that stand in a file are not those of its card."""
    if names and names != json.dumps(card['class_names']):
        raise Unusable(
            f'is of the classes {quoted(names)}, model.json has others, or another'
            ' order: it is of another model'
        )


def check_program(images: Sequence, probs: Sequence, card: dict[str, Any]) -> None:
    """Raises Unusable when a program's shapes are not those of its card."""
    size, count = card['image_size_px'], len(card['class_names'])
    if tuple(images[1:]) != (size, size, 3) or probs[-1] != count:
        raise Unusable(
            f'maps images {tuple(images)} to {tuple(probs)}, model.json says'
            f' [B, {size}, {size}, 3] to [B, {count}]: it is of another model'
        )


def read_orbax(path: pathlib.Path, card: dict[str, Any]) -> Callable:
    """(uint8 images) -> probs of the weights in an Orbax folder."""
    from fer_jax import trees
    from fer_jax.deploy import model
    from fer_jax.training import checkpoint

    leaves = trees.named(checkpoint.read_tree(path))
    return model.compiled(model.from_weights(card, leaves))


def write_orbax(path: pathlib.Path, loaded: Any, fold_bn: bool) -> None:
    """Weights as nested dicts, for plain Orbax to read."""
    from fer_jax import trees
    from fer_jax.deploy import model
    from fer_jax.training import checkpoint

    del fold_bn  # the weights stay as trained, under their names
    checkpoint.write_tree(path, trees.nested(model.weights(loaded)))


def read_safetensors(path: pathlib.Path, card: dict[str, Any]) -> Callable:
    """(uint8 images) -> probs of the weights in a safetensors file.

    Values may be kept in float16; heads may be alone, without their frozen network,
    which is then the one of this machine.
    """
    from fer_jax.data import tensors
    from fer_jax.deploy import front, model

    found = {
        name: leaf.astype('float32') if leaf.dtype == 'float16' else leaf
        for name, leaf in tensors.read(path).items()
    }
    if 'features' in card and not any(map(front.of_network, found)):
        found |= front.network(card)
    loaded = model.from_weights(card, found)
    check_names(tensors.notes(path).get('class_names'), card)
    return model.compiled(loaded)


def write_safetensors(path: pathlib.Path, loaded: Any, fold_bn: bool) -> None:
    """Weights under the names a/b/c, class names among the file's notes."""
    from fer_jax.data import tensors
    from fer_jax.deploy import model

    del fold_bn  # as in write_orbax
    names = json.dumps(loaded.card['class_names'])
    tensors.write(path, model.weights(loaded), {'class_names': names})


def read_stablehlo(path: pathlib.Path, card: dict[str, Any]) -> Callable:
    """(uint8 images) -> probs of a serialised program."""
    from jax import export

    from fer_jax import compiling

    exported = export.deserialize(bytearray(path.read_bytes()))
    check_program(exported.in_avals[0].shape, exported.out_avals[0].shape, card)
    return compiling.jit(exported.call, 'look')


def write_stablehlo(path: pathlib.Path, loaded: Any, fold_bn: bool) -> None:
    """The program with its weights, for any batch on cpu, cuda and tpu."""
    import jax
    from jax import export

    from fer_jax.deploy import graph, model

    function = model.function(loaded)
    if fold_bn:
        function = graph.folded(function)
    exported = export.export(jax.jit(function), platforms=('cpu', 'cuda', 'tpu'))
    path.write_bytes(exported(free_batch(loaded.card)).serialize())


def read_onnx(path: pathlib.Path, card: dict[str, Any]) -> Callable:
    """(uint8 images) -> probs of an ONNX graph in onnxruntime."""
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = cores.count()  # by itself it takes all there are
    session = onnxruntime.InferenceSession(
        path, settings, providers=['CPUExecutionProvider']
    )
    (images,), (probs,) = session.get_inputs(), session.get_outputs()
    check_program(images.shape, probs.shape, card)
    notes = session.get_modelmeta().custom_metadata_map
    check_names(notes.get('class_names'), card)
    return lambda batch: session.run([probs.name], {images.name: batch})[0]


def write_onnx(path: pathlib.Path, loaded: Any, fold_bn: bool) -> None:
    """The program with its weights as an ONNX graph, for any batch."""
    from fer_jax.deploy import graph, model, onnx_graph

    del fold_bn  # always: it costs nothing, and no one reads weights out of ONNX
    traced = graph.trace(model.function(loaded), free_batch(loaded.card))
    names = json.dumps(loaded.card['class_names'])
    proto = onnx_graph.translate(graph.fold(traced), notes={'class_names': names})
    path.write_bytes(proto.SerializeToString())


def free_batch(card: dict[str, Any]) -> Any:
    """Shape and dtype of images [B, s, s, 3] uint8 with B left open."""
    import jax
    from jax import export

    size = card['image_size_px']
    shape = export.symbolic_shape(f'b, {size}, {size}, 3')
    return jax.ShapeDtypeStruct(shape, 'uint8')


READERS = {
    'orbax': read_orbax,
    'safetensors': read_safetensors,
    'stablehlo': read_stablehlo,
    'onnx': read_onnx,
}
WRITERS = {
    'orbax': write_orbax,
    'safetensors': write_safetensors,
    'stablehlo': write_stablehlo,
    'onnx': write_onnx,
}
