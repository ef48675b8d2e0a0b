"""The served page: who is let in, what is refused, and that nothing breaks it."""

import http.client
import json
import re
import socket
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fer_jax.review import page
from fer_jax.review.server import MOST_BYTES, Server, policy


@pytest.fixture
def served(reviewed):
    """A Server of a desk, and a function that asks it: ask(path, body, **headers)."""
    desk = reviewed()
    server = Server(desk)
    server.start()

    def ask(path, body=None, method=None, **headers):
        connection = http.client.HTTPConnection('127.0.0.1', server.port, timeout=20)
        own = {'Origin': f'http://127.0.0.1:{server.port}'} if body is not None else {}
        body = json.dumps(body) if isinstance(body, dict | list) else body
        sent = own | {name.replace('_', '-'): v for name, v in headers.items()}
        sent = {name: value for name, value in sent.items() if value is not None}
        method = method or ('GET' if body is None else 'POST')
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        found = answer.status, answer.read(), answer.headers
        connection.close()
        return found

    yield server, desk, ask
    server.stop()


ACT = {'rows': [1], 'decision': 'keep', 'labels': [], 'seen': 1, 'sample': False}


def test_the_page_asks_its_own_server_alone(served):
    server, _, ask = served
    status, body, headers = ask(f'/{server.token}/')
    assert status == 200
    rules = headers['Content-Security-Policy']
    assert rules.startswith("default-src 'none'; script-src 'sha256-")
    assert 'unsafe' not in rules.split('style-src')[0]
    assert "connect-src 'self'" in rules
    assert "frame-ancestors 'none'" in rules
    assert headers['Cache-Control'] == 'no-store'
    assert headers['Referrer-Policy'] == 'no-referrer'
    assert 'access-control-allow-origin' not in headers
    text = body.decode()
    assert '://' not in text.replace('http://www.w3.org/2000/svg', '')
    assert len(page.scripts(text)) == 1
    evil = page.render('</title><script>alert(1)</script>')
    assert policy(evil) == policy(text)  # the name of a folder adds no script
    assert len(page.scripts(evil)) == 1


def test_faces(served):
    server, _, ask = served
    status, body, headers = ask(f'/{server.token}/face/7')
    assert (status, headers['Content-Type']) == (200, 'image/png')
    assert body.startswith(b'\x89PNG')
    for word in ('70', '-1', '1e1', '99999999999999999999', '%D9%A1', '..', '1/2', ''):
        assert ask(f'/{server.token}/face/{word}')[0] == 404


def test_an_act_and_the_file(served):
    server, desk, ask = served
    status, body, _ = ask(f'/{server.token}/act', ACT)
    assert status == 200
    assert json.loads(body)['counts']['keep'] == 1
    status, body, _ = ask(f'/{server.token}/act', ACT | {'decision': 'drop'})
    assert status == 409
    assert json.loads(body)['changes'][0][1]['decision'] == 'keep'
    status, body, headers = ask(f'/{server.token}/decisions.csv')
    assert body.decode() == desk.log.csv()
    assert headers['Content-Disposition'] == 'attachment; filename="decisions.csv"'


def test_the_file_is_not_of_half_an_act(served):
    """It is put together when nobody changes the log."""
    server, desk, ask = served
    answers = []
    path = f'/{server.token}/decisions.csv'
    asking = threading.Thread(target=lambda: answers.append(ask(path)))
    with desk._lock:  # as an act under way
        asking.start()
        asking.join(0.5)
        assert not answers
    asking.join(20)
    assert answers[0][0] == 200


def test_who_is_refused(served, tmp_path):
    """403 and not a byte in the log, whatever is asked."""
    server, _, ask = served
    before = (tmp_path / 'log.jsonl').read_bytes()
    good, port = server.token, server.port
    refused = [
        (f'/{good[:-1]}/act', {}),
        (f'/{good}x/act', {}),
        (f'/{good.lower()}/act', {}),
        ('/', {}),
        ('//act', {}),
        ('/%F0%9F%98%80/act', {}),
        (f'/{good}/act', {'Host': 'evil.example'}),
        (f'/{good}/act', {'Host': f'evil.example:{port}'}),
        (f'/{good}/act', {'Host': f'127.0.0.1:{port + 1}'}),
        (f'/{good}/act', {'Host': f'127.0.0.1.evil.example:{port}'}),
        (f'/{good}/act', {'Origin': 'http://evil.example'}),
        (f'/{good}/act', {'Origin': 'null'}),
        (f'/{good}/act', {'Origin': f'https://127.0.0.1:{port}'}),
        (f'/{good}/act', {'Origin': f'http://localhost:{port}'}),  # not the host asked
        (f'/{good}/act', {'Origin': None}),
        (f'/{good}/act', {'Sec_Fetch_Site': 'cross-site'}),
    ]
    for path, headers in refused:
        status, body, _ = ask(path, ACT, **headers)
        assert status == 403, (path, headers)
        assert good.encode() not in body
    assert ask(f'/{good[:-1]}/')[0] == 403
    assert ask(f'/{good}/', Sec_Fetch_Site='cross-site')[0] == 403
    assert ask(f'/{good}')[0] == 403  # nor is it sent on to where it would be right
    assert (tmp_path / 'log.jsonl').read_bytes() == before
    local = {'Host': f'localhost:{port}', 'Origin': f'http://localhost:{port}'}
    assert ask(f'/{good}/act', ACT, **local)[0] == 200


