"""dlib's face-recognition network, read from the package that brings it.

`face-recognition-models` 0.3.0 (PyPI) has dlib_face_recognition_resnet_model_v1.dat,
trained by Davis King on about 3 million faces of 7,485 people (FaceScrub, VGG and
pictures from the web). Its licence file is CC0 1.0; the author put the model into the
public domain. The package is found and not imported, the file is read after a check of
its sha256, and nothing in it is executed. dlib is not needed.

dlib writes an integer as a byte (0x80: negative; low bits: n) and n bytes, the lowest
first; a tensor as 2, its four sizes and raw float32. The names of the nested layers
come first, from the outside in, and then the layers from the inside out: con_4
(filters, then biases, and their settings), affine_ (gamma, then beta), fc_2 (inputs x
outputs). So they stand in the order in which an image passes them, and are found by
walking from one layer's name to the next.
"""

import hashlib
import importlib.util
import os
import pathlib
import re

import numpy as np

from fer_jax.data import limits, regular, whole
from fer_jax.errors import Missing

PACKAGE = 'face-recognition-models==0.3.0'
FILE = 'dlib_face_recognition_resnet_model_v1.dat'
SHA256 = '55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30'
LICENCE = (
    "Weights: dlib's face recognition ResNet by Davis King, CC0 1.0 (public domain),"
    f' from {PACKAGE}; trained on faces of FaceScrub, VGG and the web.'
)
MEAN = (122.782 / 255, 117.001 / 255, 104.298 / 255)  # (x - 122.782) / 256 ...
STD = (256 / 255,) * 3  # ... of values 0 to 255
COUNTS = (3, 4, 3, 3, 1)  # blocks of the five stages
LAYER = re.compile(rb'\x01\x05con_4|\x01\x07affine_|\x01\x04fc_2')


def path() -> pathlib.Path:
    """Where the installed package has the file; the package is not imported.

    Raises:
      Missing: it is not installed, or comes without the file.
    """
    spec = importlib.util.find_spec('face_recognition_models')
    for folder in (spec and spec.submodule_search_locations) or ():
        found = pathlib.Path(folder) / 'models' / FILE
        if found.is_file():
            return found
    raise Missing(f'no {FILE} on this machine; it comes with: pip install {PACKAGE}')


def read(
    file: str | os.PathLike | None = None,
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The network of a file: ({our name: float32 array}, matrix).

    Names are those of nets.dlib.DlibResNet in its affine form, without the neck. A
    convolution's bias goes into the affine map behind it: gamma (x + b) + beta.

    Args:
      file: None: that of the installed package.

    Returns:
      The arrays, and the matrix [256, 128] that makes descriptors of pooled features.

    Raises:
      Missing: there is none.
      Damaged: another file than the one that is known.
    """
    file = path() if file is None else file
    data = regular.content(file, limits.limit('network'))
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise whole.Damaged(
            f'{file}: not the file of {PACKAGE} (sha256 {SHA256[:12]}...); install it'
            ' again: pip install --force-reinstall --no-deps ' + PACKAGE
        )
    *pairs, matrix = _layers(data)
    arrays = {}
    convolutions = zip(_places(), pairs[::2], pairs[1::2], strict=True)
    for (conv, norm), (kernel, bias), (gamma, beta) in convolutions:
        arrays[f'{conv}/kernel'] = kernel
        arrays[f'{norm}/scale'] = gamma
        arrays[f'{norm}/bias'] = beta + gamma * bias
    return arrays, matrix


def _places():
    """Names of the convolutions and of their norms, in the order of the file."""
    yield 'stem/conv', 'stem/norm'
    for stage, count in enumerate(COUNTS, start=1):
        for block in range(count):
            for number in (1, 2):
                place = f'stage{stage}/block{block}'
                yield f'{place}/conv{number}', f'{place}/norm{number}'


def _layers(data):
    """Yields (kernel [h, w, in, out], bias), (gamma, beta) and the matrix in order."""
    place = 0
    while found := LAYER.search(data, place):
        reader, name = _Reader(data, found.end()), found[0][2:]
        if name == b'con_4':
            values = reader.tensor()
            out, rows, columns = (reader.integer() for _ in range(3))
            kernel = values[:-out].reshape(out, -1, rows, columns)
            yield np.ascontiguousarray(kernel.transpose(2, 3, 1, 0)), values[-out:]
        elif name == b'affine_':
            yield tuple(np.split(reader.tensor(), 2))
        else:
            outputs, inputs = reader.integer(), reader.integer()
            yield reader.tensor().reshape(inputs, outputs)
        place = reader.place


class _Reader:
    """dlib's integers and tensors from bytes."""

    def __init__(self, data, place):
        self.data, self.place = data, place

    def integer(self):
        head = self.data[self.place]
        end = self.place + 1 + (head & 0x0F)
        value = int.from_bytes(self.data[self.place + 1 : end], 'little')
        self.place = end
        return -value if head & 0x80 else value

    def tensor(self):
        if self.integer() != 2:
            raise ValueError('not a tensor of version 2')
        count = int(np.prod([self.integer() for _ in range(4)]))
        values = np.frombuffer(self.data, '<f4', count, self.place)
        self.place += 4 * count
        return values
