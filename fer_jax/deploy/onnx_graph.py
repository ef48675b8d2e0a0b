"""A Graph as an ONNX model (opset 18).

ONNX wants channels second, JAX has them last. Every tensor therefore carries the order
in which its axes lie, and is only turned round (Transpose) where an operation asks for
another order: between the convolutions of a network nothing is.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import onnx
from onnx import helper, numpy_helper

import fer_jax
from fer_jax.deploy.graph import Graph, Node, Value, per_channel, uses
from fer_jax.deploy.onnx_operations import OPERATIONS, sizes
from fer_jax.errors import Unusable

OPSET, IR_VERSION = 18, 10
INPUT, RESULT = 'images', 'probs'
BATCH = 'batch'  # name of the free dimension


class Tensor(NamedTuple):
    """An ONNX tensor that holds a value: its axis j is axis order[j] of the value."""

    name: str
    order: tuple


def translate(graph: Graph, *, notes: dict[str, str] | None = None) -> onnx.ModelProto:
    """The ONNX ModelProto of a graph.Graph, checked: INPUT -> RESULT.

    Args:
      notes: {name: text} to keep in the file, or None.

    Raises:
      Unusable: an operation that has no translation here; names it.
    """
    writer = Writer(graph)
    for node in graph.nodes:
        translation = OPERATIONS.get(node.name)
        if translation is None:
            raise Unusable(
                f'the operation {node.name} has no translation to ONNX; export the'
                ' other formats, or add it to deploy/onnx_operations.py'
            )
        translation(writer, node)
    last = writer.ask(graph.result, range(len(graph.result.shape)))
    writer.nodes.append(helper.make_node('Identity', [last], [RESULT]))
    body = helper.make_graph(
        writer.nodes,
        'fer_jax',
        [information(INPUT, graph.input)],
        [information(RESULT, graph.result)],
        writer.constants,
    )
    model = helper.make_model(
        body,
        opset_imports=[helper.make_opsetid('', OPSET)],
        ir_version=IR_VERSION,
        producer_name='fer_jax',
        producer_version=fer_jax.__version__,
    )
    helper.set_model_props(model, notes or {})
    onnx.checker.check_model(model, full_check=True)
    return model


def information(name: str, value: Value) -> onnx.ValueInfoProto:
    """Name, type and shape of the input or the result."""
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(value.dtype))
    return helper.make_tensor_value_info(name, kind, sizes(value.shape, BATCH))


class Writer:
    """Collects ONNX nodes and constants, and knows where each value is."""

    def __init__(self, graph: Graph) -> None:
        self.nodes, self.constants = [], []
        self.users = uses(graph)
        self._tensors, self._turned, self._merged = {}, {}, set()
        self._known: dict[Any, str] = {}  # names of constants by their content
        self.put(graph.input, INPUT)

    def put(self, value: Value, name: str, order: Iterable[int] | None = None) -> None:
        """Notes that the ONNX tensor `name` holds `value`."""
        order = range(len(value.shape)) if order is None else order
        self._tensors[value] = Tensor(name, tuple(order))

    def tensor(self, value: Value) -> Tensor:
        """Where a value is."""
        return self._tensors[value]

    def skip(self, node: Node) -> bool:
        """Whether a node was merged into an earlier one."""
        return id(node) in self._merged

    def emit(self, kind: str, inputs: Sequence[str], **attributes: Any) -> str:
        """Appends an ONNX node with one output; returns the output's name."""
        name = f'{kind.lower()}_{len(self.nodes)}'
        self.nodes.append(helper.make_node(kind, inputs, [name], name, **attributes))
        return name

    def constant(self, array: np.ndarray) -> str:
        """Name of a constant; equal ones, as of a network that looks twice, are one."""
        array = np.ascontiguousarray(array)
        content = array.dtype.str, array.shape, hashlib.sha256(array.data).digest()
        if content not in self._known:
            self._known[content] = f'constant_{len(self.constants)}'
            self.constants.append(numpy_helper.from_array(array, self._known[content]))
        return self._known[content]

    def ask(self, operand: Any, order: Iterable[int]) -> str:
        """Name of a tensor that has the operand's axes in `order`."""
        order = tuple(order)
        if isinstance(operand, np.ndarray):
            return self.constant(operand.transpose(order))
        tensor = self._tensors[operand]
        if tensor.order == order:
            return tensor.name
        if (tensor.name, order) not in self._turned:
            perm = [tensor.order.index(axis) for axis in order]
            self._turned[tensor.name, order] = self.emit(
                'Transpose', [tensor.name], perm=perm
            )
        return self._turned[tensor.name, order]

    def bias(self, node: Node, axis: int) -> tuple[np.ndarray | None, Node]:
        """(constant [channels] or None, node whose result this is) of what follows.

        An addition of one constant a channel, if it is all that uses the result.
        """
        users = self.users.get(node.results[0], ())
        if len(users) == 1 and users[0].name == 'add':
            other = users[0].operands[1]
            if per_channel(other, axis) and other.size == node.results[0].shape[axis]:
                self._merged.add(id(users[0]))
                return other.ravel(), users[0]
        return None, node
