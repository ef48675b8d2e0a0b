"""The story of a run, top to bottom."""

import functools
import math
import time

import jax
import numpy as np

from fer_jax.training import checkpoint, evaluation, log, results, scoring
from fer_jax.training.programs import Programs


def finished(run):
    """Whether the run in this folder is complete."""
    return (run.workdir / 'result.json').exists()


def train(run):
    """Trains `run` from where its folder says it is, and writes its results.

    Args:
      run: from setup.prepare.

    Returns:
      The content of result.json.

    Raises:
      FloatingPointError: the loss became NaN or infinite.
    """
    config, workdir = run.config, run.workdir
    programs = Programs(run)
    with (
        jax.set_mesh(run.mesh),
        checkpoint.manager(
            workdir / 'checkpoints', keep=config.keep_checkpoints
        ) as saved,
        log.progress() as bar,
    ):
        state, done = checkpoint.restore(saved, programs.fresh())
        if not done:
            state = programs.absorb(state)
        history = results.read_history(workdir / 'history.npz', done)
        batches = programs.training_batches(done * run.steps_per_epoch)
        total = programs.images_per_epoch() * (config.epochs - done)
        task = bar.add_task(workdir.name, total=total)
        advance = functools.partial(bar.advance, task)
        say = functools.partial(bar.console.print, soft_wrap=True)
        if done:
            say(f'{workdir} goes on after epoch {done}')
        with log.Log(workdir, done) as rows, jax.transfer_guard('disallow'):
            for epoch in range(done + 1, config.epochs + 1):
                started = time.perf_counter()
                bar.update(task, description=f'{workdir.name} {epoch}/{config.epochs}')
                row = {'step': epoch * run.steps_per_epoch, 'epoch': epoch}
                state, metrics = train_epoch(programs, state, batches, advance)
                row |= metrics
                # Test before refitting, as the ReSup release does; log before saving,
                # so that an epoch which is saved has its numbers.
                row |= test(programs, state, advance)
                state, metrics = look_back(programs, state, row, history, advance)
                row |= metrics
                row['seconds'] = round(time.perf_counter() - started, 3)
                results.write_history(workdir / 'history.npz', history)
                rows.write(row)
                checkpoint.save(
                    saved, state, epoch=epoch, accuracy=row['test/accuracy']
                )
                say(log.sentence(workdir.name, row, config.epochs))
            return finish(programs, state, rows.rows, history)


def train_epoch(programs, state, batches, advance):
    """One pass over the training set -> state, {'train/...': mean over the steps}.

    Raises:
      FloatingPointError: the loss is not finite.
    """
    config, run = programs.run.config, programs.run
    collected, waiting = [], []
    for number in range(1, run.steps_per_epoch + 1):
        batch = next(batches)
        state, metrics = programs.step(state, batch['images'], batch['index'])
        waiting.append(metrics)
        # Reading the metrics waits for the device; seldom, so that it never starves.
        if number % config.log_every_steps == 0 or number == run.steps_per_epoch:
            collected += jax.device_get(waiting)
            check_finite(collected[-len(waiting) :], int(jax.device_get(state.step)))
            advance(len(waiting) * config.batch_size)
            waiting = []
    return state, {
        f'train/{name}': float(np.mean([row[name] for row in collected]))
        for name in collected[0]
    }


def check_finite(rows, last_step):
    """Raises FloatingPointError at the first step whose loss is NaN or infinite."""
    for back, row in zip(range(len(rows), 0, -1), rows):
        if not math.isfinite(row['loss']):
            raise FloatingPointError(
                f'the loss of step {last_step - back} is {row["loss"]}; the newest'
                ' checkpoint is from before; try a smaller optimizer.learning_rate'
            )


def test(programs, state, advance):
    """Evaluates on the test split -> {'test/...': value}."""
    confusions = programs.confusions(state)
    advance(len(programs.run.test_labels))
    found = evaluation.summary(confusions)
    return {f'test/{name}': value for name, value in found.items()}


def look_back(programs, state, row, history, advance):
    """Scores every training example and refits -> state, {metric: value}.

    Appends scores and labels to `history`.
    """
    run = programs.run
    if run.algorithm.score is None:
        return state, {}
    scores = scoring.gather(
        programs.score, state, programs.all_training(), len(run.examples.ids), advance
    )
    history['scores'].append(scores)
    history['labels'].append(jax.device_get(state.labels))
    state = programs.refreshed(state, scores, (row['step'], row['epoch']))
    metrics = {f'memory/{name}': value for name, value in small_leaves(state.memory)}
    found = results.detection(programs.log_odds(state, history), run.examples)
    metrics |= {f'noise/{name}': value for name, value in found.items()}
    found = results.relabelling(run.examples, history)
    return state, metrics | {f'labels/{name}': value for name, value in found.items()}


def small_leaves(memory, largest=64):
    """(path, nested list) of each leaf of `memory` with few values."""
    for path, leaf in jax.tree_util.tree_leaves_with_path(memory):
        if leaf.size <= largest:
            name = jax.tree_util.keystr(path, simple=True, separator='/')
            yield name, jax.device_get(leaf).tolist()


def finish(programs, state, rows, history):
    """Writes labels.csv and, last, result.json; returns the latter's content."""
    run = programs.run
    probs = scoring.gather(
        programs.probs, state, programs.all_training(), len(run.examples.ids)
    )
    labels, flips = jax.device_get((state.labels, state.flips))
    log_odds = programs.log_odds(state, history)
    results.write_labels(
        run.workdir / 'labels.csv',
        run,
        final=labels,
        flips=flips,
        log_odds=log_odds,
        suggested=probs.mean(axis=0).argmax(axis=-1),
    )
    found = results.detection(log_odds, run.examples)
    found |= results.relabelling(run.examples, history)
    content = results.result(run, rows, programs.confusions(state), found)
    results.write_result(run.workdir / 'result.json', content)
    return content
