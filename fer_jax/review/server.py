"""The page of a review, served to this machine and to who knows its address.

The address has a token, drawn at each start. Refused with 403, before anything is read:
another token, another host in the request than the one that was bound (a name that
somebody turned to 127.0.0.1), another origin (a page of another site). What is asked is
held against a schema, and larger bodies than MOST_BYTES are not read. Nothing that is
answered may be kept by a browser, and the page may load nothing from elsewhere.
"""

import base64
import functools
import hashlib
import secrets
import socket
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fer_jax.analysis import page as pages
from fer_jax.data import documents
from fer_jax.data.corrections import DECISIONS
from fer_jax.data.documents import (
    NOTHING,
    TRUTH,
    checked,
    either,
    fields,
    number,
    one_of,
    sequence,
    whole_number,
)
from fer_jax.data.quoting import printable
from fer_jax.errors import Unusable
from fer_jax.numerics import kinds
from fer_jax.review import page
from fer_jax.review.desk import STATES, Desk, Refused, Rule
from fer_jax.review.log import FORGET, MOST

HOST = '127.0.0.1'
MOST_BYTES = 1 << 18  # of a body: MOST rows of seven digits
CARDS = 200  # of one answer
LONGEST = 200  # characters of a text that is looked for
WAIT_S = 3  # for answers under way when the server is to end
HEADERS = {
    'Cache-Control': 'no-store',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Cross-Origin-Opener-Policy': 'same-origin',
}
REMEDY = 'reload the page'
Scope: TypeAlias = MutableMapping[str, Any]
Messages: TypeAlias = Callable[..., Awaitable[Any]]


def questions(desk: Desk) -> dict[str, tuple[documents.Kind, Callable]]:
    """{name: (what a body has to be, what answers it)}."""
    count, classes = len(desk.subject.ids), len(desk.subject.names)
    row = whole_number(0, count - 1)
    rows = sequence(row, 1, min(MOST, count), distinct=True)
    label = whole_number(0, classes - 1)
    seen = whole_number(0)
    return {
        'start': (fields({}), lambda: desk.start()),
        'list': (
            fields(
                {
                    'given': whole_number(-1, classes - 1),
                    'suggested': whole_number(-1, classes - 1),
                    'kind': whole_number(-1, len(kinds.KINDS) - 1),
                    'most': number(0, 1),
                    'text': checked(
                        documents.TEXT,
                        f'at most {LONGEST} characters',
                        lambda value: len(value) <= LONGEST,
                    ),
                    'state': one_of(STATES),
                    'sample': TRUTH,
                    'rows': either(NOTHING, rows),
                }
            ),
            lambda **rule: desk.listed(Rule(**rule)),
        ),
        'cards': (fields({'rows': sequence(row, 0, CARDS)}), desk.cards),
        'alike': (fields({'row': row}), desk.alike),
        'map': (fields({}), desk.plane),
        'act': (
            fields(
                {
                    'rows': rows,
                    'decision': one_of([*DECISIONS, FORGET]),
                    'labels': sequence(label, 0, 2, distinct=True),
                    'seen': seen,
                    'sample': TRUTH,
                }
            ),
            desk.act,
        ),
        'undo': (fields({'seen': seen}), functools.partial(desk.turn, undo=True)),
        'redo': (fields({'seen': seen}), functools.partial(desk.turn, undo=False)),
        'news': (fields({'seen': seen}), desk.news),
        'learn': (fields({'seen': seen}), functools.partial(_learn, desk)),
    }


def application(desk: Desk, token: str, port: int) -> Callable:
    """The ASGI application of a desk, for the address of this token and port."""
    text, asked = page.render(desk.subject.name), questions(desk)
    count = len(desk.subject.ids)

    async def document(request: Request) -> Response:
        return Response(text, media_type='text/html', headers={
            'Content-Security-Policy': policy(text)
        })  # fmt: skip

    async def picture(request: Request) -> Response:
        word = request.path_params['row']
        if not (word.isascii() and word.isdigit() and len(word) < 12):
            return refusal(404, 'no such picture')
        if int(word) >= count:
            return refusal(404, 'no such picture')
        found = await run_in_threadpool(desk.pictures.of, int(word))
        return Response(found, media_type=desk.pictures.type)

    async def decisions(request: Request) -> Response:
        found = await run_in_threadpool(desk.csv)
        name = 'attachment; filename="decisions.csv"'
        return Response(
            found, media_type='text/csv', headers={'Content-Disposition': name}
        )

    async def ask(request: Request) -> Response:
        name = request.path_params['name']
        if name not in asked:
            return refusal(404, 'no such question')
        kind, answer = asked[name]
        body = await content(request)
        if body is None:
            return refusal(413, f'more than {MOST_BYTES:,} bytes')
        value = documents.parse(body, kind, 'the request', REMEDY)
        # what the schema does not name is not asked
        wanted = {key: value[key] for key, _, _ in kind.inside(value)}
        found = await run_in_threadpool(lambda: pages.packed(answer(**wanted)))
        return JSONResponse(found)

    routes = [
        Route('/', document),
        Route('/face/{row}', picture),
        Route('/decisions.csv', decisions),
        Route('/{name}', ask, methods=['POST']),
    ]
    inner = Starlette(routes=routes, exception_handlers={
        Unusable: lambda request, error: refusal(400, printable(error)),
        Refused: lambda request, error: JSONResponse(
            pages.packed(error.news), status_code=409
        ),
        OSError: lambda request, error: refusal(507, f'not saved: {printable(error)}'),
    })  # fmt: skip
    inner.router.redirect_slashes = False
    return Guard(inner, token, port)


