"""The command as a process: killed at any moment, stopped, started twice."""

import http.client
import json
import random
import signal
import subprocess
import time

import pytest

from fer_jax.data import corrections
from tests import processes


class Review:
    """A process of `launch.py review`, and questions to its server."""

    def __init__(self, audited, out, *more):
        data, stored, _ = audited
        words = f'--data={data.folder}', f'--out={out}', f'--features={stored}'
        words = (*words, '--no-browser', '--reviewer=anna', *more)
        self.process = subprocess.Popen(
            processes.command('review', *words),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=processes.ROOT,
        )
        self.address = self.process.stdout.readline().split(' ')[0]
        _, _, self.host, self.token, _ = (self.address or '////').split('/')

    def ask(self, name, **body):
        connection = http.client.HTTPConnection(self.host, timeout=30)
        headers = {'Origin': f'http://{self.host}'}
        connection.request('POST', f'/{self.token}/{name}', json.dumps(body), headers)
        answer = connection.getresponse()
        found = json.loads(answer.read())
        connection.close()
        return found if answer.status == 200 else None

    def end(self, how):
        self.process.send_signal(how)
        _, said = self.process.communicate(timeout=60)
        return self.process.returncode, said


@pytest.fixture
def out(audited, tmp_path):
    """A copy of the audit's folder."""
    folder = tmp_path / 'out'
    folder.mkdir()
    judged = audited[2] / 'judged.npz'
    (folder / 'judged.npz').write_bytes(judged.read_bytes())
    return folder


def act(review, row, seen):
    return review.ask(
        'act', rows=[row], decision='drop', labels=[], seen=seen, sample=False
    )


def rows_held(news):
    """The rows that something is decided of, rising."""
    return sorted(row for rows, decision in news['changes'] if decision for row in rows)


def test_killed_at_any_moment(audited, out):
    """Each act that was answered is there; at most the one in flight is besides."""
    draws, answered, row = random.Random(0), [], 0
    for _ in range(2):
        review = Review(audited, out)
        news = review.ask('news', seen=0)
        held = {*rows_held(news)}
        assert set(answered) <= held <= {*answered, row - 1}
        answered, seen = sorted(held), news['seen']
        deadline = time.monotonic() + draws.uniform(0.05, 0.4)
        killed = False
        while True:
            if time.monotonic() > deadline and answered and not killed:
                killed = bool(review.process.kill()) or True
            time.sleep(0.02)  # else a quick machine runs out of rows
            row += 1
            try:
                seen = act(review, row - 1, seen)['seen']
            except (OSError, http.client.HTTPException):
                break
            answered.append(row - 1)
        review.process.communicate()
    review = Review(audited, out)
    news = review.ask('news', seen=0)
    held = rows_held(news)
    assert set(answered) <= set(held) <= {*answered, row - 1}
    assert review.ask('undo', seen=news['seen'])['turned']['rows'] == held[-1:]
    code, _ = review.end(signal.SIGTERM)
    assert code == 0
    data = audited[0]
    decisions = corrections.read(
        out / 'decisions.csv', data.train.ids, data.class_names
    )
    assert [one.id for one in decisions] == data.train.ids[held[:-1]].tolist()


def test_one_at_a_time_and_ctrl_c(audited, out):
    review = Review(audited, out)
    port = review.host.partition(':')[2]
    second = Review(audited, out, f'--port={port}')
    code, said = second.end(signal.SIGCONT)
    assert code == 2
    assert 'held by another review' in said
    assert act(review, 5, 1)['counts']['drop'] == 1
    code, said = review.end(signal.SIGINT)
    assert code == 130
    assert said.strip().splitlines()[-1].endswith('stopped')
    assert 'drop' in (out / 'decisions.csv').read_text()
