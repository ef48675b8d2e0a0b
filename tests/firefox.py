"""A Firefox driven by WebDriver BiDi, which Firefox speaks.

Playwright, which drives Chromium in these tests, drives patched builds of Firefox only.
"""

import contextlib
import itertools
import json
import re
import subprocess

import pytest

from tests import browsers


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

    def open(self, address):
        """Goes to a page and waits until it says that it is ready."""
        self.send(
            'browsingContext.navigate',
            context=self.tab,
            url=address,
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


@contextlib.contextmanager
def started(profile):
    """Yields a Firefox with a fresh profile in a new folder; skips without one."""
    client = pytest.importorskip(
        'websockets.sync.client', reason='needs websockets: pip install websockets'
    )
    path = browsers.find('firefox', 'firefox-esr')
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
