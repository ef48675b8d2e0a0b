"""A review under way: what a page may ask of it and do to it, without any network.

Every answer is plain values and arrays, as page.packed takes them. Whoever acts says
how many lines of the log it has seen: an act about a label that somebody decided
meanwhile is refused with what was decided, so nobody overwrites what he has not seen;
and each answer brings what has happened since.
"""

import pathlib
import threading
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

import fer_jax
from fer_jax.analysis import sampled
from fer_jax.data import whole
from fer_jax.data.corrections import DECISIONS
from fer_jax.errors import Unusable
from fer_jax.numerics import kinds
from fer_jax.review import ranking
from fer_jax.review.learner import Learner
from fer_jax.review.log import Log
from fer_jax.review.pictures import Pictures
from fer_jax.review.subject import Subject

MOST = 10_000  # rows of a list; nobody turns as many pages
ALIKE = 12
NAMES = (*DECISIONS, '')
STATES = ('undecided', 'decided', *DECISIONS, 'all')


class Rule(NamedTuple):
    """Which labels are wanted; -1 of a class or a kind is any."""

    given: int
    suggested: int
    kind: int
    most: float  # probability of being right
    text: str  # part of the id
    state: str  # one of STATES
    sample: bool  # of the random sample alone, in its own order
    rows: list[int] | None  # among these alone


class Refused(Exception):
    """Somebody decided meanwhile: `news` says what."""

    def __init__(self, news: dict[str, Any]) -> None:
        super().__init__('decided meanwhile')
        self.news = news


