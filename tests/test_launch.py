"""The door, as a user finds it: real processes, exit codes, and the files of a run."""

import csv
import json

import numpy as np
import pytest
from PIL import Image

from fer_jax.analysis import closeup, compare
from tests.processes import launch, small_run


@pytest.fixture(scope='module')
def finished(faces, tmp_path_factory):
    workdir = tmp_path_factory.mktemp('run') / 'resup'
    done = launch(*small_run(faces, workdir), '--profile=5:7')
    assert done.returncode == 0, done.stderr
    return workdir, done


def test_files_of_a_run(finished):
    workdir, done = finished
    assert 'epoch 3/3' in done.stdout
    size = '2 networks resnet18_slim of width 4 at 24 px, 3 epochs, 192 images to learn'
    assert f'{size} from: less than a minute on ' in done.stdout
    assert 'on 1 cpu device; compiling' in done.stdout
    assert 'mean of the last 3 epochs' in done.stdout
    rows = [json.loads(line) for line in (workdir / 'metrics.jsonl').open()]
    assert [row['epoch'] for row in rows] == [1, 2, 3]
    assert [row['step'] for row in rows] == [4, 8, 12]
    result = json.loads((workdir / 'result.json').read_text())
    assert [row['train/learning_rate'] for row in rows] == [0.001, 0.001, 0.0001]
    for row in rows:
        assert 0 < row['train/update_norm'] < row['train/gradient_norm']
        assert row['peak_memory_mb'] > 50
        # 64 images, learned from in a part of the epoch's seconds
        assert row['images_per_second'] >= round(64 / row['seconds'], 2)
    accuracy = [row['test/accuracy'] for row in rows]
    assert result['last'] == accuracy[-1]
    assert result['last5'] == pytest.approx(np.mean(accuracy))
    assert result['best_on_test'] == max(accuracy)
    assert np.sum(result['confusion']) == 30
    wanted = {'platform': 'cpu', 'kind': 'cpu', 'count': 1, 'hosts': 1}
    assert result['devices'] == wanted
    assert {'auroc', 'average_precision', 'precision_at_true_count'} <= set(result)
    with np.load(workdir / 'history.npz') as history:
        assert history['scores'].shape == (3, 2, 70)
        assert history['labels'].shape == (3, 70)
        assert np.isfinite(history['scores']).all()
        assert history['fit/ready'].shape == (3, 2)
        assert history['fit/mixture/share'].shape == (3, 2, 2)
    assert not (workdir / 'history').exists()
    evidence = np.load(workdir / 'evidence.npy')
    assert (evidence.shape, evidence.dtype) == ((70, 7), np.float32)
    np.testing.assert_allclose(evidence.sum(axis=1), 1, rtol=1e-5)
    for name in ('config.json', 'data.json', 'noise.csv', 'noise.json'):
        assert (workdir / name).is_file()
    assert list((workdir / 'tensorboard').iterdir())
    assert f'{workdir}/profile: a trace of the steps 5 to 6; tensorboard' in done.stdout
    assert len([*(workdir / 'profile').rglob('perfetto_trace.json.gz')]) == 1


def test_labels_csv_agrees_with_the_noise_list(finished):
    workdir, _ = finished
    with (workdir / 'labels.csv').open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 70
    with (workdir / 'noise.csv').open() as file:
        listed = list(csv.DictReader(file))
    names = json.loads((workdir / 'result.json').read_text())['class_names']
    assert [row['id'] for row in rows] == [row['id'] for row in listed]
    assert [row['given_label'] for row in rows] == [
        names[int(row['label'])] for row in listed
    ]
    wrong = sum(row['given_label'] != row['clean_label'] for row in rows)
    assert wrong == json.loads((workdir / 'noise.json').read_text())['wrong']
    for row in rows:
        assert row['suggested_label'] in names
        assert 0 <= float(row['posterior_1']) <= 1
        assert 0 <= float(row['posterior_2']) <= 1
        assert 0 < float(row['probability_right']) < 1
        assert (row['flips'], row['final_label']) == ('0', row['given_label'])


def test_a_finished_run_says_so(finished):
    workdir, _ = finished
    before = (workdir / 'metrics.jsonl').read_text()
    config = json.loads((workdir / 'config.json').read_text())
    again = launch(*small_run(config['data']['dir'], workdir))
    assert again.returncode == 0
    assert 'is finished' in again.stdout
    assert (workdir / 'metrics.jsonl').read_text() == before


