"""Training from Python: pictures and labels in, a run out."""

import json
import os
import pathlib
import signal
import threading
import time

import numpy as np
import pytest
from PIL import Image

import fer_jax
from fer_jax import run as runs
from fer_jax.data import in_memory, keeping, pipeline, prepared
from fer_jax.errors import Missing
from fer_jax.training import frozen

NAMES = ('dark', 'bright')
FIELDS = {
    'start': 'random',
    'batch_size': 20,
    'data.image_size_px': 24,
    'model.backbone': 'resnet18_slim',
    'model.width': 4,
    'optimizer.learning_rate': 3e-3,
}


@pytest.fixture(scope='module')
def problem():
    """uint8 [60, 24, 24] dark and bright noise, and which it is [60]."""
    labels = np.arange(60) % 2
    images = np.random.default_rng(0).integers(0, 99, (60, 24, 24), np.uint8)
    return images + (150 * labels[:, None, None]).astype(np.uint8), labels


def train(problem, workdir, **changed):
    images, labels = problem
    given = {
        'method': 'baseline', 'images': images, 'labels': labels,
        'test': (images[:20], labels[:20]), 'class_names': NAMES,
        'workdir': workdir, 'epochs': 2, 'progress': False,
    } | FIELDS | changed  # fmt: skip
    return fer_jax.train(**given)


@pytest.fixture(scope='module')
def finished(problem, tmp_path_factory):
    images, labels = problem
    given = labels.copy()
    given[:3] = 1 - given[:3]
    folder = tmp_path_factory.mktemp('runs') / 'own'
    return train((images, given), folder, clean_labels=labels, seed=3), given


def test_what_a_run_leaves(finished, problem):
    run, given = finished
    images, labels = problem
    config = json.loads((run.workdir / 'config.json').read_text())
    assert (config['seed'], config['data']['name']) == (3, 'folder')
    assert config['start'] == ['random']
    assert [row['epoch'] for row in run.history] == [1, 2]
    assert run.result['last'] == run.history[-1]['test/accuracy']
    assert run.result['wrong_labels'] == 3
    probs = run.recognizer(list(images[:5]))
    np.testing.assert_allclose(probs.sum(axis=1), 1, rtol=1e-5)
    assert run.recognizer.class_names == NAMES
    assert run.verdict.class_names == NAMES
    np.testing.assert_array_equal(run.verdict.given, given)
    np.testing.assert_array_equal(run.verdict.wrong, given != labels)
    assert (run.workdir / 'audit.html').is_file()
    assert fer_jax.Run(run.workdir).history == run.history


def test_pictures_are_kept_as_they_were_given(finished, problem):
    data = prepared.load(finished[0].workdir / runs.DATA)
    kept = pipeline.Reader(data.train)(np.arange(60))
    np.testing.assert_array_equal(kept, np.repeat(problem[0][..., None], 3, axis=3))
    np.testing.assert_array_equal(data.train.labels, finished[1])
    assert (data.test.clean_labels == -1).all()


def test_files_are_kept_as_the_pictures_on_them(tmp_path, problem):
    images, labels = problem
    paths = [tmp_path / f'{row}.png' for row in range(12)]
    for path, image in zip(paths, images):
        Image.fromarray(image).save(path)
    pictures = in_memory.Pictures(paths, 24)
    rows = list(keeping.examples(pictures, labels[:12], np.full(12, -1)))
    assert [row.id for row in rows] == list(map(str, paths))
    assert [row.label for row in rows] == labels[:12].tolist()
    data = keeping.write(
        tmp_path / 'set',
        dict.fromkeys(('train', 'test'), (pictures, labels[:12], labels[:12])),
        NAMES,
        progress=False,
    )
    seen = pipeline.Reader(data.train)(np.arange(12))
    np.testing.assert_array_equal(seen[..., 1], images[:12])


def test_the_same_call_finds_the_run_and_another_is_refused(finished, problem):
    run, given = finished
    images, labels = problem
    before = (run.workdir / 'metrics.jsonl').stat().st_mtime_ns
    again = train((images, given), run.workdir, clean_labels=labels, seed=3)
    assert again.result == run.result
    assert (run.workdir / 'metrics.jsonl').stat().st_mtime_ns == before
    with pytest.raises(
        fer_jax.Unusable, match='other pictures or labels; name another'
    ):
        train((images, labels), run.workdir, seed=3)
    told = 'seed was 3 and is 4;.* add accept_changes=True'
    with pytest.raises(fer_jax.Unusable, match=told):
        train((images, given), run.workdir, clean_labels=labels, seed=4)


