"""The machine that reads pickles (pickles.py): it builds data, and runs nothing.

Python's own unpickler has no bounds: it takes memory for the number of a memo, hashes
tuples of tuples of tuples for as long as it takes, and calls what a pickle names.
"""

import math
import pickletools
import re
from collections.abc import Callable
from typing import Any, BinaryIO

import numpy as np

from fer_jax.data.limits import Limit
from fer_jax.data.quoting import quoted
from fer_jax.errors import Unusable

VALUE = 256  # bytes that a number, text or container counts as, beside its content
LONGEST_BITS = 128  # of a whole number


class Budget:
    """Bytes that may still be taken."""

    def __init__(self, limit: Limit) -> None:
        self._limit, self._left = limit, limit.most

    def take(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise Unusable(
                f'it holds more than {self._limit.most:,} bytes; {self._limit.more}'
            )


_PUSH = (  # operations that push their argument
    *('INT', 'BININT', 'BININT1', 'BININT2', 'LONG', 'LONG1', 'LONG4'),
    *('FLOAT', 'BINFLOAT', 'STRING', 'BINSTRING', 'SHORT_BINSTRING'),
    *('UNICODE', 'BINUNICODE', 'SHORT_BINUNICODE', 'BINUNICODE8'),
    *('BINBYTES', 'SHORT_BINBYTES', 'BINBYTES8'),
)
_CONSTANTS = {'NONE': None, 'NEWTRUE': True, 'NEWFALSE': False}
_EMPTY = {'EMPTY_LIST': list, 'EMPTY_DICT': dict, 'EMPTY_TUPLE': tuple}
_TUPLES = {'TUPLE1': 1, 'TUPLE2': 2, 'TUPLE3': 3}
_PUT = ('PUT', 'BINPUT', 'LONG_BINPUT')
_GET = ('GET', 'BINGET', 'LONG_BINGET')


class Machine:
    """Runs the operations of one pickle.

    Args:
      file: with the pickle; it is left behind its end.
      budget: a Budget, for all that is built.
      storage: key -> bytes of what the pickle says lies outside of it.
    """

    def __init__(
        self, file: BinaryIO, budget: Budget, storage: Callable | None = None
    ) -> None:
        self._file, self._budget, self._storage = file, budget, storage
        self._stack: list = []
        self._marks: list[int] = []
        self._memo: dict = {}

    def read(self) -> Any:
        """The object, with arrays in the place of what stood for them."""
        # Python 2 wrote the CIFAR batches; its texts hold the bytes of arrays, and
        # pickletools reads them as latin-1
        for operation, argument, _ in pickletools.genops(self._file):
            self._budget.take(VALUE)
            self._step(operation.name, argument)
        (value,) = self._stack
        value, size = _plain(value, {})
        self._budget.take(size)
        return value

    def _step(self, name, argument):
        stack = self._stack
        if name in _PUSH:
            if isinstance(argument, int) and argument.bit_length() > LONGEST_BITS:
                raise Unusable(f'a whole number of more than {LONGEST_BITS} bits')
            stack.append(argument)
        elif name in _CONSTANTS:
            stack.append(_CONSTANTS[name])
        elif name in _EMPTY:
            stack.append(_EMPTY[name]())
        elif name in _PUT:
            self._memo[argument] = stack[-1]
        elif name == 'MEMOIZE':
            self._memo[len(self._memo)] = stack[-1]
        elif name in _GET:
            stack.append(self._memo[argument])
        elif name == 'DUP':
            stack.append(stack[-1])
        elif name == 'MARK':
            self._marks.append(len(stack))
        elif name in _TUPLES:
            stack.append(tuple(self._popped(_TUPLES[name])))
        elif name == 'BINPERSID':
            stack.append(self._stored(stack.pop()))
        elif name in ('GLOBAL', 'STACK_GLOBAL'):
            module, name = argument.split(' ') if argument else self._popped(2)
            stack.append(_named(module, name))
        elif name == 'REDUCE':
            function, arguments = self._popped(2)
            stack.append(self._called(function, arguments))
        elif name == 'BUILD':
            self._build(stack.pop(), stack[-1])
        elif name not in ('PROTO', 'FRAME', 'STOP'):
            self._gather(name)

    def _gather(self, name):
        """Operations that put values into containers."""
        stack = self._stack
        if name in ('APPEND', 'SETITEM'):
            values = self._popped(1 if name == 'APPEND' else 2)
        elif name in ('LIST', 'TUPLE', 'DICT', 'APPENDS', 'SETITEMS', 'POP_MARK'):
            values = self._popped(len(stack) - self._marks.pop())
        elif name == 'POP':
            values = self._popped(1)
        else:
            raise Unusable(f'an operation {name}, which builds no plain data')
        if name in ('LIST', 'TUPLE'):
            stack.append(list(values) if name == 'LIST' else tuple(values))
        elif name == 'DICT':
            stack.append({})
        if name in ('APPEND', 'APPENDS'):
            _of(list, stack[-1]).extend(values)
        elif name in ('DICT', 'SETITEM', 'SETITEMS'):
            for key, value in zip(values[::2], values[1::2], strict=True):
                if not isinstance(key, str | bytes | int | float | None):
                    raise Unusable('a key that is no text and no number')
                _of(dict, stack[-1])[key] = value

    def _popped(self, count):
        """The upper `count` values of the stack, which lose it."""
        at = len(self._stack) - count
        if at < max(self._marks, default=0):
            raise Unusable('its stack is empty')
        values = self._stack[at:]
        del self._stack[at:]
        return values

    def _stored(self, key):
        if self._storage is None:
            raise Unusable('tensors of torch before 1.6; save it with a newer one')
        _, dtype, member, *_ = key
        return np.frombuffer(self._storage(member), dtype)

    def _called(self, function, arguments):
        if function is dict and not arguments:
            return {}  # an OrderedDict, which is filled then
        if function not in (dict, _bytes, _DType, _Array, _scalar, _tensor):
            raise Unusable('a call of what is no function')
        if function is _bytes:
            self._budget.take(len(arguments[0]))
        return function(*arguments)

    def _build(self, state, made):
        if not isinstance(made, _Array | _DType):
            raise Unusable('a state of what has none')
        made.set(state, self._budget)


def _of(kind, value):
    if type(value) is not kind:
        raise Unusable(f'no {kind.__name__} to put values into')
    return value


def _named(module, name):
    known = _KNOWN.get(f'{module.replace("numpy._core", "numpy.core")}.{name}')
    if known is None:
        asked = quoted(f'{module}.{name}')[1:].replace("'", '')
        raise Unusable(
            f'its pickle asks for {asked}, which is no plain data; nothing of it was'
            ' run'
        )
    return known


class _DType:
    """What numpy.dtype stands for: the type of one number or text, or of objects."""

    def __init__(self, code, *_):
        if not re.fullmatch(r'[biufSU]\d+|O8?', code):
            raise Unusable(f'an array of {code}')
        self.code, self.order = code, '='

    def set(self, state, _):
        self.order = state[1]


class _Array:
    """What numpy's _reconstruct stands for; `values` when all is read."""

    def __init__(self, *_):
        self.values = None

    def set(self, state, budget):
        _, shape, dtype, fortran, data = state
        budget.take(len(data))
        if dtype.code.startswith('O'):  # data is a list then
            self.values = data if shape else data[0]
            return
        data = data.encode('latin1') if isinstance(data, str) else data
        flat = np.frombuffer(data, np.dtype(dtype.order + dtype.code))
        self.values = flat.reshape(shape, order='F' if fortran else 'C')


def _scalar(dtype, data):
    """numpy.core.multiarray.scalar as the number or text that it stands for."""
    if dtype.code.startswith('O'):
        raise Unusable('a scalar of objects')
    data = data.encode('latin1') if isinstance(data, str) else data
    (value,) = np.frombuffer(data, np.dtype(dtype.order + dtype.code))
    return value.item()


def _plain(built, known):
    """(containers with the values of each _Array, their bytes as often as they occur).

    Args:
      known: {id: (object, what this returned for it)} of containers, which may be named
        more often than one can walk through.
    """
    if isinstance(built, _Array):
        return _plain(built.values, known)
    if isinstance(built, str | bytes):
        return built, VALUE + len(built)
    if isinstance(built, np.ndarray):
        # an array of no bytes may be a list of a million empty ones
        return built, VALUE + (built.nbytes or VALUE * max(built.shape[:1], default=0))
    if isinstance(built, int | float | None):
        return built, VALUE
    if not isinstance(built, dict | list | tuple):
        raise Unusable('something that is no plain data')
    if id(built) not in known:
        values = built.values() if isinstance(built, dict) else built
        walked = [_plain(value, known) for value in values]
        made = [value for value, _ in walked]
        made = dict(zip(built, made)) if isinstance(built, dict) else type(built)(made)
        size = VALUE * (len(made) + 1) + sum(size for _, size in walked)
        known[id(built)] = built, (made, size)
    return known[id(built)][1]


def _tensor(storage, offset, size, stride, *_):
    """torch._utils._rebuild_tensor_v2 on an array."""
    steps = [math.prod(size[axis + 1 :]) for axis in range(len(size))]
    # a stride of one's own would reach beyond the storage
    if list(stride) != steps or offset < 0:
        raise Unusable('a tensor that is not contiguous; save a copy of it')
    return storage[offset : offset + math.prod(size)].reshape(size)


def _bytes(text, encoding):
    """_codecs.encode, as Python 3 writes bytes for Python 2."""
    if encoding != 'latin1':
        raise Unusable(f'bytes in the encoding {encoding}')
    return text.encode('latin1')


_KNOWN = {
    'collections.OrderedDict': dict,
    '_codecs.encode': _bytes,
    'numpy.ndarray': 'ndarray',  # an argument of the next but one
    'numpy.dtype': _DType,
    'numpy.core.multiarray._reconstruct': _Array,
    'numpy.core.multiarray.scalar': _scalar,
    'torch._utils._rebuild_tensor_v2': _tensor,
    'torch.LongStorage': '<i8',
    'torch.IntStorage': '<i4',
    'torch.ShortStorage': '<i2',
    'torch.CharStorage': '<i1',
    'torch.ByteStorage': '<u1',
}
