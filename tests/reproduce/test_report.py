"""What is said of finished runs: numbers by hand, one source of all three outputs."""

import html
import re

import pytest
from scipy import stats

from fer_jax.data import tables
from fer_jax.reproduce import measures, report, standing, writing
from fer_jax.reproduce.cells import Cell
from fer_jax.reproduce.table import EMPTY, UNKNOWN, Arm, Column, Table
from fer_jax.sweeps.plan import Planned
from fer_jax.training import files

TABLE = Table(
    title='a & small <one>',
    paper='Somebody',
    place='Table 1',
    columns=[Column('A', 'fer2013'), Column('B', 'fer2013', {}, 'flips')],
    rows=[
        Arm('Plain', 'baseline', ((60.0, 0.5), UNKNOWN)),
        Arm('Good', 'resup', (64.0, UNKNOWN)),
        Arm('Best', 'eac', (66.0, EMPTY)),
        Arm('Cited', None, (65.0, EMPTY)),
    ],
    reported='last5',
    claims=[('Good', 'Plain'), ('Best', 'Good')],
)
# Of each seed: (last, mean of the last five, best, flips).
RUNS = {
    'plain': [(0.50, 0.51, 0.60, 9), (0.54, 0.52, 0.61, 7), (0.52, 0.53, 0.62, 8)],
    'good': [(0.58, 0.57, 0.60, 3), (0.60, 0.59, 0.61, 4)],
    'best': [(0.55, 0.56, 0.59, 2), (0.57, 0.57, 0.58, 1), (0.50, 0.55, 0.57, 0)],
}


def finish(folder, numbers, noise='a' * 64):
    """Writes a run's result.json, as far as tables read it."""
    last, last5, best, flips = numbers
    folder.mkdir(parents=True)
    files.write_result(
        folder,
        {
            'class_names': ['anger', 'fear'],
            'last': last,
            'last5': last5,
            'best_on_test': best,
            'flips': flips,
            'dataset_digest': 'd' * 64,
            'noise_list_sha256': noise,
        },
    )


@pytest.fixture
def made(tmp_path):
    """The Report of RUNS; the third run of `good` is not there yet."""
    found = []
    for arm in TABLE.rows:
        name = arm.name.lower()
        for seed, numbers in enumerate(RUNS.get(name, [])):
            finish(tmp_path / f'{name},seed={seed}', numbers)
        runs = tuple(Planned(f'{name},seed={seed}', name) for seed in range(3))
        found.append(
            [
                Cell(published, runs if arm.config and published != EMPTY else ())
                for published in arm.published
            ]
        )
    return report.of(TABLE, found, tmp_path, command='reproduce this')


def test_means_deviations_and_differences_by_hand(made):
    """.51, .52, .53: mean .52, deviation .01; 52 - 60 is -8."""
    plain = made.rows[0].boxes[0]
    assert plain.shown == '52.00 ± 1.00'
    assert plain.of('last') == ('52.00', '2.00')
    assert plain.of('best') == ('61.00', '1.00')
    assert (plain.paper, plain.difference) == (('60.00', '0.50'), '-8.00')
    assert (plain.count, plain.state) == (3, '')
    good = made.rows[1].boxes[0]
    assert (good.count, good.state) == (2, '2 of 3 runs')
    assert good.shown == '58.00 ± 1.41'
    flips = made.rows[0].boxes[1]
    assert (flips.shown, flips.paper.mean, flips.difference) == ('8 ± 1', '', '')
    assert made.rows[3].boxes[0].ours == {}


def test_the_order_is_judged(made):
    """The paper: Best, Good, Plain. Here 58, 56, 52: Best is behind Good, one of three
    pairs, so tau is (2 - 1) / 3."""
    (order,) = made.orders  # of flips the paper has no number
    assert order.paper == ['Best', 'Good', 'Plain']
    assert order.ours == ['Good', 'Best', 'Plain']
    assert order.turned == ['Best behind Good']
    assert order.verdict == 'no, 1 of 3 pairs: Best behind Good'
    wanted = stats.kendalltau([60, 64, 66], [52, 58, 56]).statistic
    assert order.tau == f'{wanted:.2f}' == '0.33'


def test_differences_are_of_pairs_of_a_seed(made):
    """Good less Plain: 57 - 51 and 59 - 52; the third seed has no pair."""
    found = {(one.better, one.column): one for one in made.differences}
    good = found['Good', 'A']
    assert (good.paper, good.ours, good.count) == ('+4.00', '+6.50', 2)
    assert (good.low, good.high, good.verdict) == ('+6.00', '+7.00', 'too few pairs')
    best = found['Best', 'A']
    assert (best.ours, best.verdict) == ('-1.50', 'too few pairs')
    flips = found['Good', 'B']  # fewer are better: -6 and -3
    assert (flips.ours, flips.paper, flips.verdict) == ('-4', '', 'too few pairs')


