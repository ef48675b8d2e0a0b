"""The page of a review in Firefox: decide by mouse and keys, reload, kill, go on."""

import time

import pytest

from fer_jax.review.server import Server


@pytest.fixture
def served(reviewed):
    """served(): (Desk, address of its page); a second call is a restart."""
    servers = []

    def serve():
        for server in servers:
            server.stop()
        desk = reviewed()
        servers[:] = [Server(desk)]
        servers[0].start()
        return desk, servers[0].address

    yield serve
    for server in servers:
        server.stop()


def until(holds):
    """Waits until holds() does."""
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


TALLY = "document.querySelector('#tally').innerText"
BUTTON = "document.querySelectorAll('.card')[0].querySelector('button.keep').click()"
SECOND = "document.querySelectorAll('.card')[1].focus()"


def test_firefox_decides_and_goes_on_after_a_restart(firefox, served):
    """The first cards are rows 0, 10, 20, whose suggestion is the next class."""
    desk, address = served()
    firefox.open(address)
    firefox.run(BUTTON)
    firefox.run(SECOND)
    firefox.press('rad')
    until(lambda: desk.log.count == 1 + 4)  # behind its first line
    wanted = '4 decisions: 1 keep, 1 relabel, 1 ambiguous, 1 drop'
    until(lambda: firefox.run(TALLY) == wanted)
    firefox.press('z')  # undoes the last act
    until(lambda: desk.log.count == 1 + 5)

    desk, address = served()
    firefox.open(address)
    until(lambda: firefox.run(TALLY).startswith('3 decisions: 1 keep, 1 relabel, 1'))
    ids, suggested = desk.subject.ids.tolist(), desk.subject.suggested
    given = desk.subject.given
    found = {one.id: (one.decision, one.labels) for one in desk.log.decisions()}
    assert found == {
        ids[0]: ('keep', ()),
        ids[10]: ('relabel', (suggested[10],)),
        ids[20]: ('ambiguous', (given[20], suggested[20])),
    }
    assert [line for line in firefox.said if 'NetworkError' not in line] == []
