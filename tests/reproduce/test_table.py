"""Files of tables: those that ship make sense, and one that does not is refused."""

import pytest

from fer_jax.errors import Missing, Unusable
from fer_jax.reproduce import cells, measures, table

RIGHT = """
from fer_jax.reproduce.table import Arm, Column, Table

TABLE = Table(
    title='a small one',
    paper='Somebody',
    place='Table 1',
    columns=[
        Column('FER2013', 'fer2013'),
        Column('FER2013 30%', 'fer2013', {'noise.rate': 0.3}),
    ],
    rows=[
        Arm('Plain', 'baseline', (70.0, (60.0, 0.5))),
        Arm('ReSup', 'resup', (72.0, 68.0), {'algorithm.consistency': 5.0}),
        Arm('Cited', None, (71.0, '-')),
    ],
    claims=[('ReSup', 'Plain')],
)
"""


@pytest.mark.parametrize('name', table.names())
def test_those_that_ship_make_sense(name):
    found = table.read(name)
    assert any(arm.config for arm in found.rows)
    assert len({*(column.name for column in found.columns)}) == len(found.columns)


def test_every_table_of_both_papers_is_there():
    wanted = {f'resup_table{number}' for number in range(1, 9)}
    wanted |= {f'resup_section4_{number}' for number in (5, 6, 7)}
    wanted |= {'resup_figs7_8', 'resup_fig9', 'resup_fig10'}
    wanted |= {f'proximity_table{number}' for number in (1, 2, 3, 4)} | {
        'proximity_fig3'
    }
    assert wanted <= {*table.names()}


def printed(name, row, column):
    found = table.loaded(table.TABLES / f'{name}.py')
    place = [one.name for one in found.columns].index(column)
    return next(arm.published[place] for arm in found.rows if arm.name == row)


def test_numbers_stand_where_the_papers_have_them():
    assert printed('resup_table1', 'ReSup', 'RAF-DB 30%') == 86.86
    assert printed('resup_table1', 'EAC', 'AffectNet 10%') == 63.37
    assert printed('resup_table1', 'DMUE', 'FERPlus 10%') == table.EMPTY
    assert printed('resup_table2', 'Sim + WeEx', 'FERPlus') == 85.74
    assert printed('resup_table5', 'VGG-16, ReSup', 'RAF-DB 30%') == 82.50
    assert printed('resup_table7', 'JoCoR', '50%') == 79.41
    assert printed('resup_table8', 'ReSup, ResNet-18', 'asym. 40%') == 53.37
    assert printed('proximity_table1', 'SCN-C', 'FER2013') == 70.16
    assert printed('proximity_table3', 'RUL-C', 'FER2013 30%') == (64.45, 0.31)
    assert printed('proximity_table3', 'Baseline', 'AffectNet 20%') == (54.74, 0.62)
    assert printed('proximity_table3', 'DUL', 'RAF-DB 30%') == (78.90, 0.80)


@pytest.fixture
def file(tmp_path):
    """file(before, after): the path of the right table with a text replaced."""

    def write(before='', after=''):
        assert before in RIGHT
        path = tmp_path / 'mine.py'
        path.write_text(RIGHT.replace(before, after))
        return str(path)

    return write


def test_a_file_of_ones_own(file):
    found = table.read(file())
    assert [arm.name for arm in found.rows] == ['Plain', 'ReSup', 'Cited']


@pytest.mark.parametrize(
    ('before', 'after', 'said'),
    [
        ('rows=[', 'rowz=[', "unexpected keyword argument 'rowz'"),
        ('algorithm.consistency', 'algorithm.consistence', 'no field'),
        ("consistency': 5.0", "consistency': -5.0", 'must be 0 or more'),
        ("consistency': 5.0", "consistency': 'much'", 'wanted a number'),
        ("'noise.rate': 0.3", "'noise.rate': 30", 'for 30 % write 0.3'),
        ("'resup'", "'resub'", 'no config file resub'),
        ("'FER2013', 'fer2013'", "'FER2013', 'fer2031'", 'dataset is'),
        ("{'noise.rate': 0.3}", "{}, 'speed'", 'measure is'),
        ('(72.0, 68.0)', '(72.0,)', 'has 1 published numbers'),
        ('(72.0, 68.0)', "(72.0, '68')", 'published is'),
        ('(60.0, 0.5)', '(60.0, 0.5, 1.0)', 'published is'),
        ('(72.0, 68.0)', '(7200, 68.0)', 'accuracies in %'),
        ("{'algorithm.consistency': 5.0}", "['consistency']", 'fields is'),
        ("'FER2013 30%'", '30', 'wanted a str'),
        ('(72.0, 68.0)', "'72'", 'wanted a sequence'),
        ("title='a small one'", 'title=None', 'title is'),
        ("claims=[('ReSup', 'Plain')]", 'claims=None', 'claims is'),
        ("claims=[('ReSup', 'Plain')]", "claims=['ReSup']", 'wanted names of two rows'),
        ("('ReSup', 'Plain')", "('ReSup', 'Plane')", 'wanted names of two rows'),
        ("'Cited'", "'ReSup'", "two rows called 'ReSup'"),
        ("'FER2013 30%'", "'FER2013'", 'two columns called'),
        ("place='Table 1'", "place='Table 1', reported='first'", 'reported is'),
        ('TABLE =', 'THING =', 'gives no table'),
        ('TABLE = Table(', 'TABLE = dict(', 'is no fer_jax.reproduce.table.Table'),
        ('rows=[', 'rows=[1 / 0,', 'ZeroDivisionError'),
    ],
)
def test_one_that_makes_no_sense_is_refused(file, before, after, said):
    with pytest.raises(Unusable, match=r'mine\.py') as error:
        table.read(file(before, after))
    assert said in str(error.value)
    assert '\n' not in str(error.value)