@pytest.mark.parametrize(
    ('measure', 'values', 'verdict'),
    [
        ('accuracy', [0.01, 0.02, 0.01, 0.03, 0.02], 'holds'),
        ('accuracy', [-0.01, -0.02, -0.01, -0.03, -0.02], 'reversed'),
        ('accuracy', [-0.01, 0.02, -0.01, 0.03, -0.02], 'open'),
        ('flips', [-1, -2, -1, -3, -2], 'holds'),  # fewer are better
        ('accuracy', [0.01, 0.02, 0.01, 0.03], 'too few pairs'),
    ],
)
def test_five_pairs_of_runs_decide(measure, values, verdict):
    column = Column('A', 'fer2013', measure=measure)
    pairs = dict(enumerate(values))
    assert standing.difference('a', 'b', 'A', 0.0, pairs, column).verdict == verdict


def test_each_number_is_the_same_in_all_three(made, tmp_path):
    paths = writing.write(made, tmp_path / 'out')
    text, page = paths[0].read_text(), html.unescape(paths[2].read_text())
    page = page.replace('\u2212', '-')
    count = 0
    for row in tables.rows(paths[1], writing.CSV):
        told = row.texts()
        for kind in ('paper', *measures.KINDS):
            mean, deviation = told[kind], told[f'{kind}_deviation']
            shown = f'{mean} ± {deviation}' if deviation else mean
            assert shown in text
            assert shown in page
            count += bool(mean)
        assert told['difference'] in text
        assert told['difference'] in page
    assert count == 4 + 3 * 3 + 2  # the paper's; three kinds of A; flips at the end
    for order in made.orders:
        assert order.verdict in text
        assert order.verdict in page
    for one in made.differences:
        assert one.interval in text
        assert one.interval in page.replace('\u2212', '-')


def test_what_a_page_must_not_do(made, tmp_path):
    """It says what a title says, as text; and asks nobody for anything."""
    page = writing.write(made, tmp_path / 'out')[2].read_text()
    assert 'a &amp; small &lt;one&gt;' in page
    assert "default-src 'none'" in page
    assert not re.search(r'(src|href)="(?!data:)', page)


def test_one_run_has_no_interval(tmp_path):
    cells = []
    for name, numbers in (('plain', 0.5), ('good', 0.6)):
        finish(tmp_path / name, (numbers, numbers, numbers, 1))
        cells.append([Cell(50.0, (Planned(name, name),))])
    asked = TABLE._replace(
        columns=TABLE.columns[:1],
        rows=[arm._replace(published=(50.0,)) for arm in TABLE.rows[:2]],
        claims=TABLE.claims[:1],
    )
    made = report.of(asked, cells, tmp_path, command='')
    (one,) = made.differences
    assert (one.ours, one.interval, one.verdict) == (
        '+10.00', '-', 'one pair says nothing'
    )  # fmt: skip
    assert made.rows[0].boxes[0].shown == '50.00'
    assert made.orders[0].tau == ''  # the paper has both alike


def test_rows_of_different_wrong_labels_are_said_to_be(tmp_path):
    finish(tmp_path / 'plain', (0.5, 0.5, 0.5, 1))
    finish(tmp_path / 'good', (0.6, 0.6, 0.6, 1), noise='b' * 64)
    cells = [[Cell(50.0, (Planned(name, name),))] for name in ('plain', 'good')]
    asked = TABLE._replace(
        columns=TABLE.columns[:1],
        rows=[arm._replace(published=(50.0,)) for arm in TABLE.rows[:2]],
        claims=(),
    )
    assert (
        'A: the runs of one seed are not all of the same data'
        in (report.of(asked, cells, tmp_path, command='').head[0])
    )


def test_reasons_are_said_once(tmp_path):
    cells = [
        [Cell(50.0, (), 'data/a is not there'), Cell(UNKNOWN, (), 'no such field')],
        [Cell(50.0, (), 'data/a is not there'), Cell(UNKNOWN, ())],
    ]
    asked = TABLE._replace(rows=TABLE.rows[:2], claims=())
    made = report.of(asked, cells, tmp_path, command='', failed={'x,seed=0': 'NaN'})
    assert made.missing == [
        'A: data/a is not there',
        'B (Plain): no such field',
        'x,seed=0 failed: NaN',
    ]
    assert made.rows[0].boxes[0].state == 'not run'


@pytest.mark.parametrize('scheme', ['light', 'dark'])
@pytest.mark.parametrize('width', [1400, 400])
def test_nothing_is_wider_than_the_window(browser, made, tmp_path, scheme, width):
    path = writing.write(made, tmp_path / 'out')[2]
    context = browser.new_context(
        color_scheme=scheme, viewport={'width': width, 'height': 800}
    )
    tab, asked, said = context.new_page(), [], []
    tab.on('request', lambda request: asked.append(request.url))
    tab.on('console', lambda message: said.append(message.text))
    tab.goto(path.as_uri())
    assert tab.evaluate('document.documentElement.scrollWidth') == width
    ground = tab.evaluate('getComputedStyle(document.body).backgroundColor')
    assert (int(ground[4:].split(',')[0]) > 128) == (scheme == 'light')
    assert 'small <one>' in tab.locator('header').inner_text()
    assert '52.00 ± 1.00' in tab.locator('.numbers b').all_inner_texts()
    assert (asked, said) == ([path.as_uri()], [])
    context.close()
