"""A run on its devices: compiled programs, its trial, and where examples come from."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from fer_jax.training import feed, measures, mesh, programs, scoring, setup, stopping
from fer_jax.training.step import TrainState
from fer_jax.training.trial import Trial


class Session:
    """What setup.Run says, made ready to run.

    To be used with the run's mesh in force (jax.set_mesh).

    Args:
      advance: called with the number of images read into the devices beforehand.
      trace: of some steps; None: none is traced.
    """

    def __init__(
        self,
        run: setup.Run,
        advance: Callable[[int], object] = lambda done: None,
        trace: measures.Trace | None = None,
    ) -> None:
        self.run, self._trace = run, trace
        self._programs = programs.compiled(run.spec, run.mesh)
        self._called: set[tuple[Any, ...]] = set()  # (program, shapes) compiled
        self._everywhere = mesh.everywhere(run.mesh)
        self._trial = placed(run.trial, self._everywhere)
        steps = programs.chunk(
            run.spec, run.steps_per_epoch, run.config.save_every_steps
        )
        self.feed = feed.make(run, steps, advance)

    def _call(self, name, *args):
        """Program `name` of a state and a trial, and more arrays, which have other
        shapes in the last chunk of an epoch. The first call with these compiles: a
        signal is heard meanwhile, and ends the session (stopping.heard)."""
        program = getattr(self._programs, name)
        call = name, *(array.shape for array in args[2:])
        if call in self._called:
            return program(*args)
        self._called.add(call)

        def first():  # mesh and guard belong to a thread
            with jax.set_mesh(self.run.mesh), jax.transfer_guard('disallow'):
                return program(*args)

        return stopping.heard(first)

    def fresh(self) -> TrainState:
        """The state before the training set is seen."""
        return self._call('create', self._trial)

    def absorb(self, state: TrainState, advance: Callable[[int], object]) -> TrainState:
        """The state before the first step: fresh, or having seen each example once."""
        if self._programs.absorb:
            left = len(self.run.examples.ids)
            for pool, index, mask in self.feed.all_training():
                state = self._call('absorb', state, self._trial, pool, index, mask)
                advance(min(left, len(index)))
                left -= len(index)
        return state

    def advance(
        self, state: TrainState, pool: jax.Array, order: jax.Array, first: int = 0
    ) -> tuple[TrainState, dict[str, jax.Array]]:
        """The state S steps later, and the metrics of each step, {name: [S]}.

        Args:
          first: number of the first of these steps, for the trace.
        """
        advance = functools.partial(
            self._call, 'advance', state, self._trial, pool, order
        )
        if not self._trace:
            return advance()
        return self._trace.of(first, len(order), advance)

    def score(
        self, state: TrainState, advance: Callable[[int], object]
    ) -> tuple[np.ndarray, ...]:
        """Scores [P, N] and class probabilities [N, C] of all examples, on the host."""
        return scoring.gather(
            lambda pool, index: self._call('score', state, self._trial, pool, index),
            self.feed.all_training(),
            len(self.run.examples.ids),
            axes=(1, 0),
            advance=advance,
        )

    def look_back(
        self, state: TrainState, scores: np.ndarray, probs: np.ndarray
    ) -> TrainState:
        """The state after an epoch that ended with these scores and probabilities."""
        seen = mesh.put((scores, probs), self._everywhere)
        return self._call('look_back', state, self._trial, *seen)

    def log_odds(self, state: TrainState, scores: np.ndarray) -> np.ndarray:
        """[P, N] of each label's being right, given the newest scores, on the host."""
        scores = mesh.put(scores, self._everywhere)
        return jax.device_get(self._call('log_odds', state, self._trial, scores))

    def confusions(self, state: TrainState, tau: float = 0.0) -> np.ndarray:
        """Confusion matrices [V, C, C] on the test split (numerics.votes), int64.

        Args:
          tau: of adjusted answers (evaluation.make_count).
        """
        total: Any = 0
        placed_tau = mesh.put(np.float32(tau), self._everywhere)
        for batch in self.feed.all_test():
            counts = self._call('count', state, self._trial, *batch, placed_tau)
            total = total + jax.device_get(counts).astype('int64')
        return total


def placed(trial: Trial, sharding: jax.sharding.Sharding) -> Trial:
    """The Trial on the devices. The key goes as its numbers: it is no NumPy array."""
    arrays = trial._replace(key=jax.random.key_data(trial.key))
    arrays = mesh.put(jax.device_get(arrays), sharding)
    return arrays._replace(key=jax.random.wrap_key_data(arrays.key))
