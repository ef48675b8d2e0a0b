"""The page of a review in a real browser: mouse, keys, choosing, tabs, restarts."""

import json
import time

import pytest

from fer_jax.numerics import kinds
from fer_jax.review import learner
from fer_jax.review.server import Server
from fer_jax.training import loop, setup

sync_api = pytest.importorskip(
    'playwright.sync_api', reason='needs playwright: pip install playwright'
)


@pytest.fixture
def opened(browser, reviewed):
    """opened(**options): (Desk, its page, ready); a second call is a restart."""
    servers, contexts, said = [], [], []

    def open_page(width=1400, scheme='light', learn=False, **options):
        for server in servers:
            server.stop()
        desk = reviewed(**options)
        if learn:
            desk.learner.start()
        servers[:] = [Server(desk)]
        servers[0].start()
        context = browser.new_context(
            color_scheme=scheme, viewport={'width': width, 'height': 900}
        )
        contexts.append(context)
        return desk, another(context)

    def another(context):
        tab = context.new_page()
        tab.on('console', lambda message: said.append(message.text))
        tab.on('pageerror', lambda error: said.append(str(error)))
        tab.goto(servers[0].address)
        tab.wait_for_selector('html[data-ready]', timeout=60_000)
        return tab

    open_page.another, open_page.servers = another, servers
    yield open_page
    for context in contexts:
        context.close()
    for server in servers:
        server.stop()
    ended = ('Failed to load resource', 'net::ERR_CONNECTION')  # a server that was
    assert [line for line in said if not line.startswith(ended)] == []


def tally(tab, text):
    sync_api.expect(tab.locator('#tally')).to_have_text(text)


def saved(desk, acts):
    """Waits until the log has so many acts behind its first line."""
    deadline = time.monotonic() + 20
    while desk.log.count < 1 + acts:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def held(desk):
    return {
        desk._row[one.id]: (one.decision, one.labels) for one in desk.log.decisions()
    }


def test_mouse_keys_undo_and_a_restart(opened, plain, tmp_path):
    """The first seven cards are rows 0, 10, 20, ..., each with another suggestion. What
    is decided is there after a reload and after the server was killed; a run learns
    from the file."""
    desk, tab = opened()
    cards = tab.locator('.card')
    assert cards.count() == 24
    assert cards.nth(1).get_attribute('data-row') == '10'
    cards.nth(0).locator('button.keep').click()
    cards.nth(1).focus()
    for key in ('r', 'a', 'd', 'ArrowLeft', 'u'):  # the last one takes back the drop
        tab.keyboard.press(key)
    saved(desk, 5)
    tally(tab, '3 decisions: 1 keep, 1 relabel, 1 ambiguous, 0 drop')
    suggested, given = desk.subject.suggested, desk.subject.given
    wanted = {
        0: ('keep', ()),
        10: ('relabel', (suggested[10],)),
        20: ('ambiguous', (given[20], suggested[20])),
    }
    assert held(desk) == wanted
    tab.keyboard.press('z')
    tab.keyboard.press('z')
    saved(desk, 7)
    sync_api.expect(tab.locator('#said')).to_contain_text('Undone: drop')
    tab.keyboard.press('Shift+Z')
    tab.keyboard.press('Shift+Z')
    saved(desk, 9)
    sync_api.expect(tab.locator('#said')).to_contain_text('Done again: forget')
    tally(tab, '3 decisions: 1 keep, 1 relabel, 1 ambiguous, 0 drop')
    other = next(i for i in range(7) if i not in (given[20], suggested[20]))
    cards.nth(2).locator('.pickers select').nth(1).select_option(str(other))
    saved(desk, 10)
    tab.reload()
    tab.wait_for_selector('html[data-ready]')
    tally(tab, '3 decisions: 1 keep, 1 relabel, 1 ambiguous, 0 drop')
    assert cards.nth(0).get_attribute('data-row') == '30'  # of the undecided
    tab.select_option('#state', 'decided')
    sync_api.expect(cards).to_have_count(3)
    assert cards.nth(0).get_attribute('data-decision') == 'keep'

    desk, tab = opened()
    wanted[20] = ('ambiguous', (given[20], other))
    assert held(desk) == wanted
    tab.locator('.card').nth(0).focus()
    tab.keyboard.press('d')
    tally(tab, '4 decisions: 1 keep, 1 relabel, 1 ambiguous, 1 drop')
    with tab.expect_download() as waiting:
        tab.click('#download')
    waiting.value.save_as(tmp_path / 'saved.csv')
    plain.noise.rate = 0.0
    plain.noise.corrections = str(tmp_path / 'saved.csv')
    run = setup.prepare(plain, tmp_path / 'run')
    # two classes fit the third: its label is one of them, and stays
    assert run.corrections == {'changed': 1, 'dropped': 1, 'kept': 2}
    assert loop.train(run)['corrections'] == run.corrections