def test_baseline_through_the_door(faces, tmp_path):
    done = launch(*small_run(faces, tmp_path / 'run', 'baseline'))
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / 'run' / 'result.json').read_text())
    assert result['method'] == 'baseline'
    assert 0 <= result['auroc'] <= 1


def test_a_run_ends_with_its_audit(finished):
    """Of the files alone; the command adds what takes a look at the faces."""
    workdir, done = finished
    page = workdir / 'audit.html'
    assert f'which labels are wrong is in {page}' in done.stdout
    listed = json.loads((workdir / 'issues.json').read_text())
    assert (listed['method'], listed['examples']) == ('resup', 70)
    before = page.read_text()
    assert closeup.LEFT_OUT in before
    again = launch('audit', f'--workdir={workdir}')
    assert again.returncode == 0, again.stderr
    assert str(page) in again.stdout
    assert closeup.LEFT_OUT not in page.read_text()
    assert 'No look at the faces' not in page.read_text()


def test_compare_prints_what_the_runs_say(finished, tmp_path, capsys):
    """The demo's last command: a table, summary.json, and a picture that opens."""
    workdir, _ = finished
    out = tmp_path / 'summary.json'
    assert compare.main([str(workdir), f'--out={out}']) == 0
    result = json.loads((workdir / 'result.json').read_text())
    summary = json.loads(out.read_text())
    assert summary == {
        'resup': {
            name: result[name]
            for name in (
                'last', 'last5', 'best_on_test',
                'auroc', 'average_precision', 'precision_at_true_count',
            )
        }
    }  # fmt: skip
    assert f'{100 * result["last5"]:.1f} %' in capsys.readouterr().out
    with Image.open(tmp_path / 'summary.png') as picture:
        assert picture.width > 1000
        assert len(picture.convert('RGB').getcolors(2**24)) > 50


def test_compare_says_what_is_no_run(tmp_path, capsys):
    assert compare.main([str(tmp_path), '--out=x.json']) == 2
    assert 'no finished run' in capsys.readouterr().err


def test_the_line_of_the_mission(faces, tmp_path):
    """The AffectNet config itself, shrunk on the command line to what a CPU can do."""
    done = launch(
        '--config=configs/resup_affectnet.py',
        f'--workdir={tmp_path}/run',
        f'--config.data.dir={faces}',
        '--config.noise.rate=0.3',
        '--config.model.backbone=resnet18_slim',
        '--config.model.width=4',
        '--config.data.image_size_px=32',
        '--config.batch_size=35',
        '--config.epochs=2',
    )
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / 'run' / 'result.json').read_text())
    assert result['config']['data']['augmentation'] == 'resup'
    assert result['config']['algorithm']['rules'] == 'paper'
    assert result['wrong_labels'] > 0


CONFIG = '--config=configs/resup.py:dataset=synthetic'


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        ([], 'give --config=FILE and --workdir=FOLDER'),
        ([CONFIG, '--config.bach_size=3'], 'Did you mean "batch_size"'),
        ([CONFIG, '--config.algorithm.rule=safe'], 'Did you mean "rules"'),
        ([CONFIG, '--config.epochs=some'], 'wanted a whole number'),
        ([CONFIG, '--config.noise.rate=lots'], 'wanted a number'),
        ([CONFIG], 'data.dir is empty'),
        ([CONFIG, '--config.data.dir=nowhere'], 'no such data folder'),
        ([f'{CONFIG},noise=30', '--config.data.dir=x'], 'for 30 % write 0.3'),
        (['--config=configs/resup.py:dataset=raf'], "unknown dataset 'raf'"),
        (['--config=configs/resub.py'], 'no config file'),
        (['tune', CONFIG], "unknown command 'tune'"),
        (['audit'], 'no result.json, so no finished run'),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path, arguments, message):
    """And before a device is touched: there is none of this name."""
    workdir = [f'--workdir={tmp_path}/run'] if arguments else []
    done = launch(*arguments, *workdir, JAX_PLATFORMS='nowhere')
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert done.stdout == ''
    assert not (tmp_path / 'run').exists()


def test_data_that_do_not_fit_are_found_before_a_device_is_touched(faces, tmp_path):
    run = small_run(faces, tmp_path / 'run', 'resup', '--config.batch_size=71')
    done = launch(*run, JAX_PLATFORMS='nowhere')
    assert done.returncode == 2
    assert 'batch_size' in done.stderr
    assert len(done.stderr.splitlines()) == 1
