"""The page of an audit in a real browser, opened from a file without a network."""

import pathlib
from dataclasses import replace

import numpy as np
import pytest

from fer_jax.analysis import audit, calibration, cases, opinions, page, runs, signals
from fer_jax.data import corrections
from fer_jax.numerics import flips
from fer_jax.training import loop, setup

MANY = 300_000
sync_api = pytest.importorskip(
    'playwright.sync_api', reason='needs playwright: pip install playwright'
)


@pytest.fixture
def opened(browser):
    """opened(path, **context): the page, ready; fails on anything the browser says."""
    said, contexts = [], []

    def open_page(path, **settings):
        context = browser.new_context(offline=True, **settings)
        contexts.append(context)
        tab = context.new_page()
        tab.on('console', lambda message: said.append(message.text))
        tab.on('pageerror', lambda error: said.append(str(error)))
        tab.on('request', lambda request: said.append(request.url[:40]))
        tab.goto(path.as_uri())
        tab.wait_for_selector('html[data-ready]', timeout=60_000)
        return tab

    yield open_page
    for context in contexts:
        context.close()
    own = ('file:', 'blob:', 'data:')
    assert [line for line in said if not line.startswith(own)] == []


@pytest.fixture
def path(made):
    """audit.html of the run of conftest."""
    case = cases.read(made)
    return case.save(made)[0]


@pytest.fixture(scope='module')
def large():
    """A Case of MANY labels without pictures, drawn."""
    draws = np.random.default_rng(0)
    count, names = MANY, tuple(['anger', 'disgust', 'fear', 'happiness', 'sadness'])
    block = {'last': 0.5, 'last5': 0.5, 'best_on_test': 0.5, 'best_epoch': 1}
    result = block | {
        'balanced_accuracy': 0.5,
        'macro_f1': 0.5,
        'method': 'baseline',
        'answer': '1',
        'signal': {'name': 'log_odds', 'rising': True, 'augmented': True},
        'recalls': dict.fromkeys(names, 0.5),
        'confusion': np.eye(5, dtype=int).tolist(),
        'test_examples': 5,
        'dataset_digest': '',
        'noise_list_sha256': None,
        'fer_jax': '0',
        'config': {
            'algorithm': {'name': 'baseline'},
            'data': {'name': 'folder', 'dir': 'data', 'image_size_px': 48},
            'model': {'backbone': 'cnn7', 'width': 4},
            'noise': {'kind': 'symmetric', 'rate': 0.0, 'seed': 0},
        },
    }
    given = draws.integers(0, 5, count)
    right = draws.beta(2, 0.5, count)
    clean = np.where(draws.random(count) < right, given, (given + 1) % 5)
    scores = draws.normal(size=(2, 1, count)).astype(np.float32)
    rows = [{'epoch': epoch, 'test/accuracy': 0.5} for epoch in (1, 2)]
    return cases.Case(
        run=runs.FinishedRun(pathlib.Path('large'), result, rows, None, None, scores),
        name='large',
        class_names=names,
        ids=np.array([f'images/{i:06d}.jpg' for i in draws.permutation(count)]),
        given=given,
        suggested=draws.integers(0, 5, count),
        final=given,
        clean_labels=clean,
        networks=right[None],
        trust=right,
        right=right,
        rate=calibration.rate_of_run(rows, 5),
        evidence=None,
        tables=np.stack([given] * 2),
        flips=flips.begin(given, 5),
        judged=signals.Judgement('log_odds', True, None),
        scale=opinions.SCALES['log_odds'],
        data='There are no pictures.',
    )


def texts(tab, selector):
    return tab.locator(selector).all_inner_texts()


def test_every_section_is_there(opened, path):
    tab = opened(path)
    assert texts(tab, 'h2') == [
        'Summary',
        'Suspicious labels',
        'Noise',
        'By epoch',
        'Relabelling',
        'Networks',
    ]
    assert tab.locator('#cards .card').count() == 6
    # every picture and every drawing says what it is
    assert tab.evaluate('[...document.images].every((one) => one.alt !== null)')
    assert tab.evaluate(
        """[...document.querySelectorAll('figure svg')].every((one) =>
          one.querySelector('title').textContent && one.querySelector('desc'))"""
    )
    assert '://' not in path.read_text().replace('http://www.w3.org/2000/svg', '')


def test_filters(opened, path):
    tab = opened(path)
    tab.select_option('#given', label='anger')
    assert tab.inner_text('#found') == '2 labels'
    tab.select_option('#suggested', index=2)
    shown = texts(tab, '#cards .labels')
    assert len(shown) == 1
    assert '→' in shown[0]
    tab.click('text=Reset')
    assert tab.inner_text('#found') == '6 labels'
    first = tab.locator('.card').first.get_attribute('data-id')
    tab.fill('#text', first)
    sync_api.expect(tab.locator('#found')).to_have_text('1 label')


def test_truth_is_shown_when_asked_for(opened, path):
    """Of the run's 6 labels 2 are wrong, 3 right and 1 is not known."""
    tab = opened(path)
    assert 'Known to be wrong' not in tab.inner_text('body')
    tab.check('#truth')
    said = 'Known to be wrong: 2 of the 5 among them whose clean label is known.'
    assert said in tab.inner_text('body')
    assert texts(tab, '#epochs .legend li')[:3] == ['right', 'wrong', 'unknown']


