import io

import numpy as np
import pytest
from PIL import Image

from fer_jax.data import writing


def encoded(pixels, kind='PNG', **options):
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, kind, **options)
    return data.getvalue()


def examples(count, split):
    """Grey images whose value is their row; labels 0 1 2 0 1 2 ..., clean."""
    for row in range(count):
        pixels = np.full((6, 6), row, np.uint8)
        yield writing.Example(f'{split}/{row:03d}', encoded(pixels), row % 3, row % 3)


@pytest.fixture
def write_set(tmp_path):
    """write_set(name='set', **changes) writes 23 training and 7 test examples."""

    def write(name='set', **changes):
        settings = {
            'set_name': 'folder',
            'class_names': ['cat', 'dog', 'owl'],
            'image_size_px': 6,
            'recipe': {'source': 'test'},
            'splits': {'train': examples(23, 'train'), 'test': examples(7, 'test')},
            'shard_examples': 10,
        }
        return writing.write(tmp_path / name, **(settings | changes))

    return write


@pytest.fixture(name='examples')
def _examples():
    return examples


@pytest.fixture(name='encoded')
def _encoded():
    return encoded
