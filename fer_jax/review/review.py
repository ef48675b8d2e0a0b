"""Serves a page on which a person and the audit clean a set together.

    python launch.py review --data=data/mine --out=audits/mine
    python launch.py review --data=data/mine --out=audits/mine --sample=200
    python launch.py review --workdir=runs/first

    OUT/review/log.jsonl   every decision, saved as it is made
    OUT/decisions.csv      the same, for config.noise.corrections

OUT is the folder of an audit without training, which is made where there is none, or
the --workdir of a finished run. With --merge: two reviewers' decisions, compared.
"""

import argparse
import getpass
import re
import threading
import time
import webbrowser
from collections.abc import Callable
from typing import TYPE_CHECKING

from fer_jax.analysis import frozen, verdict
from fer_jax.data import corrections, whole
from fer_jax.data.quoting import printable, quoted
from fer_jax.errors import Unusable
from fer_jax.review import agreement, subject
from fer_jax.review.desk import Desk
from fer_jax.review.log import Log
from fer_jax.training import stopping

if TYPE_CHECKING:
    from fer_jax.review.server import Server

LOG = 'log.jsonl'
SAVED_S = 1.0  # decisions.csv is as old, at most; the log never is
HEARD_S = 0.1
PORTS = 65535


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this command's options to an argparse parser."""
    parser.add_argument('--workdir', help='folder of a finished run')
    parser.add_argument('--data', help="prepared folder; default: the run's own")
    parser.add_argument(
        '--out', help='without a run: folder of the audit of --data, made if need be'
    )
    parser.add_argument(
        '--features',
        help='folder of data_prep features; default: features in the folder, made',
    )
    parser.add_argument(
        '--port', type=int, default=0, help='of 127.0.0.1; default: one that is free'
    )
    parser.add_argument(
        '--no-browser', action='store_true', help='say the address and open nothing'
    )
    parser.add_argument(
        '--reviewer', help='name that decisions are kept under; default: your login'
    )
    parser.add_argument(
        '--sample',
        type=int,
        default=0,
        metavar='N',
        help='first judge N random labels blind: what they say of the rate is unbiased',
    )
    parser.add_argument(
        '--merge',
        nargs=2,
        metavar='CSV',
        help="two reviewers' decisions.csv: agreement, and what is left to settle",
    )


def run(options: argparse.Namespace) -> int:
    """Serves until it is stopped; returns 0 after SIGTERM.

    SIGTERM before that ends the process as any other.

    Raises:
      Unusable: neither a run nor a set, or another set's review; a port that is taken.
      KeyboardInterrupt: Ctrl-C; everything is saved.
    """
    if options.merge:
        return agreement.run(options)
    reviewer = named(options.reviewer)
    if not 0 <= options.port <= PORTS:
        raise Unusable(f'--port={options.port}; wanted 0 to {PORTS}')
    if options.sample < 0:
        raise Unusable(f'--sample={options.sample}; wanted 1 or more, as 200')
    here = found(options)
    with stopping.on_sigterm() as stop:
        return serve(here, options, reviewer, stop)


def found(options: argparse.Namespace) -> subject.Subject:
    """The Subject that the options name, with its features made."""
    if options.workdir and not options.out:
        whole.check_folder(options.workdir)
        here = subject.of_run(options.workdir, options.data, options.features)
    elif options.data and options.out and not options.workdir:
        frozen.check_out(options.out)
        here = subject.of_audit(
            options.data, options.out, options.features, pictures=verdict.PICTURES
        )
    else:
        raise Unusable(
            'give --data=FOLDER of a prepared set and --out=FOLDER of its audit, or'
            ' --workdir=FOLDER of a finished run'
        )
    subject.store_of(here)
    return here


def serve(
    here: subject.Subject,
    options: argparse.Namespace,
    reviewer: str,
    stop: Callable[[], bool],
) -> int:
    """Serves a Subject until stop() or Ctrl-C; returns 0."""
    from fer_jax.review.server import Server  # what it stands on takes .4 s to import

    here.folder.mkdir(parents=True, exist_ok=True)
    whole.clear(here.folder.parent)  # of processes that died while they wrote
    log = Log(here.folder / LOG, here.key, here.ids.tolist(), here.names)
    path = here.folder.parent / corrections.FILE
    try:
        desk = Desk(here, log, path=path, reviewer=reviewer, sample=options.sample)
        server = Server(desk, options.port)
        desk.save()
        server.start()
        desk.learner.start()
        print(
            f'{server.address} (Ctrl-C ends; decisions: {printable(path)})', flush=True
        )
        if not options.no_browser:
            # a browser in a terminal would wait for its reader
            threading.Thread(
                target=webbrowser.open, args=(server.address,), daemon=True
            ).start()
        try:
            watch(desk, server, stop)
        finally:
            server.stop()
            desk.learner.stop()
            desk.save()
    finally:
        log.close()
    return 0


def watch(desk: Desk, server: 'Server', stop: Callable[[], bool]) -> None:
    """Keeps decisions.csv up to date until stop(), or until the server has ended."""
    saved = time.monotonic()
    while not stop() and server.alive:
        time.sleep(HEARD_S)
        if time.monotonic() - saved > SAVED_S:
            desk.save()
            saved = time.monotonic()


def named(reviewer: str | None) -> str:
    """The reviewer's name. Raises Unusable for one that no table should hold."""
    if reviewer is None:
        try:
            reviewer = getpass.getuser()
        except (KeyError, OSError):  # a number without a name, as in a container
            reviewer = 'reviewer'
    if not re.fullmatch(r'[\w.@+ -]{1,60}', reviewer):
        raise Unusable(
            f'--reviewer={quoted(reviewer)}; wanted a name of letters, digits and'
            ' . @ + - _, at most 60'
        )
    return reviewer
