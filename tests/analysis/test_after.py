"""What the decisions of a review changed: accuracies, and what is doubted."""

import dataclasses
import hashlib
import json
import shutil

import numpy as np
import pytest

from fer_jax.analysis import after, audit, cases, page
from fer_jax.data import corrections
from fer_jax.data.corrections import Decision


@pytest.fixture
def learned(made, tmp_path):
    """learned(decisions): the run of conftest, as if it had learned from decisions that
    were made about a run like it, in whose folder they lie."""

    def make(decisions):
        before = tmp_path / 'before'
        shutil.copytree(made, before)
        result = json.loads((made / 'result.json').read_text())
        names = result['class_names']
        path = before / 'decisions.csv'
        path.write_text(corrections.text(decisions, names))
        result['config']['noise']['corrections'] = str(path)
        result['corrections_sha256'] = hashlib.sha256(path.read_bytes()).hexdigest()
        result['corrections'] = {'changed': 1, 'dropped': 2, 'kept': 3}
        result |= {'last5': 0.25, 'balanced_accuracy': 0.35}
        result['recalls'][names[0]] = 0.75
        (made / 'result.json').write_text(json.dumps(result))
        return cases.read(made), path

    return make


def decided(case):
    """Every label kept but the last one of all, which nobody looked at."""
    return [Decision(name, 'keep') for name in case.ids.tolist()[:-1]]


def test_before_after_and_what_is_doubted(learned, made):
    plain = cases.read(made)
    assert after.section(plain) is None
    case, _ = learned(decided(plain))
    found = after.section(case)
    assert found['counts'] == '1 labels changed, 2 dropped, 3 kept'
    rows = {what: numbers for what, *numbers in found['accuracy']}
    assert rows['accuracy'] == [0.2, 0.25]
    assert rows['balanced accuracy'] == [0.3, 0.35]
    assert rows[f'recall of {case.class_names[0]}'] == [0.5, 0.75]
    assert rows[f'recall of {case.class_names[1]}'] == [0.5, 0.5]
    right = np.array([0.4, 0.2, 0.6, 0.9, 0.95, 0.3])
    found = after.section(dataclasses.replace(case, right=right, trust=right))
    # from the least trusted on these are 1, 5, 0, 2 ...; nobody decided about 5
    assert found['rows'].tolist() == [0, 2]
    assert (found['learned'], found['doubts']) == (5, 2)
    assert json.loads(found['decisions'].tobytes()) == ['keep', 'keep']


def test_nothing_to_compare_with(learned, made, tmp_path):
    plain = cases.read(made)
    case, path = learned(decided(plain))
    (path.parent / 'result.json').rename(tmp_path / 'result.json')
    assert 'Give --reviewed=RUN' in after.section(case)['accuracy']
    with pytest.raises(ValueError, match='no finished run'):
        after.section(case, path.parent)
    other = json.loads((tmp_path / 'result.json').read_text())
    other['dataset_digest'] = 'c' * 64
    (path.parent / 'result.json').write_text(json.dumps(other))
    assert 'another set' in after.section(case)['accuracy']
    with pytest.raises(ValueError, match='another set'):
        after.section(case, path.parent)


def test_decisions_that_are_gone(learned, made):
    case, path = learned(decided(cases.read(made)))
    path.write_text(path.read_text() + f'{case.ids[5]},drop,,,,,\n')
    assert 'another one by now' in after.section(case)
    path.unlink()
    assert 'no file' in after.section(case)


def test_the_page_has_it(learned, made):
    case, _ = learned(decided(cases.read(made)))
    content = audit.gather(case, which=None)
    shown = content['after']['rows']
    assert np.isin(shown, content['pictures']['rows']).all()
    assert 'After the review' in page.render('t', content)