def test_ctrl_c_saves_and_the_same_call_goes_on(tmp_path, problem):
    """The bits at the end are those of a run that nobody stopped."""
    folder = tmp_path / 'run'

    def press():
        while not (folder / 'metrics.jsonl').exists():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    finger = threading.Thread(target=press)
    finger.start()
    with pytest.raises(KeyboardInterrupt, match='the same call goes on'):
        train(problem, folder, epochs=6)
    finger.join()
    assert signal.getsignal(signal.SIGINT) is before
    assert not (folder / 'result.json').exists()
    stopped = train(problem, folder, epochs=6)
    whole = train(problem, tmp_path / 'whole', epochs=6)
    for run in (stopped, whole):
        assert [row['epoch'] for row in run.history] == [*range(1, 7)]
    np.testing.assert_array_equal(stopped.verdict.trust, whole.verdict.trust)


def test_it_says_how_far_it_is_and_where(finished, problem, capsys, monkeypatch):
    """A temporary folder is named, for it stays. In a thread no signal is asked for."""
    monkeypatch.setenv('TMPDIR', str(finished[0].workdir.parent))
    monkeypatch.setattr('tempfile.tempdir', None)
    made = []
    thread = threading.Thread(
        target=lambda: made.append(train(problem, None, epochs=1, progress=True))
    )
    thread.start()
    thread.join()
    said = capsys.readouterr().out.replace('\n', '')
    assert f'the run is in {made[0].workdir}' in said
    assert 'epoch 1/1' in said
    assert 'which labels are wrong is in' in said
    assert pathlib.Path(made[0].workdir).parent == finished[0].workdir.parent


def test_heads_are_as_quiet_as_they_are_asked_to_be(
    problem, own_network, tmp_path, capsys, monkeypatch
):
    """The licence of the frozen network and the bar of its features, too."""
    network = frozen.own_network(own_network, 48)
    monkeypatch.setattr(frozen, 'face_network', lambda: network)
    images, labels = problem
    for progress, folder in ((False, 'quiet'), (True, 'told')):
        fer_jax.train(
            'baseline', images, labels, test=(images[:20], labels[:20]), epochs=1,
            workdir=tmp_path / folder, progress=progress, on='features',
            batch_size=20, **{'data.image_size_px': 48},
        )  # fmt: skip
        said = capsys.readouterr().out
        assert (network.licence[:20] in said) == progress
        assert bool(said) == progress


def test_a_field_without_sense_is_refused_before_pictures_are_kept(problem, tmp_path):
    with pytest.raises(fer_jax.Unusable, match=r'data\.folds is 1'):
        train(problem, tmp_path / 'run', **{'data.folds': 1})
    assert not (tmp_path / 'run').exists()


@pytest.mark.parametrize(
    ('changed', 'said'),
    [
        ({'method': 'resub'}, "method='resub' is no config; did you mean 'resup'?"),
        ({'method': 'stord'}, "method='stord' is no config; fer-jax configs lists"),
        ({'method': 'resup:dataset=raf'}, "unknown dataset 'raf'"),
        ({'epoch': 3}, 'Did you mean "epochs"? Write epochs=3'),
        ({'epochs': 'many'}, "epochs='many': wanted a whole number"),
        ({'epochs': 0}, 'epochs must be 1 or more'),
        ({'noise': 30}, 'for 30 % write 0.3'),
        ({'start': 'nowhere'}, 'nowhere'),
        ({'labels': np.zeros(60, int)}, "all 60 labels are 'dark'"),
        ({'labels': np.arange(60) % 3}, "label 2 is '2', which is none of the 2"),
        ({'labels': np.arange(50) % 2}, '60 pictures and 50 labels'),
        ({'clean_labels': np.arange(50) % 2}, '60 pictures and 50 clean_labels'),
        ({'images': np.zeros((60, 3, 8, 8), np.uint8)}, 'transpose(0, 2, 3, 1)'),
        ({'images': ['none.png'] * 60}, 'picture 0: none.png'),
        ({'test': np.zeros((4, 8, 8), np.uint8)}, 'test: wanted a pair'),
        ({'test': ([], [])}, 'test: '),
        ({'test': (np.zeros((2, 8, 8), np.uint8), [0, 5])}, "test: label 1 is '5'"),
        ({'batch_size': 61}, 'batch_size'),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_one_line(problem, tmp_path, changed, said):
    with pytest.raises(fer_jax.Unusable) as caught:
        train(problem, tmp_path / 'run', **changed)
    assert said in str(caught.value)
    assert '\n' not in str(caught.value)
    assert '--' not in str(caught.value)


def test_a_folder_without_a_run(tmp_path):
    with pytest.raises(Missing, match='no finished run'):
        _ = fer_jax.Run(tmp_path).result
