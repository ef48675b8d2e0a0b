"""Sets written as a csv or as folders are taken by the doors of these, as they were."""

import numpy as np
import pytest

from data_prep import __main__ as data_prep
from fer_jax import cli
from fer_jax.analysis import judgements
from fer_jax.data import corrections, pipeline, prepared, records, tables, writing
from fer_jax.data.corrections import Decision
from fer_jax.exchange import as_folder

NAMES = ('=1+1', '../..', 'a,b "c"', 'fear')


@pytest.fixture(scope='module')
def ugly(faces, tmp_path_factory):
    """A set of 12 + 4 faces whose ids and classes are what no path should be."""
    source = prepared.load(faces).train.records()
    images = [records.decode_example(source[i])[1] for i in range(16)]
    ids = ['../../x', '/etc/passwd', 'a\nb', '=cmd()', 'é\u202e', 'x,"y"', '.', 'CON']
    ids += [f'plain {i}' for i in range(8)]
    examples = [
        writing.Example(name, image, i % 4)
        for i, (name, image) in enumerate(zip(ids, images))
    ]
    return writing.write(
        tmp_path_factory.mktemp('ugly') / 'set', set_name='folder', class_names=NAMES,
        image_size_px=24, recipe={},
        splits={'train': examples[:12], 'test': examples[12:]},
    )  # fmt: skip


@pytest.fixture(scope='module')
def reviewed(ugly, tmp_path_factory):
    """The folder of a review of it: a judgement and decisions."""
    folder = tmp_path_factory.mktemp('review')
    data, count = ugly.train, len(ugly.train.ids)
    judgements.write(
        folder,
        judgements.Judgement(
            data.ids, np.linspace(-1, 1, count), np.linspace(0.1, 0.9, count),
            ((data.labels + 1) % 4).astype(np.int32), np.eye(4, dtype=np.float32),
        ),
        ugly.digest,
    )  # fmt: skip
    ids = data.ids.tolist()
    decisions = [
        Decision(ids[0], 'relabel', (3,), 'anna', '2026-11-28T19:40:02Z'),
        Decision(ids[1], 'drop', (), 'anna'),
        Decision(ids[2], 'ambiguous', (1, 2), 'anna'),
        Decision(ids[3], 'keep'),
    ]
    text = corrections.text(decisions, NAMES)
    (folder / corrections.FILE).write_text(text)
    return folder


@pytest.fixture
def exported(ugly, reviewed, tmp_path, capsys):
    """exported(form): the folder that the command writes."""

    def export(form, *options):
        out = tmp_path / 'out' / form
        words = f'export-labels --data={ugly.folder} --review={reviewed} --as={form}'
        words = [*words.split(), f'--out={out}', *options]
        assert cli.main(['launch.py', *words]) == 0, capsys.readouterr()
        assert [path.name for path in out.parent.iterdir()] == [form]
        return out

    return export


def imported(words, out):
    assert data_prep.main([*words, f'--out={out}', '--size=24']) == 0
    return prepared.load(out)


def pixels(split):
    source = split.records()
    return {
        name: pipeline.decode(records.decode_example(source[i])[1], 24).tobytes()
        for i, name in enumerate(split.ids.tolist())
    }


def test_a_csv_keeps_ids_labels_splits_and_pixels(ugly, exported, tmp_path):
    table = exported('csv') / 'labels.csv'
    words = ['csv', f'--source={table}', '--split=split', '--id=id']
    again = imported(words, tmp_path / 'again')
    wanted = dict(zip(ugly.train.ids.tolist(), ugly.train.labels.tolist()))
    wanted['../../x'] = 3
    del wanted['/etc/passwd']
    for split in ('train', 'test'):
        before, after = getattr(ugly, split), getattr(again, split)
        assert pixels(after).items() <= pixels(before).items()
    found = dict(zip(again.train.ids.tolist(), again.train.labels.tolist()))
    named = {name: again.class_names[label] for name, label in found.items()}
    assert named == {name: NAMES[label] for name, label in wanted.items()}
    first, *_ = tables.rows(table, ['suggested_label', 'probability_right', 'second'])
    assert first['suggested_label'] == '../..'
    assert first['probability_right'] == '0.100000'
    second = {row['id']: row['second'] for row in tables.rows(table, ['id', 'second'])}
    assert [name for name, said in second.items() if said] == ['a\nb']


def test_folders_of_classes_are_named_so_that_nothing_leads_out(
    ugly, exported, tmp_path
):
    folder = exported('folder')
    names = {path.name for path in (folder / 'train').iterdir()}
    assert names == {'=1+1', '%2E.%2F..', 'a,b %22c%22', 'fear'}
    again = imported(['image_folder', f'--source={folder}'], tmp_path / 'again')
    assert (len(again.train.ids), len(again.test.ids)) == (11, 4)
    fear = again.class_names.index('fear')
    before = np.sum(ugly.train.labels == 3)
    assert np.sum(again.train.labels == fear) == before + 1


@pytest.mark.parametrize('name', ['..', '.', 'Thumbs.db', 'CON', 'a/b', '%2F', ' x'])
def test_the_name_of_a_folder_is_one_that_is_seen(name, tmp_path):
    made = as_folder.folder_name(name)
    (tmp_path / made).mkdir()
    assert [path.name for path in tmp_path.iterdir()] == [made]
    assert not made.startswith('.')
    assert '/' not in made


def test_ambiguous_ones_may_be_dropped(exported):
    table = exported('csv', '--ambiguous=drop') / 'labels.csv'
    assert len([*tables.rows(table, ['id'])]) == 16 - 2


@pytest.mark.parametrize(
    ('options', 'said'),
    [
        ('--as=csv --out={out}', 'give --data=FOLDER of a prepared set, or --workdir'),
        ('--data={data} --as=xls --out={out}', "no 'xls'; there are: source, csv"),
        ('--data={data} --as=csv --out={data}', 'exists already'),
        ('--data={data} --as=csv --out={out} --source=x', '--source is of --as=source'),
        ('--data={data} --as=csv --out={out} --review=x', 'x: no such folder'),
        ('--data={data} --as=csv --out={out} --decisions=x', 'no file x'),
        ('--data={data} --as=source --out={out}', 'does not remember its source'),
        ('--data={data} --as=csv --out={out} --ambiguous=both', 'holds one class'),
    ],
)
def test_what_is_refused_is_one_line(options, said, ugly, tmp_path, capsys):
    words = options.format(data=ugly.folder, out=tmp_path / 'out').split()
    assert cli.main(['launch.py', 'export-labels', *words]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert [*tmp_path.iterdir()] == []