def test_it_listens_to_this_machine_alone(served):
    server, _, _ = served
    with pytest.raises(ConnectionRefusedError):  # as from another machine
        socket.create_connection(('127.0.0.2', server.port), 2)
    assert server.address.startswith(f'http://127.0.0.1:{server.port}/')
    assert len(server.token) >= 32


@pytest.mark.parametrize(
    ('name', 'body', 'status', 'said'),
    [
        ('act', b'{', 400, 'no whole JSON'),
        ('act', b'\xff\xfe', 400, 'no'),
        ('act', b'', 400, 'no whole JSON'),
        ('act', b'[' * 100_000, 400, 'nested too deep'),
        ('act', ACT | {'rows': []}, 400, 'rows a list of 0'),
        ('act', ACT | {'rows': [70]}, 400, 'wanted a whole number from 0 to 69'),
        ('act', ACT | {'rows': [-1]}, 400, 'wanted a whole number'),
        ('act', ACT | {'rows': [1, 1]}, 400, 'different'),
        ('act', ACT | {'rows': [True]}, 400, 'wanted a whole number'),
        ('act', ACT | {'rows': '1'}, 400, 'wanted a list'),
        ('act', ACT | {'decision': '<script>'}, 400, 'wanted one of keep'),
        ('act', ACT | {'labels': [3]}, 400, 'keep names 0 classes'),
        ('act', ACT | {'decision': 'relabel', 'labels': [7]}, 400, 'from 0 to 6'),
        ('act', ACT | {'seen': 1.5}, 400, 'wanted a whole number'),
        ('list', {}, 400, 'given is missing'),
        ('cards', {'rows': [0] * 201}, 400, 'a list of 201'),
        ('alike', {'row': 0}, 400, 'not yet known: preparing'),
        ('nothing', {}, 404, 'no such question'),
        ('act', b' ' * (MOST_BYTES + 1), 413, 'more than'),
    ],
)
def test_what_cannot_be_asked(served, tmp_path, name, body, status, said):
    server, _, ask = served
    before = (tmp_path / 'log.jsonl').read_bytes()
    found, answer, _ = ask(f'/{server.token}/{name}', body)
    assert found == status
    assert said in json.loads(answer)['said']
    assert '\n' not in json.loads(answer)['said']
    assert (tmp_path / 'log.jsonl').read_bytes() == before


def test_a_full_disk_is_said(served, monkeypatch):
    """Nothing is decided, and the next act is as if nothing had been."""
    server, desk, ask = served
    with monkeypatch.context() as patch:
        patch.setattr(
            'os.fsync', lambda _: (_ for _ in ()).throw(OSError(28, 'No space left'))
        )
        status, body, _ = ask(f'/{server.token}/act', ACT)
    assert status == 507
    assert 'No space left' in json.loads(body)['said']
    assert desk.log.decisions() == []
    assert ask(f'/{server.token}/act', ACT)[0] == 200
    assert desk.log.path.read_bytes().count(b'\n') == 2


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([*ACT, 'row', 'given', 'state', 'x']), inner)
    ),
    max_leaves=8,
)
BODIES = st.one_of(
    st.binary(max_size=60),
    VALUES.map(lambda value: json.dumps(value).encode()),
    st.fixed_dictionaries({name: VALUES for name in ACT}).map(
        lambda value: json.dumps(value).encode()
    ),
)
NAMES = st.sampled_from(
    ['act', 'undo', 'redo', 'list', 'cards', 'alike', 'news', 'map']
)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    path=NAMES | st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126)),
    body=BODIES,
    method=st.sampled_from(['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD']),
)
def test_fuzzed_requests(served, tmp_path, path, body, method):
    """Refused, or an act in its log; no other file, and the server lives."""
    server, desk, ask = served
    before = desk.log.count
    path = re.sub(r'[\s\x7f]', '', path)
    status, _, _ = ask(f'/{server.token}/{path}', body, method=method)
    assert status in (200, 400, 404, 405, 409, 413)
    assert desk.log.count == before or (
        status == 200 and path in ('act', 'undo', 'redo')
    )
    assert {one.name for one in tmp_path.iterdir()} <= {'log.jsonl', 'decisions.csv'}
    assert server.alive


def test_raw_nonsense(served):
    server, _, ask = served
    nonsense = (
        b'\x00\x01\x02\r\n\r\n',
        b'GET / HTTP/1.1\r\nHost\r\n\r\n',
        b'POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n',
        b'A' * 200_000,
    )
    for data in nonsense:
        with socket.create_connection(('127.0.0.1', server.port), 5) as line:
            try:
                line.sendall(data)
                assert line.recv(1000)[:12] in (b'HTTP/1.1 400', b'')
            except ConnectionError:
                pass
    assert ask(f'/{server.token}/')[0] == 200
