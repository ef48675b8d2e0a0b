"""The compiled functions of a run, and the host batches that they eat."""

import functools

import jax
import jax.numpy as jnp

from fer_jax.data import augment, pipeline
from fer_jax.training import evaluation, optimizer, scoring, step


class Programs:
    """What setup.Run says, made ready to run."""

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
        self.step = step.make_step(
            algorithm,
            self.optimizer,
            views,
            steps_per_epoch=run.steps_per_epoch,
            seed=config.seed,
        )
        self._count = evaluation.make_count(algorithm, prepare, run.num_classes)
        self.probs = scoring.make_probs(algorithm, prepare)
        self.given = jax.device_put(run.examples.labels)
        if algorithm.score:
            self.score = scoring.make_score(algorithm, views, prepare, self.given)
        if algorithm.absorb:
            self._absorb = scoring.make_absorb(algorithm, prepare)
        if algorithm.refresh:
            self.refresh = jax.jit(algorithm.refresh)
        if algorithm.log_odds:
            self._log_odds = jax.jit(algorithm.log_odds)
        # Built once: each building reads the shards' indices again.
        once = functools.partial(pipeline.once, batch_size=config.eval_batch_size)
        self._training = once(run.prepared.train, run.examples.positions)
        self._test = once(run.prepared.test, run.prepared.test.readable())

    def fresh(self):
        """The state before the training set is seen."""
        size = self.run.config.data.image_size_px
        # Compiled, each leaf of the state has a buffer of its own to be donated.
        create = functools.partial(step.create, self.run.algorithm, self.optimizer)
        return jax.jit(create)(
            jax.random.key(self.run.config.seed),
            jnp.zeros((1, size, size, 3)),
            self.run.examples.labels,
        )

    def absorb(self, state, advance):
        """The state before the first step: fresh, or having seen each example once."""
        if self.run.algorithm.absorb:
            for batch in self.all_training():
                host = batch['images'], batch['index'], batch['mask']
                state = state._replace(
                    memory=self._absorb(state, *jax.device_put(host))
                )
                advance(int(batch['mask'].sum()))
        return state

    def confusions(self, state):
        """Confusion matrices [P + 1, C, C] on the test split."""
        return evaluation.evaluate(
            self._count, state, self.all_test(), self.run.test_labels
        )

    def log_odds(self, state, history):
        """[P, N] of the newest scores, or None where the method has no opinion."""
        if not self.run.algorithm.log_odds:
            return None
        scores = jax.device_put(history['scores'][-1])
        return jax.device_get(self._log_odds(state.memory, scores, self.given))

    def images_left(self, place):
        """Images to look at from `place` on: learned from, tested, scored, absorbed."""
        run = self.run
        learned = run.steps_per_epoch * run.config.batch_size
        scored = len(run.examples.ids) * bool(run.algorithm.score)
        epoch = learned + scored + len(run.test_labels)
        begun = place.steps * run.config.batch_size
        last = len(run.examples.ids)  # once more for labels.csv
        first = len(run.examples.ids) * bool(run.algorithm.absorb)
        if place.epoch or place.steps:
            first = 0
        return epoch * (run.config.epochs - place.epoch) - begun + first + last

    def training_batches(self, first_step):
        """Endless host batches from the one of `first_step` on."""
        config, run = self.run.config, self.run
        ordered = pipeline.training(
            run.prepared.train,
            run.examples.positions,
            batch_size=config.batch_size,
            seed=config.seed,
            labels=run.examples.labels if config.data.balanced else None,
        )
        return pipeline.batches(ordered, first_step, config.data.workers)

    def all_training(self):
        """Padded host batches of every training example once."""
        return pipeline.batches(self._training, workers=self.run.config.data.workers)

    def all_test(self):
        """Padded host batches of every test example once."""
        return pipeline.batches(self._test, workers=self.run.config.data.workers)
