"""The files of a run are named in one place; what is damaged is said."""

import ast
import pathlib

import numpy as np
import pytest

from fer_jax.data import whole
from fer_jax.training import files, history

ROOT = pathlib.Path(__file__).parent.parent.parent
OWNERS = ('files.py', 'history.py')
ENDS = ('.json', '.jsonl', '.csv', '.html', '.npz', '.npy')
NAMES = {'noise.csv', 'noise.json', 'checkpoints'} | {
    value
    for module in (files, history)
    for value in vars(module).values()
    if isinstance(value, str) and value.endswith(ENDS)
}


def test_no_other_module_names_a_file_of_a_run():
    named = {}
    for path in [*(ROOT / 'fer_jax').rglob('*.py'), ROOT / 'launch.py']:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and node.value in NAMES:
                named.setdefault(node.value, set()).add(path.name)
    assert len(named) == len(NAMES) > 10
    for name, modules in named.items():
        owners = ('noise_list.py',) if name.startswith('noise.') else OWNERS
        if name == 'labels.csv':  # so is the table of an export called, which is no run
            owners = (*owners, 'as_csv.py')
        assert modules <= {*owners}, f'{name} is named in {modules}'


def test_labels_are_read_as_they_were_written(tmp_path):
    written = files.Labels(
        ids=np.array(['a,b', ' c"\n', 'd']),
        given=np.array([0, 1, 1]),
        final=np.array([1, 1, 0]),
        suggested=np.array([1, 0, 1]),
        flips=np.array([3, 0, 1]),
        trust=np.array([[1e-12, 0.5, 1 - 1e-9], [0.25, 0.75, 1]]),
        clean=np.array([1, -1, 1]),
    )
    files.write_labels(tmp_path, written, ['anger', 'fear'])
    for found, wanted in zip(files.read_labels(tmp_path, ['anger', 'fear']), written):
        np.testing.assert_array_equal(found, wanted)


def test_what_a_finished_run_left_is_withdrawn_and_no_more(tmp_path):
    history.write_evidence(tmp_path, np.ones((2, 2)))
    files.write_result(tmp_path, {})
    files.write_rows(tmp_path, [])
    assert files.finished(tmp_path)
    files.withdraw(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ['metrics.jsonl']


@pytest.mark.parametrize(
    ('text', 'said'),
    [
        ('{', 'data.json is no whole JSON'),
        ('[]', 'data.json: the content a list of 0, wanted an object'),
        ('{"set": 3}', 'data.json: class_names is missing'),
        ('{"class_names": 3}', 'data.json: class_names 3, wanted a list'),
    ],
)
def test_damaged_documents_are_refused(tmp_path, text, said):
    (tmp_path / 'data.json').write_text(text)
    with pytest.raises(whole.Damaged) as error:
        files.read_data(tmp_path)
    assert said in str(error.value)
    assert str(error.value).endswith('put the file that the run wrote in its place')
