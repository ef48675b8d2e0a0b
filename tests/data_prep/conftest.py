import numpy as np
import pytest
from PIL import Image

from data_prep import __main__ as door
from fer_jax.data import pipeline, prepared, records


@pytest.fixture(name='photo')
def _photo():
    return photo


def photo(path, value=100, size=(30, 24), patch=None):
    """Writes a grey image; inside the box `patch` it is red."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((size[1], size[0], 3), value, np.uint8)
    if patch:
        left, top, right, bottom = patch
        pixels[top:bottom, left:right] = 200, 0, 0
    Image.fromarray(pixels).save(path)
    return path


class Imports:
    """imports(door, ...) runs a door into `out`; what it said is in `said`."""

    def __init__(self, tmp_path, capsys):
        self.out, self._capsys, self.said = tmp_path / 'out', capsys, ''

    def __call__(self, name, source, *options):
        """The prepared set that a door makes."""
        assert self._run(name, source, options) == 0, self.said
        return prepared.load(self.out)

    def refused(self, name, source, *options, code=2):
        """The one line with which a door refuses; nothing has the final name then."""
        before = self.out.exists() and prepared.load(self.out).digest
        assert self._run(name, source, options) == code
        assert (self.out.exists() and prepared.load(self.out).digest) == before
        (line,) = self.errors.splitlines()
        return line

    def _run(self, name, source, options):
        code = door.main([name, f'--source={source}', f'--out={self.out}', *options])
        self.said, self.errors = self._capsys.readouterr()
        return code


@pytest.fixture
def imports(tmp_path, capsys):
    return Imports(tmp_path, capsys)


@pytest.fixture
def named():
    """named(split of a set, class names) -> {id: class name}; and of clean labels."""

    def read(data, split, table='labels'):
        names = [*data.class_names, None]
        rows = getattr(data, split)
        return {str(i): names[k] for i, k in zip(rows.ids, getattr(rows, table))}

    return read


@pytest.fixture
def stored():
    """stored(split) -> {id: encoded image}; with pixels: uint8 [s, s, 3]."""

    def read(split, pixels=False):
        source = records.RecordSource(split.shards)
        found = dict(records.decode_example(source[i]) for i in range(len(source)))
        if pixels:
            size = split.image_size_px
            return {name: pipeline.decode(data, size) for name, data in found.items()}
        return found

    return read
