"""The log of a review: what was decided, by whom and when, and what was taken back.

A file of JSON lines, appended to and never changed. The first line says of which set it
is; each other one is an act, and is on the disk before anybody is told that it is done:

    {"act": "decide", "ids": [...], "decision": "relabel", "labels": ["fear"], ...}
    {"act": "undo", "of": 7, ...}           the act of line 7 does not count
    {"act": "redo", "of": 7, ...}           it counts again

What holds is the fold over all lines: of each id the last decision that was not undone.
A last line without its end was being written when the process died, and is cut off.
"""

import datetime
import fcntl
import json
import os
import pathlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from fer_jax.data import corrections, documents, whole
from fer_jax.data.corrections import DECISIONS, Decision
from fer_jax.data.documents import (
    SHA256,
    TEXT,
    TRUTH,
    fields,
    one_of,
    sequence,
    whole_number,
)
from fer_jax.data.quoting import printable
from fer_jax.errors import Unusable

FORMAT = 1
FORGET = 'forget'  # a decision that takes the one before back
MOST = 20_000  # ids of one act
REMEDY = 'put an older copy in its place, or move it away to begin again'
BEGIN = fields({'act': one_of(['begin']), 'format': one_of([FORMAT]), 'set': SHA256})
BY = {'reviewer': TEXT, 'time': TEXT}
DECIDE = fields(
    BY
    | {
        'act': one_of(['decide']),
        'ids': sequence(TEXT, 1, MOST, distinct=True),
        'decision': one_of([*DECISIONS, FORGET]),
        'labels': sequence(TEXT, 0, 2, distinct=True),
        'sample': TRUTH,
    }
)
BACK = fields({'act': one_of(['undo', 'redo']), 'of': whole_number(2)} | BY)
ACT = documents.Kind(
    'an act',
    lambda value: isinstance(value, dict),
    lambda value: (DECIDE if value.get('act') == 'decide' else BACK).inside(value),
)


class Act(NamedTuple):
    """A line of the log that decides."""

    number: int  # of the line, from 1
    ids: tuple[str, ...]
    decision: Decision  # of all of them; its id is ''
    forgets: bool = False  # whether it takes back what was decided before


