"""How each operation of JAX is written in ONNX: those that networks consist of.

Each is a function (writer, node) that emits ONNX nodes and notes where the result is.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from onnx import helper

from fer_jax.deploy.graph import PRODUCT, Node
from fer_jax.errors import Unusable

ELEMENTWISE = {
    'add': 'Add', 'sub': 'Sub', 'mul': 'Mul', 'div': 'Div', 'max': 'Max', 'min': 'Min',
    'exp': 'Exp', 'log': 'Log', 'logistic': 'Sigmoid', 'tanh': 'Tanh', 'neg': 'Neg',
    'sqrt': 'Sqrt', 'abs': 'Abs',
}  # fmt: skip
REDUCTIONS = {'reduce_sum': 'ReduceSum', 'reduce_max': 'ReduceMax'}


def sizes(shape: Sequence[Any], batch: Any) -> list[Any]:
    """`shape` with `batch` for the one dimension that is free."""
    return [size if isinstance(size, int) else batch for size in shape]


def elementwise(writer: Any, node: Node) -> None:
    """Operands in the order of the first one; constants may have fewer axes."""
    if writer.skip(node):
        return
    values = [o for o in node.operands if not isinstance(o, np.ndarray)]
    order = writer.tensor(values[0]).order
    if node.name in ('max', 'min') and scalar(node.operands[1]) is not None:
        return bounded(writer, node, order)
    inputs = [
        writer.constant(operand)
        if isinstance(operand, np.ndarray) and operand.ndim == 0
        else writer.ask(operand, order)
        for operand in node.operands
    ]
    writer.put(node.results[0], writer.emit(ELEMENTWISE[node.name], inputs), order)


def scalar(operand: Any) -> float | None:
    """The number that a constant is throughout, or None."""
    if isinstance(operand, np.ndarray) and operand.size == 1:
        return float(operand.ravel()[0])
    return None


def bounded(writer: Any, node: Node, order: Sequence[int]) -> None:
    """relu and relu6 by their names: onnxruntime puts those into the convolution."""
    name, bound = writer.ask(node.operands[0], order), scalar(node.operands[1])
    if node.name == 'max' and bound == 0:
        name = writer.emit('Relu', [name])
    else:
        limit = writer.constant(np.float32(bound))
        limits = [limit] if node.name == 'max' else ['', limit]
        name = writer.emit('Clip', [name, *limits])
    writer.put(node.results[0], name, order)


def convolution(writer: Any, node: Node) -> None:
    """Conv, with the constant that is added behind it as its bias."""
    numbers, settings = node.params['dimension_numbers'], node.params
    if settings['batch_group_count'] != 1 or set(settings['lhs_dilation']) != {1}:
        raise Unusable('transposed convolutions have no translation to ONNX')
    bias, end = writer.bias(node, numbers.out_spec[1])
    inputs = [
        writer.ask(node.operands[0], numbers.lhs_spec),
        writer.ask(node.operands[1], numbers.rhs_spec),
    ]
    if bias is not None:
        inputs.append(writer.constant(bias))
    before, after = zip(*settings['padding'])
    name = writer.emit(
        'Conv',
        inputs,
        strides=settings['window_strides'],
        pads=[*before, *after],
        dilations=settings['rhs_dilation'],
        group=settings['feature_group_count'],
    )
    writer.put(end.results[0], name, numbers.out_spec)


def pool(writer: Any, node: Node) -> None:
    """MaxPool over the two axes of the image, or AveragePool times the window."""
    settings = node.params
    rank = len(settings['window_dimensions'])
    windows = [
        (window, stride, *padding, dilation)
        for window, stride, padding, dilation in zip(
            settings['window_dimensions'],
            settings['window_strides'],
            settings['padding'],
            settings['window_dilation'],
        )
    ]
    if windows[0] != (1, 1, 0, 0, 1) or windows[-1] != (1, 1, 0, 0, 1):
        raise Unusable('pooling over examples or channels has no translation to ONNX')
    order = (0, rank - 1, *range(1, rank - 1))
    size, stride, before, after, dilation = zip(*windows[1:-1])
    window = {
        'kernel_shape': size,
        'strides': stride,
        'pads': [*before, *after],
    }
    value = writer.ask(node.operands[0], order)
    if node.name == 'reduce_window_max':
        name = writer.emit('MaxPool', [value], dilations=dilation, **window)
    elif set(dilation) != {1}:
        raise Unusable('sums of pixels apart have no translation to ONNX')
    else:
        mean = writer.emit('AveragePool', [value], count_include_pad=1, **window)
        count = writer.constant(np.array(np.prod(size), node.results[0].dtype))
        name = writer.emit('Mul', [mean, count])
    writer.put(node.results[0], name, order)


def pad(writer: Any, node: Node) -> None:
    """Constants around axes of a known size; negative numbers cut."""
    value, filling = node.operands
    config = node.params['padding_config']
    if scalar(filling) is None or any(between for _, _, between in config):
        raise Unusable('a pad between values has no translation to ONNX')
    tensor = writer.tensor(value)
    before, after, _ = zip(*(config[axis] for axis in tensor.order))
    widths = np.array([*before, *after], np.int64)
    name = tensor.name
    if widths.any():
        filling = filling.astype(value.dtype).reshape(())
        name = writer.emit('Pad', [name, *map(writer.constant, (widths, filling))])
    writer.put(node.results[0], name, tensor.order)


def product(writer: Any, node: Node) -> None:
    """MatMul with a bias where it is one, else Einsum."""
    ranks = [len(operand.shape) for operand in node.operands]
    if node.params['dimension_numbers'] == PRODUCT and ranks == [2, 2]:
        bias, end = writer.bias(node, 1)
        inputs = [writer.ask(operand, (0, 1)) for operand in node.operands]
        if bias is None:
            name = writer.emit('MatMul', inputs)
        else:
            name = writer.emit('Gemm', [*inputs, writer.constant(bias)])
        return writer.put(end.results[0], name)
    return einsum(writer, node)


def einsum(writer: Any, node: Node) -> None:
    """Einsum of operands in the order in which they lie.

    The axes that the second one adds stand where those stood that are summed over.
    """
    (left, right), (left_batch, right_batch) = node.params['dimension_numbers']
    ranks = [len(operand.shape) for operand in node.operands]
    names = iter('abcdefghijklmnopqrstuvwxyz')
    first, second = ([next(names) for _ in range(rank)] for rank in ranks)
    for ours, theirs in zip((*left, *left_batch), (*right, *right_batch)):
        second[theirs] = first[ours]
    summed = {first[axis] for axis in left}
    added = [name for name in second if name not in first]
    kept = [first[axis] for axis in left_batch]
    kept += [name for name in first if name not in (*summed, *kept)]
    result = [*kept, *added]
    orders = [
        range(rank) if isinstance(operand, np.ndarray) else writer.tensor(operand).order
        for operand, rank in zip(node.operands, ranks)
    ]
    first, second = (
        [letters[axis] for axis in order]
        for letters, order in zip((first, second), orders)
    )
    place = min((first.index(name) for name in summed), default=len(first))
    every = [*first[:place], *added, *first[place:]]
    written = [name for name in every if name not in summed]
    name = writer.emit(
        'Einsum',
        [writer.ask(*pair) for pair in zip(node.operands, orders)],
        equation=f'{"".join(first)},{"".join(second)}->{"".join(written)}',
    )
    writer.put(node.results[0], name, [result.index(letter) for letter in written])


def transpose(writer: Any, node: Node) -> None:
    """Nothing moves: only the note of the order changes."""
    permutation = node.params['permutation']
    tensor = writer.tensor(node.operands[0])
    order = [permutation.index(axis) for axis in tensor.order]
    writer.put(node.results[0], tensor.name, order)


def reduction(writer: Any, node: Node) -> None:
    """A sum or maximum over some axes."""
    value, axes = node.operands[0], node.params['axes']
    tensor = writer.tensor(value)
    places = np.array([tensor.order.index(axis) for axis in axes], np.int64)
    name = writer.emit(
        REDUCTIONS[node.name], [tensor.name, writer.constant(places)], keepdims=0
    )
    left = [axis for axis in tensor.order if axis not in axes]
    writer.put(node.results[0], name, [sorted(left).index(axis) for axis in left])


def reshape(writer: Any, node: Node) -> None:
    """The free dimension is the one that ONNX works out."""
    if node.params['dimensions'] is not None:
        raise Unusable('a reshape that permutes has no translation to ONNX')
    name = writer.ask(node.operands[0], range(len(node.operands[0].shape)))
    shape = writer.constant(np.array(sizes(node.results[0].shape, -1), np.int64))
    writer.put(node.results[0], writer.emit('Reshape', [name, shape]))


def broadcast(writer: Any, node: Node) -> None:
    """New axes of size 1; ONNX's own rules stretch them where they are used."""
    value, places = node.operands[0], node.params['broadcast_dimensions']
    shape = node.results[0].shape
    stretched = [size for axis, size in enumerate(shape) if axis not in places]
    if [shape[place] for place in places] != list(value.shape) or set(stretched) != {1}:
        raise Unusable('a broadcast to many copies has no translation to ONNX')
    name = writer.ask(value, range(len(value.shape)))
    added = np.array([i for i in range(len(shape)) if i not in places], np.int64)
    writer.put(
        node.results[0], writer.emit('Unsqueeze', [name, writer.constant(added)])
    )


