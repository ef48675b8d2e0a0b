"""A network's computation as a flat list of operations, with its norms folded away.

`trace` turns a function of images into a Graph: nested calls are inlined, what depends
on weights alone is computed, what the result does not need is dropped. `fold` moves
multiplication and addition by constants into the convolution or matrix product before
them: a batch norm in evaluation mode is just that,

    ((W * x) - mean) factor + bias  =  (W factor) * x + (bias - mean factor).

A Graph can be run (`call`), and is what the ONNX export translates.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.extend import core

PRODUCT = (((1,), (0,)), ((), ()))  # dimension numbers of [B, D] by [D, E]


class Node(NamedTuple):
    """One operation of JAX. Operands are Values, or NumPy arrays where constant."""

    primitive: Any
    operands: tuple
    results: tuple  # of Values
    params: dict

    @property
    def name(self) -> str:
        return self.primitive.name


class Value:
    """What a node computes, known by identity."""

    def __init__(self, aval: Any) -> None:
        self.shape, self.dtype = tuple(aval.shape), aval.dtype


class Graph(NamedTuple):
    """Nodes in the order of computation; one input, one result."""

    input: Value
    nodes: list
    result: Value


def trace(function: Callable, images: Any) -> Graph:
    """The Graph of function(images).

    Args:
      function: of one array, with its weights inside.
      images: array or ShapeDtypeStruct; the batch may be a symbolic dimension.
    """
    closed = jax.make_jaxpr(function)(jax.ShapeDtypeStruct(images.shape, images.dtype))
    entry, nodes = Value(closed.in_avals[0]), []
    (result,) = inline(closed.jaxpr, closed.consts, [entry], nodes)
    return Graph(entry, evaluated(nodes, result), result)


def inline(
    jaxpr: Any, constants: Sequence[Any], arguments: Sequence[Any], nodes: list[Node]
) -> list[Any]:
    """Appends the operations of `jaxpr` and all it calls; returns its results."""
    known = dict(zip(jaxpr.constvars, constants)) | dict(zip(jaxpr.invars, arguments))

    def read(atom):
        return atom.val if isinstance(atom, core.Literal) else known[atom]

    for equation in jaxpr.eqns:
        operands = tuple(map(read, equation.invars))
        inner = called(equation)
        if inner is not None:
            results = inline(inner.jaxpr, inner.consts, operands, nodes)
        elif equation.primitive.name == 'stop_gradient':
            results = operands
        else:
            results = tuple(Value(out.aval) for out in equation.outvars)
            nodes.append(Node(equation.primitive, operands, results, equation.params))
        known.update(zip(equation.outvars, results))
    return [read(atom) for atom in jaxpr.outvars]


def called(equation: Any) -> Any:
    """The ClosedJaxpr that an equation just calls, or None."""
    for name in ('jaxpr', 'call_jaxpr'):
        inner = equation.params.get(name)
        if isinstance(inner, core.ClosedJaxpr):
            return inner
    return None


def used(function: Callable, weights: Any, images: Any) -> list[bool]:
    """[bool] for each leaf of `weights`: whether function(weights, images) needs it."""
    closed = jax.make_jaxpr(function)(weights, images)
    entries, nodes = [Value(aval) for aval in closed.in_avals], []
    (result,) = inline(closed.jaxpr, closed.consts, entries, nodes)
    _, needed = backwards(nodes, result)
    return [entry in needed for entry in entries[: len(jax.tree.leaves(weights))]]


def backwards(nodes: list[Node], result: Value) -> tuple[list[Node], set[Value]]:
    """(the nodes that `result` depends on, the Values that it depends on)."""
    needed, kept = {result}, []
    for node in reversed(nodes):
        if needed.intersection(node.results):
            needed.update(values(node.operands))
            kept.append(node)
    return kept[::-1], needed


def evaluated(nodes: list[Node], result: Value) -> list[Node]:
    """The nodes that `result` needs of the input, all else computed to constants."""
    fixed, rest, known = [], [], set()
    for node in backwards(nodes, result)[0]:
        whole = all(isinstance(size, int) for r in node.results for size in r.shape)
        if whole and known.issuperset(values(node.operands)):
            known.update(node.results)
            fixed.append(node)
        else:
            rest.append(node)
    wanted = [v for node in rest for v in values(node.operands) if v in known]
    wanted = list(dict.fromkeys(wanted))
    with jax.ensure_compile_time_eval():  # `trace` may itself be traced
        computed = jax.jit(lambda: run(fixed, {}, wanted))()
    constants = dict(zip(wanted, jax.device_get(computed)))
    return [
        node._replace(operands=tuple(constant(constants, o) for o in node.operands))
        for node in rest
    ]


def values(operands: Iterable[Any]) -> list[Value]:
    """The Values among operands."""
    return [operand for operand in operands if isinstance(operand, Value)]


def constant(constants: dict[Value, np.ndarray], operand: Any) -> Any:
    """A NumPy array for an operand that is constant, else the Value itself."""
    if isinstance(operand, Value):
        return constants.get(operand, operand)
    return np.asarray(operand)


def run(
    nodes: list[Node], known: dict[Value, Any], wanted: Sequence[Value]
) -> list[Any]:
    """Computes `nodes` from the arrays `known` {Value: array}; the `wanted` results."""
    known = dict(known)
    for node in nodes:
        operands = (
            known[operand] if isinstance(operand, Value) else operand
            for operand in node.operands
        )
        results = node.primitive.bind(*operands, **node.params)
        several = results if node.primitive.multiple_results else [results]
        known.update(zip(node.results, several))
    return [known[value] for value in wanted]


def call(graph: Graph, images: Any) -> Any:
    """The result of a graph for images of the shape that it was traced with."""
    return run(graph.nodes, {graph.input: images}, [graph.result])[0]


def folded(function: Callable) -> Callable:
    """`function` with its norms folded; for use inside jit or export."""

    def call_folded(images):
        return call(fold(trace(function, images)), images)

    return call_folded


def fold(graph: Graph) -> Graph:
    """The graph with constant factors and terms moved into the layer before them."""
    users, gone, nodes = uses(graph), set(), []
    for node in graph.nodes:
        if id(node) in gone:
            continue
        nodes.append(node)
        axes = weight_axes(node)
        if axes is None:
            continue
        chain = following(node, axes[0], users)
        if chain:
            gone.update(map(id, chain))
            nodes[-1:] = merged(node, axes, chain)
    return graph._replace(nodes=nodes)


def uses(graph: Graph) -> dict[Value, list[Node]]:
    """{Value: the nodes that use it}."""
    users = {}
    for node in graph.nodes:
        for value in values(node.operands):
            users.setdefault(value, []).append(node)
    return users


def weight_axes(node: Node) -> tuple[int, int] | None:
    """(axis of the result, axis of the weights) that hold a layer's output channels.

    None for what is no convolution or product by a constant.
    """
    if node.name == 'conv_general_dilated' and isinstance(node.operands[1], np.ndarray):
        numbers = node.params['dimension_numbers']
        return numbers.out_spec[1], numbers.rhs_spec[0]
    if node.name == 'dot_general' and isinstance(node.operands[1], np.ndarray):
        plain = node.params['dimension_numbers'] == PRODUCT
        return (1, 1) if plain else None
    return None


def following(node: Node, axis: int, users: dict[Value, list[Node]]) -> list[Node]:
    """The chain of operations with one constant a channel that use `node` alone."""
    chain, last = [], node
    while len(users.get(last.results[0], ())) == 1:
        after = users[last.results[0]][0]
        if after.name not in ('add', 'sub', 'mul', 'div'):
            break
        value, other = after.operands
        if after.name in ('add', 'mul') and isinstance(value, np.ndarray):
            value, other = other, value
        if value is not last.results[0] or not per_channel(other, axis):
            break
        chain.append(after)
        last = after
    return chain


def per_channel(operand: Any, axis: int) -> bool:
    """Whether an operand is a constant that varies along `axis` at most."""
    if not isinstance(operand, np.ndarray):
        return False
    return all(size == 1 for i, size in enumerate(operand.shape) if i != axis)


def merged(node: Node, axes: tuple[int, int], chain: list[Node]) -> list[Node]:
    """The layer with the chain's factors in its weights, then one addition."""
    axis, weight_axis = axes
    weights = node.operands[1]
    factor = np.ones(weights.shape[weight_axis])
    term = np.zeros_like(factor)
    for step in chain:
        (value,) = (o for o in step.operands if not isinstance(o, Value))
        value = value.astype(np.float64).ravel()
        if step.name in ('mul', 'div'):
            value = value if step.name == 'mul' else 1 / value
            factor, term = factor * value, term * value
        else:
            term = term + (value if step.name == 'add' else -value)
    shape = np.ones(weights.ndim, int)
    shape[weight_axis] = -1
    scaled = (weights * factor.reshape(shape)).astype(weights.dtype)
    result = chain[-1].results[0]
    shape = np.ones(len(result.shape), int)
    shape[axis] = -1
    bias = term.reshape(shape).astype(weights.dtype)
    between = Value(result)
    layer = node._replace(operands=(node.operands[0], scaled), results=(between,))
    return [layer, Node(jax.lax.add_p, (between, bias), (result,), {})]
