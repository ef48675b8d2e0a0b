"""Sets written as a csv or as folders are taken by the doors of these, as they were."""

import numpy as np
import pytest

from data_prep import __main__ as data_prep
from fer_jax import cli
from fer_jax.data import pipeline, prepared, records, tables
from fer_jax.exchange import as_folder


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
    assert named == {name: ugly.class_names[label] for name, label in wanted.items()}
    first, *_ = tables.rows(table, ['suggested_label', 'probability_right', 'second'])
    assert first['suggested_label'] == '../..'
    assert first['probability_right'] == '0.1'
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