class Desk:
    """One reviewer's review of a Subject.

    Args:
      path: where decisions.csv is kept; it follows the log within SAVED_S seconds.
      reviewer: who decides.
      sample: how many labels of a random sample are to be judged first; 0: none.
    """

    def __init__(
        self,
        subject: Subject,
        log: Log,
        *,
        path: pathlib.Path,
        reviewer: str,
        sample: int = 0,
    ) -> None:
        self.subject, self.log, self.path = subject, log, path
        self.reviewer = reviewer
        self.pictures = Pictures(subject)
        self.learner = Learner(subject, self._held)
        self._names = subject.ids.tolist()
        self._lower = [name.casefold() for name in self._names]
        self._row = {name: row for row, name in enumerate(self._names)}
        self._lock = threading.RLock()
        self._said = np.full(len(self._names), len(DECISIONS), np.uint8)  # in NAMES
        self._paint(log.since(0))
        self._saved = -1
        count = min(sample, len(self._names))
        generator = np.random.Generator(np.random.Philox(0))
        self.sample = generator.permutation(len(self._names))[:count].astype(np.int32)

    def start(self) -> dict[str, Any]:
        """What a page is opened with."""
        subject = self.subject
        return {
            'name': subject.name,
            'set': subject.data.set_name,
            'classes': list(subject.names),
            'examples': len(self._names),
            'kinds': list(kinds.KINDS),
            'reviewer': self.reviewer,
            'sample': len(self.sample),
            'enough': ranking.ENOUGH,
            'file': str(self.path.absolute()),
            'trained': subject.trained,
            'version': fer_jax.__version__,
            **self.news(self.log.count),
        }

    def listed(self, rule: Rule) -> dict[str, Any]:
        """The rows that pass a rule, and what they promise."""
        now = self.learner.now
        order = self.sample if rule.sample else now.order
        if rule.rows is not None:
            wanted = np.zeros(len(self._names), bool)
            wanted[rule.rows] = True
            order = order[wanted[order]]
        found = order[self._passing(rule, now)[order]]
        own = found if rule.kind < 0 else found[now.kind[found] == rule.kind]
        head = own[: ranking.FIRST]
        return {
            'ranking': now.version,
            'total': len(own),
            'rows': own[:MOST].astype(np.int32),
            'first': len(head),
            'expected': float((1 - now.right[head]).sum()),
            'kinds': self._by_kind(now, found),
        }

    def cards(self, rows: Sequence[int]) -> list[dict[str, Any]]:
        """What a page shows of some labels."""
        now = self.learner.now
        return [
            {
                'row': row,
                'id': self._names[row],
                'given': int(self.subject.given[row]),
                'suggested': int(now.suggested[row]),
                'right': float(now.right[row]),
                'kind': int(now.kind[row]),
                'twin': self._twin(row) if self._is(now, row, 'twin') else None,
                'decision': self._decision(row),
            }
            for row in rows
        ]

    def alike(self, row: int) -> list[dict[str, Any]]:
        """The cards of the faces most alike to one, the nearest first.

        Raises:
          Unusable: the features are not ready yet.
        """
        if self.learner.ground is None:
            raise Unusable(f'not yet known: {self.learner.state}')
        found = kinds.alike(self.learner.ground.x, row, ALIKE)
        return self.cards(found.tolist())

    def plane(self) -> dict[str, Any]:
        """The map: places, and what points may be coloured by.

        Raises:
          Unusable: the features are not ready yet.
        """
        if self.learner.ground is None:
            raise Unusable(f'not yet known: {self.learner.state}')
        now = self.learner.now
        small = np.uint8 if len(self.subject.names) <= 256 else np.uint16
        return {
            'ranking': now.version,
            'places': self.learner.ground.plane,
            'given': self.subject.given.astype(small),
            'suggested': now.suggested.astype(small),
            'right': np.round(255 * now.right).astype(np.uint8),
        }

    def act(
        self,
        rows: Sequence[int],
        decision: str,
        labels: Sequence[int],
        *,
        seen: int,
        sample: bool,
    ) -> dict[str, Any]:
        """Decides about rows; returns the news, of this act too.

        Args:
          decision: one of DECISIONS, or FORGET.
          labels: classes that it names.
          seen: lines of the log that the page knows of.
          sample: whether it was decided blind, of the random sample.

        Raises:
          Refused: some of them were decided meanwhile; nothing is changed.
          Unusable: a decision that cannot be.
          OSError: the disk refuses it; nothing is changed.
        """
        names = [self._names[row] for row in rows]
        with self._lock:
            if not self.log.since(seen).isdisjoint(names):
                raise Refused(self.news(seen))
            sample = sample and np.isin(rows, self.sample).all()
            self.log.decide(
                names, decision, labels, reviewer=self.reviewer, sample=bool(sample)
            )
            return self._changed(names, seen)

    def turn(self, seen: int, *, undo: bool) -> dict[str, Any]:
        """Undoes the reviewer's last act, or does again what was undone last.

        Raises:
          Refused: that act is one that the page has not seen.
          OSError: as of `act`.
        """
        with self._lock:
            line = self.log.last(self.reviewer, undone=not undo)
            if line is None:
                return self.news(seen) | {'turned': None}
            act = self.log.acts[line]
            if not self.log.since(seen).isdisjoint(act.ids):
                raise Refused(self.news(seen))
            (self.log.undo if undo else self.log.redo)(self.reviewer)
            turned = {
                'rows': [self._row[name] for name in act.ids[:ALIKE]],
                'count': len(act.ids),
                'decision': act.decision.decision,
            }
            return self._changed(act.ids, seen) | {'turned': turned}

    def news(self, seen: int) -> dict[str, Any]:
        """What has happened behind line `seen` of the log, and how things stand."""
        with self._lock:
            names, count = self.log.since(seen), self.log.count
            changes = self._by_decision(names)
            counts = np.bincount(self._said, minlength=len(NAMES)).tolist()
            back = [
                self.log.last(self.reviewer, undone=undone) is not None
                for undone in (False, True)
            ]
        now = self.learner.now
        return {
            'seen': count,
            'changes': changes,
            'counts': dict(zip(DECISIONS, counts)),
            'back': back,
            'ranking': now.version,
            'after': now.after,
            'moved': now.moved,
            'learner': self.learner.state,
            'ready': self.learner.ground is not None,
            'rate': self._rate(),
        }

    def csv(self) -> str:
        """The decisions as data.corrections reads them."""
        with self._lock:
            return self.log.csv()

    def save(self) -> None:
        """Writes decisions.csv where the log has gone on. Raises OSError."""
        with self._lock:
            count = self.log.count
            if count == self._saved:
                return
            text = self.csv()
        whole.write_text(self.path, text)
        self._saved = count

    def _changed(self, names, seen):
        self._paint(names)
        self.learner.decided(int((self._said < len(DECISIONS)).sum()))
        return self.news(seen)

    def _paint(self, names):
        """Brings what is known of each row up to the log."""
        places = {name: place for place, name in enumerate(NAMES)}
        for name in names:
            found = self.log.decision_of(name)
            self._said[self._row[name]] = places[found.decision if found else '']

    def _by_decision(self, names):
        """[[rows, what holds of them or None], ...]: an act may be of thousands."""
        found: dict = {}
        for name in names:
            now = self.log.decision_of(name)
            key = now and (now.decision, now.labels, now.reviewer, now.sample)
            found.setdefault(key, []).append(self._row[name])
        return [[sorted(rows), self._decision(rows[0])] for rows in found.values()]

    def _held(self):
        with self._lock:
            found = self.log.decisions()
        return [(self._row[one.id], one) for one in found if one.id in self._row]

    def _decision(self, row):
        found = self.log.decision_of(self._names[row])
        if found is None:
            return None
        return {
            'decision': found.decision,
            'labels': list(found.labels),
            'reviewer': found.reviewer,
            'sample': found.sample,
        }

    def _passing(self, rule, now):
        """[N] bool: what passes a rule but for its kind and its rows."""
        wanted = now.right <= rule.most
        if rule.given >= 0:
            wanted &= self.subject.given == rule.given
        if rule.suggested >= 0:
            wanted &= now.suggested == rule.suggested
        undecided = self._said == len(DECISIONS)
        if rule.state in DECISIONS:
            wanted &= self._said == NAMES.index(rule.state)
        elif rule.state != 'all':
            wanted &= undecided if rule.state == 'undecided' else ~undecided
        if rule.text:
            text = rule.text.casefold()
            wanted &= np.fromiter((text in one for one in self._lower), bool)
        return wanted

    def _by_kind(self, now, found):
        """[[passing, decided of all, changed or dropped of these], ...] by kind."""
        count = len(kinds.KINDS)
        decided = self._said < len(DECISIONS)
        wrong = decided & (self._said != NAMES.index('keep'))
        passing = np.bincount(now.kind[found], minlength=count)
        return [
            [int(passing[kind]), int((decided & of).sum()), int((wrong & of).sum())]
            for kind in range(count)
            for of in [now.kind == kind]
        ]

    def _is(self, now, row, kind):
        return now.kind[row] == kinds.KINDS.index(kind)

    def _twin(self, row):
        """The row of the most alike twin that has another label."""
        pairs = self.learner.ground.twins.rows
        for pair in pairs[(pairs == row).any(axis=1)]:
            other = int(pair[0] if pair[1] == row else pair[1])
            if self.subject.given[other] != self.subject.given[row]:
                return {'row': other, 'given': int(self.subject.given[other])}
        return None

    def _rate(self):
        """What the random sample says so far; None without one."""
        rows, right = ranking.judged_sample(self.subject, self._sampled())
        if not len(rows):
            return None
        found = sampled.rate(~right)
        return {
            'judged': found.judged,
            'wrong': found.wrong,
            'share': found.share,
            'interval': [found.low, found.high],
        }

    def _sampled(self):
        decided = ((int(r), self.log.decision_of(self._names[r])) for r in self.sample)
        return [(row, one) for row, one in decided if one is not None]