def test_choosing_many(opened):
    """Three by a range, one by Control, then a class for all; then a whole page."""
    desk, tab = opened()
    cards = tab.locator('.card')
    cards.nth(0).click(modifiers=['Control'], position={'x': 150, 'y': 60})
    cards.nth(2).click(modifiers=['Shift'], position={'x': 150, 'y': 60})
    cards.nth(4).locator('.pick').check()
    assert tab.inner_text('#selection [aria-live]') == '4 chosen'
    tab.select_option('#to', label=desk.subject.names[6])
    tab.click('#selection button.relabel')
    tally(tab, '4 decisions: 0 keep, 4 relabel, 0 ambiguous, 0 drop')
    assert held(desk) == dict.fromkeys((0, 10, 20, 40), ('relabel', (6,)))
    assert tab.locator('#selection').is_hidden()
    tab.click('#all')
    tab.keyboard.press('k')
    tally(tab, '24 decisions: 24 keep, 0 relabel, 0 ambiguous, 0 drop')
    assert desk.log.count == 3  # one act for all
    tab.click('#undo')
    tally(tab, '4 decisions: 0 keep, 4 relabel, 0 ambiguous, 0 drop')


def test_two_tabs_lose_nothing(opened):
    """What one tab decides is seen in the other; what both decide at once is said."""
    desk, first = opened()
    second = opened.another(first.context)
    first.locator('.card').nth(0).focus()
    first.keyboard.press('d')
    tally(second, '1 decision: 0 keep, 0 relabel, 0 ambiguous, 1 drop')
    assert second.locator('.card').nth(0).get_attribute('data-decision') == 'drop'
    # the second does not hear of the next one before it decides otherwise
    second.route('**/news', lambda route: route.abort())
    first.keyboard.press('k')
    tally(first, '2 decisions: 1 keep, 0 relabel, 0 ambiguous, 1 drop')
    second.locator('.card').nth(1).focus()
    second.keyboard.press('d')
    sync_api.expect(second.locator('#said')).to_contain_text('another tab')
    sync_api.expect(second.locator('.card').nth(1)).to_have_attribute(
        'data-decision', 'keep'
    )
    assert held(desk) == {0: ('drop', ()), 10: ('keep', ())}


def test_a_server_that_has_ended_is_said(opened):
    desk, tab = opened()
    opened.servers[0].stop()
    tab.locator('.card').nth(0).focus()
    tab.keyboard.press('d')
    sync_api.expect(tab.locator('#said')).to_contain_text('The server has ended')
    assert tab.locator('.card').nth(0).get_attribute('data-decision') == ''
    assert held(desk) == {}


def test_blind_and_a_sample(opened):
    """No suggestion, chance or kind is on the page until a label is decided."""
    desk, tab = opened(sample=30)
    names = desk.subject.names
    assert tab.is_checked('#blind')
    row = int(tab.locator('.card').nth(0).get_attribute('data-row'))
    assert row == desk.sample[0]
    assert tab.locator('.card .odds').count() == 0
    assert tab.locator('.card .arrow').count() == 0
    assert tab.locator('#suggested').is_hidden()
    card = tab.locator('.card').nth(0)
    card.locator('text=alike').click()
    sync_api.expect(tab.locator('#said')).to_contain_text('Decide first')
    card.locator('button.relabel').click()
    wrong = int(desk.subject.given[row] + 1) % 7
    card.locator('.pickers select').select_option(label=names[wrong])
    tally(tab, '1 decision: 0 keep, 1 relabel, 0 ambiguous, 0 drop')
    sync_api.expect(card.locator('.odds')).to_have_count(1)
    assert desk.log.decision_of(desk.subject.ids[row]).sample
    sync_api.expect(tab.locator('#rate')).to_contain_text('1 are wrong: 100.0')
    tab.click('text=the labels most doubted')
    sync_api.expect(tab.locator('#found')).to_contain_text('69 labels')
    assert not tab.is_checked('#blind')
    sync_api.expect(tab.locator('.card').nth(0)).to_have_attribute('data-row', '0')
    tab.locator('.card').nth(0).focus()
    tab.keyboard.press('k')
    tally(tab, '2 decisions: 1 keep, 1 relabel, 0 ambiguous, 0 drop')
    assert [one.sample for one in desk.log.decisions()] == [True, False]


