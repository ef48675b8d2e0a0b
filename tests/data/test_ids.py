"""Whatever an id holds, the files of a run give it back: written = read back."""

import json
import pathlib
import tempfile

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fer_jax.analysis import page
from fer_jax.data import (
    corrections,
    noise_exchange,
    noise_list,
    prepared,
    tables,
    writing,
)
from fer_jax.training import files
from tests.data.conftest import encoded

CLASSES = ('a', 'b,\r"c"')
ODD = ['a\nb', 'c\rd', 'e,"f', ' g ', 'g', '\ufeffh', 'i\u2028\x85\tj', '"', '\r\n']
CHARACTERS = st.characters(exclude_characters='\0', exclude_categories=['Cs'])
IDS = st.lists(st.text(CHARACTERS, min_size=1), min_size=4, max_size=12, unique=True)


def write(folder, ids):
    """A prepared set of these training ids; the classes in turn."""
    image = encoded(np.zeros((6, 6), np.uint8))
    rows = [writing.Example(name, image, i % 2, i % 2) for i, name in enumerate(ids)]
    return writing.write(
        folder,
        set_name='folder',
        class_names=CLASSES,
        image_size_px=6,
        recipe={},
        splits={'train': rows, 'test': rows[:1]},
    )


@settings(max_examples=25, deadline=None)
@given(IDS)
@example([*ODD, '\u00e9', 'e\u0301'])
def test_ids_of_a_set_are_those_of_its_lists_tables_and_page(ids):
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        data = write(folder / 'set', ids)
        assert prepared.load(folder / 'set').train.ids.tolist() == ids
        # the noise list, by itself and exported
        drawn = noise_list.draw(data, rate=0.5)
        noise_list.save(drawn, data.train.ids, folder / 'run')
        assert noise_list.load(folder / 'run', data).labels.tolist() == [*drawn.labels]
        noise_exchange.write('csv', folder / 'list.csv', drawn, data)
        again = noise_exchange.read('csv', folder / 'list.csv', data)
        assert again.labels.tolist() == drawn.labels.tolist()
        # the table of labels
        given, zero, none = drawn.labels, np.zeros(len(ids)), np.empty((0, len(ids)))
        written = files.Labels(
            np.array(ids), given, given, given, zero.astype(int), none, given
        )
        files.write_labels(folder, written, CLASSES)
        found = files.read_labels(folder, CLASSES)
        assert (found.ids.tolist(), found.given.tolist()) == (ids, given.tolist())
        # decisions about every other label
        decisions = [(name, 'drop', '') for name in ids[::2]]
        decisions += [(name, 'relabel', CLASSES[1]) for name in ids[1::2]]
        text = tables.text(corrections.HEADER, decisions)
        (folder / 'decisions.csv').write_bytes(text.encode())
        done = corrections.load(folder / 'decisions.csv', data.train.ids, CLASSES)
        assert done.dropped.tolist() == [i % 2 == 0 for i in range(len(ids))]
        assert done.labels.tolist() == [(-1, 1)[i % 2] for i in range(len(ids))]
    assert json.loads(page.texts(ids).tobytes()) == ids