class Guard:
    """Lets through to an application what comes from its own page, and nothing else."""

    def __init__(self, inner: Callable, token: str, port: int) -> None:
        self._inner, self._token = inner, token.encode()
        self._hosts = {f'{name}:{port}'.encode() for name in (HOST, 'localhost')}

    async def __call__(self, scope: Scope, receive: Messages, send: Messages) -> None:
        """Answers a request, as ASGI has it."""
        if scope['type'] != 'http':
            return  # a web socket, which is none of ours
        send = functools.partial(_private, send)
        inside = self._inside(scope)
        if inside is None:
            answer = refusal(403, 'not allowed; open the address that the command said')
            await answer(scope, receive, send)
            return
        scope = {**scope, 'path': inside, 'raw_path': inside.encode(), 'root_path': ''}
        await self._inner(scope, receive, send)

    def _inside(self, scope):
        """The path behind the token; None where the request is not to be answered."""
        headers = scope['headers']
        of = {name: [v for n, v in headers if n == name] for name, _ in headers}
        hosts, origins = of.get(b'host', []), of.get(b'origin', [])
        if len(hosts) != 1 or hosts[0] not in self._hosts:
            return None
        own = b'http://' + hosts[0]
        asks = scope['method'] not in ('GET', 'HEAD')
        if origins not in ([own], *([] if asks else [[]])):
            return None
        if of.get(b'sec-fetch-site', [b'none'])[0] not in (b'none', b'same-origin'):
            return None
        token, slash, path = scope['path'][1:].partition('/')
        same = secrets.compare_digest(token.encode('utf-8', 'replace'), self._token)
        return '/' + path if same and slash else None


async def content(request: Request) -> bytes | None:
    """The body of a request; None where it is larger than MOST_BYTES."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_BYTES:
            return None
        parts.append(part)
    return b''.join(parts)


def refusal(status: int, said: str) -> Response:
    """An answer that says why there is none."""
    return JSONResponse({'said': said}, status_code=status)


def policy(text: str) -> str:
    """The content security policy of a page: its own scripts by their sums alone."""
    sums = ' '.join(
        f"'sha256-{base64.b64encode(hashlib.sha256(one.encode()).digest()).decode()}'"
        for one in page.scripts(text)
    )
    return (
        f"default-src 'none'; script-src {sums}; style-src 'unsafe-inline';"
        " img-src 'self' data:; connect-src 'self'; base-uri 'none';"
        " form-action 'none'; frame-ancestors 'none'"
    )


def _learn(desk, seen):
    desk.learner.ask()
    return desk.news(seen)


async def _private(send, message):
    """Sends a message of ASGI, with HEADERS where it has headers."""
    if message['type'] == 'http.response.start':
        more = [(n.lower().encode(), v.encode()) for n, v in HEADERS.items()]
        message = message | {'headers': [*message['headers'], *more]}
    await send(message)


class Server:
    """Serves a desk from a thread of its own until it is stopped.

    Args:
      port: of the loopback address; 0: one that is free.

    Raises:
      Unusable: the port is taken.
    """

    def __init__(self, desk: Desk, port: int = 0) -> None:
        self._socket = bound(port)
        self.port = self._socket.getsockname()[1]
        self.token = secrets.token_urlsafe(24)
        config = uvicorn.Config(
            application(desk, self.token, self.port),
            http='h11', ws='none', loop='asyncio', lifespan='off', log_config=None,
            access_log=False, server_header=False, proxy_headers=False,
            timeout_graceful_shutdown=WAIT_S,
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        # a thread that is not the main one, so that signals stay with the command
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name='server', daemon=True
        )

    @property
    def address(self) -> str:
        """What a browser opens."""
        return f'http://{HOST}:{self.port}/{self.token}/'

    @property
    def alive(self) -> bool:
        """Whether it serves."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begins to serve."""
        self._thread.start()

    def stop(self) -> None:
        """Ends after the answers that are under way."""
        self._server.should_exit = True
        self._thread.join(WAIT_S + 2)
        self._socket.close()


def bound(port: int) -> socket.socket:
    """A socket on the loopback address. Raises Unusable where the port is taken."""
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((HOST, port))
        found.listen()  # who comes before the server has begun waits
    except OSError as error:
        found.close()
        raise Unusable(
            f'--port={port}: {error.strerror}; name another one, or none to take one'
            ' that is free'
        ) from None
    return found
