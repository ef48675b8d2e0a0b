"""The thread that a review thinks in: what is known of faces, then order after order.

A person decides meanwhile, and reads `now`, which is put in place whole.
"""

import threading
import traceback
from collections.abc import Callable

from fer_jax.errors import Unusable
from fer_jax.review import ground as grounds
from fer_jax.review import ranking
from fer_jax.review.subject import Subject
from fer_jax.training import stopping

# Decisions after which the order is learned anew. A page has 24 cards: every other page
# is of a new order, and a minute of a quick reviewer pays for a second of learning.
EVERY = 50


class Learner:
    """Learns on in a thread of its own, from `start` to `stop`.

    Args:
      subject: what is reviewed.
      decisions: () -> the decisions that hold, with their rows.
    """

    def __init__(self, subject: Subject, decisions: Callable[[], ranking.Said]) -> None:
        self.subject, self._decisions = subject, decisions
        self.now = ranking.begun(subject)
        self.ground: grounds.Ground | None = None
        self.state = 'preparing'  # or ready, learning, or a line that says what failed
        self._asked, self._ended = threading.Event(), threading.Event()
        # of this name, so that the process ends without waiting for XLA
        self._thread = threading.Thread(
            target=self._work, name=stopping.LEFT, daemon=True
        )

    def start(self) -> None:
        """Begins with the ground, which takes seconds, and minutes of a large set."""
        self._thread.start()

    def stop(self) -> None:
        """Asks the thread to end; it is not waited for, as it holds no file."""
        self._ended.set()
        self._asked.set()

    def ask(self) -> None:
        """Has the order learned anew as soon as may be."""
        self._asked.set()

    def decided(self, count: int) -> None:
        """Says how many decisions hold now; EVERY new ones make it learn."""
        if abs(count - self.now.after) >= EVERY:
            self.ask()

    def _work(self):
        try:
            self.ground = grounds.of(self.subject)
            while not self._ended.is_set():
                self.state = 'learning'
                self._asked.clear()
                self.now = ranking.learned(
                    self.subject, self.ground, self._decisions(), self.now
                )
                self.state = 'ready'
                self._asked.wait()
        except (Unusable, OSError) as error:
            self.state = f'the order stays as it is: {error}'
        except Exception as error:  # decisions go on without it
            traceback.print_exc()
            self.state = f'the order stays as it is: {type(error).__name__}'
