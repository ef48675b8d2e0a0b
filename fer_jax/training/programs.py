"""The compiled functions of a run, and the batches that they eat."""

import contextlib
import functools

import jax
import jax.numpy as jnp
import numpy as np

from fer_jax.algorithms import Progress
from fer_jax.data import augment, pipeline
from fer_jax.training import evaluation, mesh, optimizer, scoring, step


class Programs:
    """What setup.Run says, made ready to run.

    To be used with the run's mesh in force (jax.set_mesh).
    """

    def __init__(self, run):
        config = run.config
        self.run = run
        algorithm = run.algorithm
        self.optimizer = optimizer.make(config.optimizer, run.steps_per_epoch)
        size, recipe = config.data.image_size_px, config.data.augmentation
        views = functools.partial(
            augment.augment, recipe, size, config.seed, views=algorithm.views
        )
        prepare = functools.partial(augment.prepare, recipe, size)
        self._everywhere = mesh.everywhere(run.mesh)
        # Compiled, each leaf of the state has a buffer of its own to be donated.
        create = functools.partial(step.create, algorithm, self.optimizer)
        self._fresh = (
            jax.random.key(config.seed),
            jnp.zeros((1, size, size, 3)),
            run.examples.labels,
        )
        placement = mesh.of_state(run.mesh, create, *self._fresh)
        self._create = jax.jit(create, out_shardings=placement)
        self.step = step.make_step(
            algorithm,
            self.optimizer,
            views,
            steps_per_epoch=run.steps_per_epoch,
            seed=config.seed,
            placement=(placement, self._everywhere),
        )
        labels = run.examples.labels
        compiled = functools.partial(jax.jit, out_shardings=self._everywhere)
        self._count = compiled(
            evaluation.make_count(algorithm, prepare, run.test_labels, run.num_classes)
        )
        self.probs = compiled(scoring.make_probs(algorithm, prepare))
        self._given = mesh.put(labels, self._everywhere)
        self.score = compiled(scoring.make_score(algorithm, views, prepare, labels))
        if algorithm.absorb:
            self._absorb = compiled(scoring.make_absorb(algorithm, prepare))
        if algorithm.refresh:
            self._refresh = compiled(algorithm.refresh)
        self._log_odds = compiled(algorithm.log_odds)
        # Built once: each building reads the shards' indices again.
        padded = mesh.rounded(run.mesh, config.eval_batch_size)
        once = functools.partial(
            pipeline.once, batch_size=padded, rows=mesh.rows(run.mesh, padded)
        )
        self._training = once(run.prepared.train, run.examples.positions)
        self._test = once(run.prepared.test, run.prepared.test.readable())

    def fresh(self):
        """The state before the training set is seen."""
        return self._create(*self._fresh)

    def absorb(self, state, advance):
        """The state before the first step: fresh, or having seen each example once."""
        if self.run.algorithm.absorb:
            left = len(self.run.examples.ids)
            for batch in self.all_training():
                seen = batch['images'], batch['index'], batch['mask']
                state = state._replace(memory=self._absorb(state, *seen))
                advance(min(left, len(batch['index'])))
                left -= len(batch['index'])
        return state

    def refreshed(self, state, scores, progress):
        """The state after an epoch, its method having seen all scores [P, N]."""
        if not self.run.algorithm.refresh:
            return state
        host = scores, Progress(*map(np.int32, progress))
        scores, progress = mesh.put(host, self._everywhere)
        memory = self._refresh(state.memory, scores, self._given, progress)
        return state._replace(memory=memory)

    def confusions(self, state):
        """Confusion matrices [V, C, C] on the test split (numerics.votes)."""
        return evaluation.evaluate(self._count, state, self.all_test())

    def log_odds(self, state, history):
        """[P, N] of the newest scores."""
        scores = mesh.put(history['scores'][-1], self._everywhere)
        return jax.device_get(self._log_odds(state.memory, scores, self._given))

    def images_left(self, place):
        """Images to look at from `place` on: learned from, tested, scored, absorbed."""
        run = self.run
        learned = run.steps_per_epoch * run.config.batch_size
        scored = len(run.examples.ids)
        epoch = learned + scored + len(run.test_labels)
        begun = place.steps * run.config.batch_size
        last = len(run.examples.ids)  # once more for labels.csv
        first = len(run.examples.ids) * bool(run.algorithm.absorb)
        if place.epoch or place.steps:
            first = 0
        return epoch * (run.config.epochs - place.epoch) - begun + first + last

    def training_batches(self, first_step):
        """Endless batches on the devices, from the one of `first_step` on."""
        config, run = self.run.config, self.run
        ordered = pipeline.training(
            run.prepared.train,
            run.examples.positions,
            batch_size=config.batch_size,
            seed=config.seed,
            labels=run.examples.labels if config.data.balanced else None,
            rows=mesh.rows(run.mesh, config.batch_size),
        )
        return self._placed(ordered, first_step)

    def all_training(self):
        """Padded batches of every training example once, in order."""
        return self._placed(self._training)

    def all_test(self):
        """Padded batches of every test example once, in order."""
        return self._placed(self._test)

    def _placed(self, dataset, start=0):
        """Batches read ahead on the host, put on the devices when their turn comes."""
        over_data = mesh.over_data(self.run.mesh)
        workers = self.run.config.data.workers
        with contextlib.closing(pipeline.batches(dataset, start, workers)) as batches:
            for batch in batches:
                yield mesh.put(batch, over_data)
