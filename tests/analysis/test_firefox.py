"""The page of an audit in Firefox, driven by WebDriver BiDi, which Firefox speaks.

Playwright, which drives Chromium in test_page, drives patched builds of Firefox only.
"""

import itertools
import json
import re
import subprocess

import pytest

from fer_jax.analysis import cases
from tests import browsers

client = pytest.importorskip(
    'websockets.sync.client', reason='needs websockets: pip install websockets'
)


class Firefox:
    """One tab of a Firefox without a window; `said` is what it logged."""

    def __init__(self, socket):
        self.socket = socket
        self.numbers = itertools.count()
        self.said = []
        self.send('session.new', capabilities={})
        self.send('session.subscribe', events=['log.entryAdded'])
        tree = self.send('browsingContext.getTree')
        self.tab = tree['contexts'][0]['context']

    def send(self, method, **params):
        """The result of a command; events that come before it are kept."""
        number = next(self.numbers)
        command = {'id': number, 'method': method, 'params': params}
        self.socket.send(json.dumps(command))
        while True:
            answer = json.loads(self.socket.recv(timeout=60))
            if answer.get('id') == number:
                assert answer['type'] == 'success', answer
                return answer['result']
            if answer.get('method') == 'log.entryAdded':
                self.said.append(answer['params']['text'])

    def open(self, path):
        """Goes to a file and waits until the page says that it is ready."""
        self.send(
            'browsingContext.navigate',
            context=self.tab,
            url=path.as_uri(),
            wait='complete',
        )
        self.run(
            """new Promise((done) => {
              const look = () => document.documentElement.dataset.ready
                ? done() : setTimeout(look, 20);
              look();
            })"""
        )

    def run(self, expression):
        """The string, number or nothing that a JavaScript expression gives."""
        found = self.send(
            'script.evaluate',
            expression=expression,
            target={'context': self.tab},
            awaitPromise=True,
        )
        assert found['type'] == 'success', found
        return found['result'].get('value')

    def press(self, keys):
        """Types on the keyboard."""
        actions = [
            {'type': kind, 'value': key}
            for key in keys
            for kind in ('keyDown', 'keyUp')
        ]
        typed = {'type': 'key', 'id': 'keyboard', 'actions': actions}
        self.send('input.performActions', context=self.tab, actions=[typed])


@pytest.fixture
def firefox(tmp_path):
    """A Firefox with a fresh profile."""
    path = browsers.find('firefox', 'firefox-esr')
    profile = tmp_path / 'profile'
    profile.mkdir()
    command = [path, '--headless', '--no-remote', '--profile', str(profile)]
    with subprocess.Popen(
        [*command, '--remote-debugging-port=0'], stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            listening = re.compile(r'BiDi listening on ws://127\.0\.0\.1:(\d+)')
            found = filter(None, map(listening.search, process.stderr))
            address = f'ws://127.0.0.1:{next(found)[1]}/session'
            with client.connect(address, max_size=None) as socket:
                yield Firefox(socket)
        finally:
            process.terminate()


def test_firefox_opens_filters_and_decides(firefox, made):
    case = cases.read(made)
    firefox.open(case.save(made)[0])
    sections = firefox.run("document.querySelectorAll('section').length")
    assert sections == 6
    found = "document.querySelector('#found').innerText"
    assert firefox.run(found) == '6 labels'
    firefox.run("document.querySelector('.card').focus()")
    firefox.press('kr')
    tally = firefox.run("document.querySelector('#tally').innerText")
    assert tally == '2 decisions: 1 keep, 1 relabel, 0 ambiguous, 0 drop'
    firefox.run(
        """(() => {
          const given = document.querySelector('#given');
          given.selectedIndex = 1;
          given.dispatchEvent(new Event('change', {bubbles: true}));
        })()"""
    )
    assert firefox.run(found) == '2 labels'
    assert firefox.said == []