def stack(writer: Any, node: Node) -> None:
    """Concat of what got a new axis."""
    axis = writer.constant(np.array([node.params['axis']], np.int64))
    inputs = [
        writer.emit('Unsqueeze', [writer.ask(value, range(len(value.shape))), axis])
        for value in node.operands
    ]
    name = writer.emit('Concat', inputs, axis=node.params['axis'])
    writer.put(node.results[0], name)


def join(writer: Any, node: Node) -> None:
    """Concat in the order of the first tensor that is no constant."""
    first = next(o for o in node.operands if not isinstance(o, np.ndarray))
    order = writer.tensor(first).order
    inputs = [writer.ask(operand, order) for operand in node.operands]
    name = writer.emit('Concat', inputs, axis=order.index(node.params['dimension']))
    writer.put(node.results[0], name, order)


def crop(writer: Any, node: Node) -> None:
    """Of axes of a known size; the batch stays whole."""
    value, settings = node.operands[0], node.params
    tensor = writer.tensor(value)
    strides = settings['strides'] or (1,) * len(value.shape)
    axes = [i for i, size in enumerate(value.shape) if isinstance(size, int)]
    places = {axis: tensor.order.index(axis) for axis in axes}
    limits = settings['start_indices'], settings['limit_indices'], places, strides
    bounds = (np.array([limit[axis] for axis in axes], np.int64) for limit in limits)
    inputs = [tensor.name, *map(writer.constant, bounds)]
    writer.put(node.results[0], writer.emit('Slice', inputs), tensor.order)