def test_the_row_and_the_column_of_a_wrong_field_are_named(file):
    with pytest.raises(Unusable, match="row 'ReSup', column 'FER2013': no field"):
        table.read(file('algorithm.consistency', 'algorithm.consistence'))


def test_a_table_that_is_not_there():
    with pytest.raises(Missing, match='did you mean resup_table1'):
        table.read('resup_tabel1')


def test_folders_are_called_after_rows():
    assert table.slug('Sim + WeEx + CoL') == 'sim-weex-col'
    assert table.slug('ResNet-18, ReSup') == 'resnet-18-resup'
    assert table.slug('%') == 'unnamed'


def wanted(faces, **options):
    return cells.Wanted(data=faces.parent, **options)


def test_columns_without_their_data_are_not_run(faces):
    """Of the two sets that the table names none is there; one in their stead is."""
    asked = table.read('resup_table2')
    with pytest.raises(Unusable, match=r'raf_db is not there; prepare it: .* raf_db'):
        cells.of(asked, wanted(faces))
    found = cells.of(asked, wanted(faces, instead='faces', seeds=2))
    runs = cells.runs(found)
    assert len(runs) == 7 * 2  # both columns are the same runs now
    assert runs[0].name == 'baseline,faces,rate=0.3,seed=0'
    config = runs[-1].read()
    assert (config.seed, config.noise.seed, config.noise.rate) == (1, 1, 0.3)
    assert config.data.name == 'synthetic'


def test_what_the_paper_has_no_number_for_is_not_run(faces):
    asked = table.read('proximity_table3')
    found = cells.of(asked, wanted(faces, instead='faces', argument=('on=features',)))
    by_name = dict(zip((arm.name for arm in asked.rows), found))
    assert [len(cell.runs) for cell in by_name['DUL']] == [3, 3, 0, 0] * 3
    assert by_name['Baseline'][0].runs[0].read().model.backbone == 'heads'


def test_networks_that_features_cannot_have_are_not_run_on_them(faces):
    asked = table.read('resup_table5')
    with pytest.raises(Unusable, match=r'nothing to run: .*heads are for features'):
        cells.of(asked, wanted(faces, instead='faces', argument=('on=features',)))


def test_noise_of_other_classes_is_not_run(faces):
    asked = table.read('resup_table7')
    options = {'instead': 'faces', 'argument': ('on=features',), 'seeds': 1}
    found = dict(
        zip((arm.name for arm in asked.rows), cells.of(asked, wanted(faces, **options)))
    )
    plain, resnet = found['Standard, 7 layers'], found['ReSup, ResNet-18']
    assert [len(cell.runs) for cell in plain] == [1, 1, 1, 1, 1, 0]
    assert "for CIFAR-10's classes" in plain[-1].reason
    assert all('resnet18_cifar: heads' in cell.reason for cell in resnet)


def test_a_start_that_a_network_cannot_have_is_not_run(faces):
    asked = table.read('resup_table5')
    with pytest.raises(Unusable, match=r'nothing to run: start=face is for dlib'):
        cells.of(asked, wanted(faces, instead='faces', argument=('start=face',)))


@pytest.mark.parametrize('name', ['resup_table2', 'resup_figs7_8'])
def test_the_ablation_runs_on_a_set_whose_preset_waits(name, faces):
    """ReSup's preset from random weights waits for similarities to differ."""
    found = cells.of(table.read(name), wanted(faces, instead='faces', seeds=1))
    assert all(cell.runs for row in found for cell in row)


def test_a_field_for_all_that_is_none_is_refused(faces):
    asked = table.read('resup_table2')
    options = {'instead': 'faces', 'fields': (('epoch', '3'),)}
    with pytest.raises(Unusable, match='no field'):
        cells.of(asked, wanted(faces, **options))


def test_a_set_that_is_another_one_is_not_taken_for_it(faces, tmp_path):
    (tmp_path / 'raf_db').symlink_to(faces)
    asked = table.read('resup_table2')
    with pytest.raises(Unusable, match='is synthetic, and no raf_db'):
        cells.of(asked, cells.Wanted(data=tmp_path))


def test_measures_have_what_they_say():
    result = {'last': 0.5, 'last5': 0.25, 'best_on_test': 0.75, 'flips': 12}
    assert measures.MEASURES['accuracy'].read(result) == {
        'last': 50.0, 'last5': 25.0, 'best': 75.0
    }  # fmt: skip
    assert measures.MEASURES['flips'].read(result) == {'last': 12}
    assert measures.MEASURES['returns'].read(result) == {}