def test_decisions_by_keyboard(opened, path, config, tmp_path):
    """k, r, d and a on the first four cards; the second one's is taken back, then it
    gets the fourth class. The next run learns from what is downloaded."""
    tab = opened(path)
    ids = [card.get_attribute('data-id') for card in tab.locator('.card').all()]
    tab.locator('.card').first.focus()
    for key in ('k', 'r', 'd', 'a', *['ArrowLeft'] * 3, 'u', '4'):
        tab.keyboard.press(key)
    assert tab.inner_text('#tally') == (
        '4 decisions: 1 keep, 1 relabel, 1 ambiguous, 1 drop'
    )
    with tab.expect_download() as waiting:
        tab.click('#download')
    assert waiting.value.suggested_filename == 'decisions.csv'
    waiting.value.save_as(tmp_path / 'decisions.csv')
    tab.reload()
    tab.wait_for_selector('html[data-ready]')
    assert tab.inner_text('#tally').startswith('4 decisions')  # the browser kept them

    assert f'{ids[0]},keep,,' in (tmp_path / 'decisions.csv').read_text().split()
    before, after = tmp_path / 'before', tmp_path / 'after'
    loop.train(setup.prepare(config, before))
    config.noise.corrections = str(tmp_path / 'decisions.csv')
    loop.train(setup.prepare(config, after))
    found = (runs.read(workdir).labels for workdir in (before, after))
    before, after = (dict(zip(each.ids.tolist(), each.given)) for each in found)
    assert after.pop(ids[1]) == 3
    del before[ids[1]], before[ids[2]]
    assert after == before


def test_ambiguous_names_the_given_label_and_another_class(opened, made, tmp_path):
    """The list takes another class beside the given one, which it does not offer."""
    case = cases.read(made)
    tab = opened(case.save(made)[0])
    rows = case.order[:2]
    first, second = tab.locator('.card').all()[:2]
    first.locator('button.ambiguous').click()
    second.locator('button.ambiguous').click()
    picker = second.locator('select')
    given = case.class_names[case.given[rows[1]]]
    offered = picker.locator('option:not([disabled])').all_inner_texts()
    assert sorted([*offered, given]) == sorted(case.class_names)
    picker.select_option(offered[-1])
    assert tab.inner_text('#tally').startswith('2 decisions: 0 keep, 0 relabel, 2')
    with tab.expect_download() as waiting:
        tab.click('#download')
    path = tmp_path / 'decisions.csv'
    waiting.value.save_as(path)
    found = corrections.load(path, case.ids, case.class_names).either
    assert found[rows[0]].tolist()[0] == case.given[rows[0]]
    if case.suggested[rows[0]] != case.given[rows[0]]:
        assert found[rows[0]].tolist()[1] == case.suggested[rows[0]]
    wanted = [case.given[rows[1]], case.class_names.index(offered[-1])]
    assert found[rows[1]].tolist() == wanted
    first.locator('button.ambiguous').click()  # again: it is taken back
    assert tab.inner_text('#tally').startswith('1 decision: 0 keep')


ODD = ('a\nb', 'c\rd', 'e,"f', ' g ', '\ufeffh', 'i\u2028\x85\tj')


def test_decisions_of_odd_ids_go_to_the_right_pictures(opened, made, tmp_path):
    """Every other label is dropped, by the id that its card bears."""
    case = replace(cases.read(made), ids=np.array(ODD), data='no pictures')
    path = case.save(made)[0]
    tab = opened(path)
    cards = tab.locator('.card').all()
    assert [card.get_attribute('data-id') for card in cards] == [
        ODD[row] for row in case.order
    ]
    for card in cards[::2]:
        card.focus()
        tab.keyboard.press('d')
    with tab.expect_download() as waiting:
        tab.click('#download')
    waiting.value.save_as(tmp_path / 'decisions.csv')
    found = corrections.load(tmp_path / 'decisions.csv', case.ids, case.class_names)
    assert found.dropped.nonzero()[0].tolist() == sorted(case.order[::2])
    assert (found.labels == -1).all()


@pytest.mark.parametrize('scheme', ['light', 'dark'])
@pytest.mark.parametrize('width', [1400, 400])
def test_nothing_is_wider_than_the_window(opened, path, scheme, width):
    tab = opened(path, color_scheme=scheme, viewport={'width': width, 'height': 800})
    assert tab.evaluate('document.documentElement.scrollWidth') == width
    ground = tab.evaluate('getComputedStyle(document.body).backgroundColor')
    assert (int(ground[4:].split(',')[0]) > 128) == (scheme == 'light')


def test_three_hundred_thousand_rows(opened, large, tmp_path):
    """On a quiet machine the page is ready in 1.6 s; the bound is for a busy one."""
    path = tmp_path / 'large.html'
    path.write_text(page.render('large', audit.gather(large, which=None)))
    assert path.stat().st_size < 8e6
    tab = opened(path)
    assert float(tab.get_attribute('html', 'data-ready')) < 10_000
    assert tab.inner_text('#found') == '300,000 labels'
    tab.click('#next')
    assert tab.inner_text('#where') == '25 to 48 of 300,000'
    table = tab.locator('#table')
    table.evaluate('(node) => { node.scrollTop = node.scrollHeight; }')
    last = table.locator('.space tr').last.locator('td').first
    sync_api.expect(last).to_have_text('300,000')
    assert tab.locator('#table tr').count() < 40
    tab.locator('#table .space tr').nth(3).click()
    assert tab.evaluate('document.activeElement.dataset.row').startswith('2999')
