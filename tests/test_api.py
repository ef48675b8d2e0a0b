"""What `import fer_jax` gives: quick to import, and a verdict from arrays alone."""

import doctest
import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import fer_jax
from fer_jax import api
from fer_jax.analysis import frozen
from fer_jax.data import in_memory, pipeline, prepared

NAMES = ('anger', 'fear', 'joy')


@pytest.fixture
def problem():
    """Features [120, 6] of three classes, labels of which 0, 40 and 80 are wrong."""
    generator = np.random.default_rng(0)
    true = np.arange(120) % 3
    x = 4 * np.eye(6)[true] + generator.normal(size=(120, 6))
    given = true.copy()
    given[[0, 40, 80]] = (given[[0, 40, 80]] + 1) % 3
    return x, true, given


def test_importing_is_quick_and_brings_no_jax():
    told = (
        'import sys, time; start = time.perf_counter(); import fer_jax;'
        'print(time.perf_counter() - start, "jax" in sys.modules, dir(fer_jax))'
    )
    found = subprocess.run(
        [sys.executable, '-c', told], capture_output=True, text=True, check=True
    ).stdout.split(maxsplit=2)
    assert float(found[0]) < 0.3
    assert found[1] == 'False'
    assert "'audit'" in found[2]
    assert 'importlib' not in found[2]
    with pytest.raises(AttributeError, match="no attribute 'audits'"):
        _ = fer_jax.audits
    assert all(hasattr(fer_jax, name) for name in dir(fer_jax))


def test_the_example_of_the_docstring():
    assert doctest.testmod(api).attempted > 8
    assert doctest.testmod(api).failed == 0


def test_a_verdict_of_features(problem, tmp_path):
    x, true, given = problem
    verdict = fer_jax.audit(
        None, np.array(NAMES)[given], features=x, class_names=NAMES, rate=0.025
    )
    assert sorted(verdict.order[:3]) == [0, 40, 80]
    assert verdict.rank[verdict.order[:3]].tolist() == [1, 2, 3]
    assert verdict.suggested[[0, 40, 80]].tolist() == true[[0, 40, 80]].tolist()
    assert (1 - verdict.right).mean() == pytest.approx(0.025)
    assert verdict.rate[:2] == (0.025, True)
    listed = verdict.issues()
    assert [one['row'] for one in listed] == verdict.order[: len(listed)].tolist()
    assert listed[0]['given_label'] == NAMES[given[listed[0]['row']]]
    assert verdict.doubts()[0].startswith('The rate of 2.5 % was given.')
    page = verdict.page(tmp_path / 'new' / 'page.html')
    assert 'No pictures were given, only features.' in page.read_text()
    written = verdict.save(tmp_path / 'all')
    assert [path.name for path in written] == [
        'audit.html', 'issues.json', 'labels.csv'
    ]  # fmt: skip
    found = json.loads((tmp_path / 'all' / 'issues.json').read_text())
    assert found['issues'] == listed
    (tmp_path / 'all' / 'config.json').touch()
    with pytest.raises(fer_jax.Unusable, match='all is the folder of a run'):
        verdict.save(tmp_path / 'all')
    numbers = fer_jax.audit(None, given.tolist(), features=x.astype(np.float32))
    assert numbers.class_names == ('class 0', 'class 1', 'class 2')
    np.testing.assert_array_equal(numbers.trust, verdict.trust)


def test_an_array_and_a_prepared_set_are_judged_alike(faces, tmp_path):
    data = prepared.load(faces)
    door = frozen.of_set(data, tmp_path / 'features', max_train=40)
    rows = np.flatnonzero(np.isin(data.train.ids, door.ids))
    verdict = fer_jax.audit(
        pipeline.Reader(data.train)(rows),
        data.train.labels[rows],
        class_names=data.class_names,
        progress=False,
    )
    np.testing.assert_array_equal(verdict.trust, door.trust)
    np.testing.assert_array_equal(verdict.right, door.right)
    assert 'every label has one' in verdict.page(tmp_path / 'a.html').read_text()


