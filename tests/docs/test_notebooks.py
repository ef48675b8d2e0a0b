"""The notebooks of examples/: each is run anew, and finds what it says it finds."""

import pathlib
import re

import nbclient
import nbformat
import pytest

ROOT = pathlib.Path(__file__).parent.parent.parent
NOTEBOOKS = sorted((ROOT / 'examples').glob('*.ipynb'))


def printed(notebook):
    """What the cells of a notebook print, as one text: no pictures, no bars."""
    return ''.join(
        output.text
        for cell in notebook.cells
        for output in cell.get('outputs', [])
        if output.output_type == 'stream' and output.name == 'stdout'
    )


@pytest.fixture(scope='module', params=NOTEBOOKS, ids=lambda path: path.stem)
def run(request, tmp_path_factory):
    """(name, notebook as it is stored, the same run in an empty folder)."""
    stored = nbformat.read(request.param, as_version=4)
    fresh = nbformat.read(request.param, as_version=4)
    folder = tmp_path_factory.mktemp('notebook')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('PYTHONPATH', str(ROOT))
        nbclient.NotebookClient(
            fresh, timeout=900, resources={'metadata': {'path': folder}}
        ).execute()
    return request.param.stem, stored, fresh


def test_it_finds_what_is_stored(run):
    """Counts and paths are the same; measured shares may differ in the last digit."""
    _, stored, fresh = run
    for before, after in zip(stored.cells, fresh.cells, strict=True):
        assert before.source == after.source
    numbers = re.compile(r'\d+\.?\d*')
    was, now = printed(stored), printed(fresh)
    assert numbers.sub('#', was) == numbers.sub('#', now)
    assert was.strip()


FOUND = {  # notebook -> a sentence of it, and what its numbers must be
    'a_papers_table': (
        r'(\d+) runs\n(?:.*\n)*'
        r'baseline: of its 40 least trusted labels (\d+) are wrong\n'
        r'resup: of its 40 least trusted labels (\d+) are wrong',
        # of 40 that nobody chose 12 would be
        lambda runs, plain, resup: int(runs) == 8 and min(int(plain), int(resup)) >= 24,
    ),
    'which_labels_are_wrong': (
        r'(\d+) of 400 labels are wrong.\nOf the first 40 of the list (\d+) are',
        lambda wrong, first: int(wrong) == 58 and int(first) >= 36,
    ),
}


def test_it_is_right(run):
    name, _, fresh = run
    sentence, holds = FOUND[name]
    found = re.search(sentence, printed(fresh))
    assert found
    assert holds(*found.groups())


def test_a_bar_moves_in_a_notebook(tmp_path):
    """The bar of a run, shown by a widget, with the lines that are said above it."""
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [
        nbformat.v4.new_code_cell(
            'from fer_jax.training import log\n'
            'with log.progress() as bar:\n'
            "    watch = log.Watch(bar, 'first', lambda: False)\n"
            "    watch.say('a line')\n"
            '    bar.update(bar.task_ids[0], total=40)\n'
            '    watch.show(40)\n'
            '    bar.refresh()\n'
        )
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('PYTHONPATH', str(ROOT))
        nbclient.NotebookClient(notebook, timeout=120).execute()
    shown = [output.get('data', {}) for output in notebook.cells[0].outputs]
    assert any('application/vnd.jupyter.widget-view+json' in data for data in shown)
    states = notebook.metadata.widgets['application/vnd.jupyter.widget-state+json']
    drawn = re.sub('<[^>]*>', '', str(states))
    assert '100 %' in drawn