def reverse(writer: Any, node: Node) -> None:
    """Of axes of a known size, back to front."""
    value = node.operands[0]
    name = writer.ask(value, range(len(value.shape)))
    axes = np.array(node.params['dimensions'], np.int64)
    least = np.full_like(axes, np.iinfo(np.int64).min)  # before the first
    bounds = (-np.ones_like(axes), least, axes, -np.ones_like(axes))
    inputs = [name, *map(writer.constant, bounds)]
    writer.put(node.results[0], writer.emit('Slice', inputs))


def cast(writer: Any, node: Node) -> None:
    """Another type, in whatever order the axes lie."""
    tensor = writer.tensor(node.operands[0])
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(node.params['new_dtype']))
    name = writer.emit('Cast', [tensor.name], to=kind)
    writer.put(node.results[0], name, tensor.order)


OPERATIONS = {
    **dict.fromkeys(ELEMENTWISE, elementwise),
    **dict.fromkeys(REDUCTIONS, reduction),
    'conv_general_dilated': convolution,
    'reduce_window_max': pool,
    'reduce_window_sum': pool,
    'pad': pad,
    'concatenate': join,
    'dot_general': product,
    'transpose': transpose,
    'reshape': reshape,
    'broadcast_in_dim': broadcast,
    'stack': stack,
    'slice': crop,
    'rev': reverse,
    'convert_element_type': cast,
}