def test_pictures_of_files_are_those_of_the_array(tmp_path):
    array = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), np.uint8)
    paths = [tmp_path / f'{row}.png' for row in range(3)]
    for path, image in zip(paths, array):
        Image.fromarray(image).save(path)
    for images in (array, paths, np.array(paths), [Image.open(p) for p in paths]):
        found = in_memory.Pictures(images, 8)
        np.testing.assert_array_equal(found(np.array([2, 0])), array[[2, 0]])
    assert in_memory.Pictures(paths, 8).ids.tolist() == list(map(str, paths))
    assert in_memory.Pictures([paths[0]] * 2, 8).ids.tolist() == ['0', '1']
    wide = np.arange(32, dtype=np.uint8).reshape(1, 4, 8)
    [seen] = in_memory.Pictures(wide, 4)([0])
    np.testing.assert_array_equal(seen[..., 1], wide[0, :, 2:6])


GREY = np.zeros((120, 8, 8), np.uint8)


@pytest.mark.parametrize(
    ('change', 'said'),
    [
        ({'method': 'feature'}, "method='feature'; there is: features"),
        ({'features': None}, 'neither pictures nor features; give images'),
        ({'labels': [0, 1] * 50}, '120 features and 100 labels; wanted as many'),
        ({'images': GREY[:7]}, '7 pictures and 120 labels'),
        ({'images': GREY.astype(float)}, r'images are float64 \[120, 8, 8\]; wanted'),
        ({'images': np.zeros((120, 3, 8, 8), np.uint8)}, r'transpose\(0, 2, 3, 1\)'),
        ({'images': 'faces/'}, "images='faces/'; wanted uint8"),
        ({'images': ['no.png'] * 120, 'features': None}, 'picture 0: no.png: not a'),
        ({'labels': [0] * 119 + [3], 'class_names': NAMES}, "label 119 is '3', which"),
        ({'labels': [-1] + [0] * 60 + [1] * 59}, "label 0 is '-1', which is none"),
        ({'labels': [10**12] + [0] * 119}, 'give class_names; 120 of 120 are none'),
        ({'labels': ['joy'] * 119 + ['jy'], 'class_names': NAMES}, "label 119 is 'jy'"),
        ({'labels': [0.5] * 120}, r'labels are float64 \[120\]; wanted \[N\] whole'),
        ({'labels': np.eye(3)[[0] * 120]}, r'labels are float64 \[120, 3\]; wanted'),
        ({'labels': ['a'] * 119 + [1]}, 'labels are object .*whole numbers, or'),
        ({'labels': [1] * 120, 'class_names': NAMES}, "all 120 labels are 'fear'"),
        ({'labels': ['joy'] * 120}, "1 class, 'joy'; give labels"),
        ({'labels': [0, 1], 'features': np.eye(2)}, '2 labels are too few'),
        ({'class_names': ['a', 'a', 'b']}, 'class_names'),
        ({'rate': 30}, 'rate=30; wanted a share'),
        ({'rate': 'much'}, 'rate=much; wanted a share'),
        ({'features': np.ones(120)}, r'features are float64 \[120\]; wanted numbers'),
        ({'features': np.full((120, 2), 7.1)}, 'features of all 120 examples'),
        ({'features': np.r_[np.ones((119, 2)), [[0, np.nan]]]}, 'row 119 are not fin'),
        ({'features': np.full((120, 2), 1e300)}, 'row 0 are not finite'),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_one_line(problem, change, said):
    x, _, given = problem
    options = {'images': None, 'labels': given, 'features': x} | change
    with pytest.raises(fer_jax.Unusable, match=said) as caught:
        fer_jax.audit(
            options.pop('images'), options.pop('labels'), progress=False, **options
        )
    assert '\n' not in str(caught.value)
