"""Numbers of a finished run: those of the training code, whatever the class order."""

import io
import json
import shutil

import numpy as np
import pytest
from PIL import Image

import launch
from fer_jax import Recognizer
from fer_jax.data import prepared, records, writing
from fer_jax.deploy import export
from fer_jax.numerics import metrics
from tests import damage


def evaluate(workdir, *more):
    return launch.main(['launch.py', 'evaluate', f'--workdir={workdir}', *more])


def copy(faces, folder, class_names, rename=lambda name: name, size_px=24):
    """The set `faces` with its classes renamed and in the order of `class_names`."""
    data = prepared.load(faces)

    def examples(split):
        source = records.RecordSource(split.shards)
        for i, label in enumerate(split.labels):
            name, image = records.decode_example(source[i])
            with Image.open(io.BytesIO(image)) as opened:
                resized, file = opened.resize((size_px, size_px)), io.BytesIO()
            resized.save(file, 'PNG')
            place = class_names.index(rename(data.class_names[label]))
            yield writing.Example(name, file.getvalue(), place)

    return writing.write(
        folder,
        set_name='folder',
        class_names=class_names,
        image_size_px=size_px,
        recipe={},
        splits={'train': examples(data.train), 'test': examples(data.test)},
    )


@pytest.fixture(scope='module')
def numbers(finished):
    assert evaluate(finished) == 0
    return json.loads((finished / 'evaluation.json').read_text())


def test_it_finds_what_the_run_found(finished, numbers):
    result = json.loads((finished / 'result.json').read_text())
    one = numbers['networks']['1']
    assert one['confusion'] == result['confusion']
    assert one['accuracy'] == pytest.approx(result['last'])
    assert one['balanced_accuracy'] == pytest.approx(result['balanced_accuracy'])
    assert one['macro_f1'] == pytest.approx(result['macro_f1'])
    assert one['recalls'] == result['recalls']
    assert numbers['checkpoint'] == {'which': 'last', 'step': 2}
    assert numbers['data']['digest'] == result['dataset_digest']
    for name in ('accuracy', 'balanced_accuracy', 'macro_f1'):
        low, high = one[f'{name}_interval']
        assert 0 <= low < one[name] < high <= 1


def test_every_example_counts_once_and_calibration_is_that_of_the_probabilities(
    faces, finished, numbers, held_out
):
    labels = prepared.load(faces).test.labels
    one = numbers['networks']['1']
    assert np.sum(one['confusion']) == numbers['data']['test_examples'] == 30
    probs = Recognizer.load(finished)(list(held_out))
    wanted = metrics.calibration_error(probs, labels)
    assert one['calibration_error'] == pytest.approx(wanted, abs=1e-5)


def test_another_class_order_and_other_names_are_matched(
    faces, finished, numbers, tmp_path
):
    """Reversed, and 'Happy' for happiness: the same matrix, in the model's order."""
    order = [*reversed(numbers['class_names'])]
    order[order.index('happiness')] = 'Happy'
    data = copy(
        faces,
        tmp_path / 'turned',
        order,
        lambda name: 'Happy' if name == 'happiness' else name,
    )
    out = tmp_path / 'out.json'
    assert evaluate(finished, f'--data={data.folder}', f'--out={out}') == 0
    found = json.loads(out.read_text())
    assert found['networks'] == numbers['networks']
    assert found['class_names'] == numbers['class_names']
    assert found['examples'] == numbers['examples']


def test_a_set_of_another_size_is_resized_for_the_network(faces, finished, tmp_path):
    names = prepared.load(faces).class_names
    data = copy(faces, tmp_path / 'larger', list(names), size_px=40)
    out = tmp_path / 'out.json'
    assert evaluate(finished, f'--data={data.folder}', f'--out={out}') == 0
    assert json.loads(out.read_text())['data']['test_examples'] == 30


def test_damaged_records_are_skipped_where_the_run_skips_them(
    faces, finished, numbers, tmp_path, capsys
):
    """One test face is lost: the others count, and an export is compared on them."""
    data, shard, position = damage.a_record(faces, tmp_path, 'test')
    workdir = shutil.copytree(finished, tmp_path / 'run')
    config = json.loads((workdir / 'config.json').read_text())
    config['data'] |= {'dir': str(data), 'on_corrupt': 'skip'}
    (workdir / 'config.json').write_text(json.dumps(config))
    assert evaluate(workdir) == 0
    said = capsys.readouterr().out
    assert f'skipped: {shard}: record 3 at byte {position}' in said.replace('\n', '')
    found = json.loads((workdir / 'evaluation.json').read_text())
    lost = np.array(numbers['networks']['1']['confusion']) - np.array(
        found['networks']['1']['confusion']
    )
    assert found['data']['test_examples'] == 29
    assert lost.min() == 0
    assert lost.sum() == 1
    assert lost[prepared.load(faces).test.labels[3]].sum() == 1
    card = {'image_size_px': 24}
    assert export.faces(workdir, card).shape == (9, 24, 24, 3)
    config['data']['on_corrupt'] = 'stop'
    (workdir / 'config.json').write_text(json.dumps(config))
    assert evaluate(workdir) == 2
    assert export.faces(workdir, card).shape == (0, 24, 24, 3)
    assert 'compared on patterns alone' in capsys.readouterr().out


def test_classes_that_the_run_does_not_know_stop_with_code_2(
    faces, finished, tmp_path, capsys
):
    names = list(prepared.load(faces).class_names)
    data = copy(faces, tmp_path / 'foreign', [*names, 'contempt', 'boredom'])
    assert evaluate(finished, f'--data={data.folder}') == 2
    said = capsys.readouterr().err
    assert 'the classes contempt, boredom are not among anger, disgust' in said
    assert len(said.splitlines()) == 1


def test_a_checkpoint_knows_its_own_class_order(finished, tmp_path, capsys):
    """data.json of another run, whose weights have the same shapes."""
    workdir = shutil.copytree(finished, tmp_path / 'mixed')
    about = json.loads((workdir / 'data.json').read_text())
    about['class_names'].reverse()
    (workdir / 'data.json').write_text(json.dumps(about))
    assert evaluate(workdir) == 2
    said = capsys.readouterr().err
    assert 'it is of the classes anger, disgust, fear' in said
    assert len(said.splitlines()) == 1


def test_both_networks_and_their_mean(faces, untrained, held_out, tmp_path, capsys):
    workdir = untrained('coteaching')
    assert evaluate(workdir, '--which=2', f'--out={tmp_path}/out.json') == 0
    shown = capsys.readouterr().out
    for words in ('network 1', 'network 2', 'mean vote', 'anger recall', 'ECE'):
        assert words in shown
    found = json.loads((tmp_path / 'out.json').read_text())
    labels = prepared.load(faces).test.labels
    for network in ('1', '2', 'mean'):
        probs = Recognizer.load(workdir, network=network)(list(held_out))
        wanted = np.mean(probs.argmax(axis=-1) == labels)
        assert found['networks'][network]['accuracy'] == pytest.approx(wanted)


def test_what_is_missing_is_said(finished, tmp_path, capsys):
    for arguments, message in (
        ((finished, '--data=nowhere'), 'nowhere: no such data folder'),
        ((finished, '--which=77'), "no checkpoint '77'"),
        ((tmp_path,), 'no config.json'),
    ):
        assert evaluate(*arguments) == 2
        assert message in capsys.readouterr().err