def drag_around(tab, canvas):
    """Draws a line around all that a canvas shows.

    From the middle of an edge on, for bars may lie over the upper and the lower one.
    """
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    left, right = box['x'] + 1, box['x'] + box['width'] - 2
    top, bottom = box['y'] + 1, box['y'] + box['height'] - 2
    tab.mouse.move(left, (top + bottom) / 2)
    tab.mouse.down()
    for x, y in ((left, top), (right, top), (right, bottom), (left, bottom)):
        tab.mouse.move(x, y)
    tab.mouse.up()


def test_the_map_the_alike_and_the_new_order(opened, monkeypatch):
    """Dragging around everything chooses everything. After decisions a line says what
    changed; the cards stay until somebody asks for the next ones."""
    monkeypatch.setattr(learner, 'EVERY', 3)
    desk, tab = opened(learn=True)
    over = tab.locator('#plane .over')
    over.wait_for(state='visible', timeout=120_000)
    kind = desk.listed(tab_rule())['kinds'][kinds.KINDS.index('wrong')][0]
    chip = tab.locator(f'[data-kind="{kinds.KINDS.index("wrong")}"]')
    sync_api.expect(chip).to_have_text(f'wrong {kind}')
    drag_around(tab, over)
    sync_api.expect(tab.locator('#chosen')).not_to_have_text('0')
    places = desk.learner.ground.plane
    inside = ((places > 200) & (places < 65_300)).all(axis=1).sum()
    assert inside <= int(tab.inner_text('#chosen')) <= 70
    tab.keyboard.press('Escape')
    card = tab.locator('.card').nth(0)
    card.focus()
    tab.keyboard.press('n')
    sync_api.expect(card.locator('.alike img')).to_have_count(12)
    before = tab.locator('.card').evaluate_all(
        '(all) => all.map((one) => one.dataset.row)'
    )
    for _ in range(3):
        tab.keyboard.press('k')
    said = tab.locator('#said')
    sync_api.expect(said).to_contain_text(
        'Ranked again after 3 decisions:', timeout=60_000
    )
    after = tab.locator('.card').evaluate_all(
        '(all) => all.map((one) => one.dataset.row)'
    )
    assert after == before
    tab.click('#next')
    sync_api.expect(tab.locator('#where')).to_contain_text('1 to 24 of 67')


def tab_rule():
    from fer_jax.review.desk import Rule

    return Rule(-1, -1, -1, 1.0, '', 'undecided', False, None)


@pytest.mark.parametrize(('width', 'scheme'), [(1400, 'light'), (400, 'dark')])
def test_nothing_is_wider_than_the_window(opened, width, scheme):
    _, tab = opened(width=width, scheme=scheme)
    tab.locator('.card .pick').nth(0).check()
    assert tab.evaluate('document.documentElement.scrollWidth') == width
    ground = tab.evaluate('getComputedStyle(document.body).backgroundColor')
    assert (int(ground[4:].split(',')[0]) > 128) == (scheme == 'light')
    assert tab.evaluate('[...document.images].every((one) => one.alt !== null)')
    names = tab.evaluate(
        """[...document.querySelectorAll('button, select, input')].filter((one) =>
        one.offsetParent && !one.textContent.trim() && !one.ariaLabel &&
        !one.labels?.length).length"""
    )
    assert names == 0
    assert json.loads(tab.evaluate('JSON.stringify(Object.keys(localStorage))')) == []