class Log:
    """The log in a file, held by this process alone until it is closed.

    Args:
      path: of the file; made where there is none.
      digest: of the prepared set.
      ids: of its training examples.
      class_names: of the C classes.

    Raises:
      Unusable: the log of another set, a line that is none, or another process has it.
    """

    def __init__(
        self,
        path: pathlib.Path,
        digest: str,
        ids: Iterable[str],
        class_names: Sequence[str],
    ) -> None:
        self.path, self.known = path, frozenset(ids)
        self.class_names = tuple(class_names)
        self.acts: dict[int, Act] = {}  # by line
        self.undone: set[int] = set()
        self._of: dict[str, list[int]] = {}  # id -> lines that decided it
        self._done: dict[str, list[int]] = {}  # reviewer -> lines, the last one last
        self._back: dict[str, list[int]] = {}  # reviewer -> undone lines
        self.touched: list[tuple[str, ...]] = []  # the ids of each line
        number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        self._file = os.fdopen(number, 'r+b', buffering=0)
        try:
            self._hold()
            self._read(digest)
        except BaseException:
            self._file.close()
            raise

    @property
    def count(self) -> int:
        """How many lines there are; the number of the last one."""
        return len(self.touched)

    def close(self) -> None:
        """Lets go of the file."""
        self._file.close()

    def decide(
        self,
        ids: Sequence[str],
        decision: str,
        labels: Sequence[int] = (),
        *,
        reviewer: str,
        sample: bool = False,
    ) -> int:
        """Adds a decision about ids, or FORGET; returns the number of its line.

        Raises:
          Unusable: an id or a number of classes that cannot be.
          OSError: the disk refuses it; nothing was decided.
        """
        named = [self.class_names[label] for label in labels]
        return self._add(
            {
                'act': 'decide',
                'ids': list(ids),
                'decision': decision,
                'labels': named,
                'sample': sample,
                'reviewer': reviewer,
                'time': now(),
            }
        )

    def undo(self, reviewer: str) -> int | None:
        """Takes back the reviewer's last act; returns its line, None where none is."""
        return self._turn('undo', self._done, reviewer)

    def redo(self, reviewer: str) -> int | None:
        """Does again what the reviewer last took back; returns its line or None."""
        return self._turn('redo', self._back, reviewer)

    def last(self, reviewer: str, *, undone: bool = False) -> int | None:
        """The line that `undo`, or `redo` where `undone`, would take."""
        lines = (self._back if undone else self._done).get(reviewer)
        return lines[-1] if lines else None

    def decision_of(self, name: str) -> Decision | None:
        """What holds of an id; None where nothing was decided."""
        found = self.act_of(name)
        if found is None or found.forgets:
            return None
        return found.decision._replace(id=name)

    def act_of(self, name: str) -> Act | None:
        """The last act about an id that was not undone."""
        for line in reversed(self._of.get(name, ())):
            if line not in self.undone:
                return self.acts[line]
        return None

    def decisions(self) -> list[Decision]:
        """All that holds, by id in the order in which ids were first decided."""
        found = (self.decision_of(name) for name in self._of)
        return [one for one in found if one is not None]

    def csv(self) -> str:
        """The decisions as data.corrections reads them."""
        return corrections.text(self.decisions(), self.class_names)

    def since(self, number: int) -> set[str]:
        """The ids that lines behind line `number` are about."""
        return {name for ids in self.touched[number:] for name in ids}

    def _turn(self, act, lines, reviewer):
        if not lines.get(reviewer):
            return None
        line = lines[reviewer][-1]
        self._add({'act': act, 'of': line, 'reviewer': reviewer, 'time': now()})
        return line

    def _hold(self):
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Unusable(
                f'{printable(self.path)} is held by another review; go on in its page,'
                ' stop it, or name another --out'
            ) from None

    def _read(self, digest):
        data = self._file.readall()
        end = data.rfind(b'\n') + 1
        if end < len(data):
            self._file.truncate(end)
        self._file.seek(end)
        if not end:
            self._write({'act': 'begin', 'format': FORMAT, 'set': digest})
            self.touched.append(())
            return
        for number, line in enumerate(data[: end - 1].split(b'\n'), start=1):
            where = f'{printable(self.path)} line {number}'
            if number > 1:
                self._fold(documents.parse(line, ACT, where, REMEDY), where)
                continue
            if documents.parse(line, BEGIN, where, REMEDY)['set'] != digest:
                raise Unusable(
                    f'{where}: the review of another set; name another --out'
                )
            self.touched.append(())

    def _add(self, act):
        """Appends an act that is in order, and folds it in; returns its line."""
        where = 'a decision'
        documents.check(act, ACT, where, 'see docs/review.md')
        self._check(act, where)
        self._write(act)
        self._fold(act, where)
        return self.count

    def _write(self, act):
        data = (json.dumps(act, separators=(',', ':')) + '\n').encode()
        start = self._file.tell()
        try:
            with whole.named(self.path):
                while data:
                    data = data[self._file.write(data) :]
                os.fsync(self._file.fileno())
        except OSError:
            self._file.truncate(start)  # half a line would spoil the next one
            self._file.seek(start)
            raise

    def _check(self, act, where):
        """Raises Unusable where an act is about what is not there."""
        if act['act'] != 'decide':
            last = self.last(act['reviewer'], undone=act['act'] == 'redo')
            if act['of'] != last:
                raise Unusable(
                    f'{where}: {act["act"]} of act {act["of"]}, which is not the last'
                    f' one of that reviewer; {REMEDY}'
                )
            return
        if not self.known.issuperset(act['ids']):
            raise Unusable(f'{where}: an id that the set does not have; {REMEDY}')
        wanted = DECISIONS.get(act['decision'], 0)
        if len(act['labels']) != wanted or not set(act['labels']) <= {
            *self.class_names
        }:
            raise Unusable(
                f'{where}: {act["decision"]} names {wanted} classes; {REMEDY}'
            )

    def _fold(self, act, where):
        self._check(act, where)
        number, reviewer = self.count + 1, act['reviewer']
        done = self._done.setdefault(reviewer, [])
        back = self._back.setdefault(reviewer, [])
        if act['act'] == 'decide':
            labels = tuple(map(self.class_names.index, act['labels']))
            forgets = act['decision'] == FORGET
            said = Decision(
                '', act['decision'], labels, reviewer, act['time'], act['sample']
            )
            ids = tuple(act['ids'])
            self.acts[number] = Act(number, ids, said, forgets)
            for name in ids:
                self._of.setdefault(name, []).append(number)
            done.append(number)
            back.clear()
        else:
            line = act['of']
            ids = self.acts[line].ids
            if act['act'] == 'undo':
                self.undone.add(done.pop())
                back.append(line)
            else:
                self.undone.discard(back.pop())
                done.append(line)
        self.touched.append(ids)


def now() -> str:
    """The time in UTC, as 2026-11-28T19:40:02Z."""
    return datetime.datetime.now(datetime.UTC).strftime('%Y-%m-%dT%H:%M:%SZ')
