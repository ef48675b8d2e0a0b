"""The story of a run, top to bottom."""

import contextlib
import hashlib
import time
from collections.abc import Callable, Iterator
from typing import Any

import jax

from fer_jax import trees
from fer_jax.training import (
    checkpoint,
    evaluation,
    fields,
    files,
    history,
    hosts,
    log,
    measures,
    mesh,
    optimizer,
    pace,
    results,
    seals,
    setup,
    sinks,
    starts,
    stopping,
)
from fer_jax.training.session import Session
from fer_jax.training.step import TrainState, by_step, check_finite


def finished(run: setup.Run) -> bool:
    """Whether the run in this folder is complete."""
    return files.finished(run.workdir)


def train(
    run: setup.Run,
    stop: Callable[[], bool] = lambda: False,
    *,
    profile: range = range(0),
    shown: bool = True,
    watch: log.Watch | None = None,
) -> dict[str, Any] | None:
    """Trains `run` from where its folder says it is, and writes its results.

    Args:
      run: from setup.prepare.
      stop: asked before each step and between batches; True saves and returns early.
      profile: steps to trace, from 0 on over the whole run.
      shown: whether it says how far it is.
      watch: of several runs, what shows them and says when to stop; None: a bar of its
        own, if `shown`, and `stop`.

    Returns:
      The content of result.json; None when stopped.

    Raises:
      FloatingPointError: the loss or a gradient became NaN or infinite; the newest
        checkpoint is from before.
      AlreadyRunning: another process trains in the folder.
      Damaged: the files of the folder do not belong together, or a record of the data
        set was changed.
      OSError: a file cannot be written or read, as on a full disk.
      Unusable: a sink of config.log does not start; a run without such steps.
    """
    config, workdir = run.config, run.workdir
    checkpoints = files.checkpoints(workdir)
    with (
        jax.set_mesh(run.mesh),
        stopping.alone(workdir) if hosts.first() else contextlib.nullcontext(),
        log.watching(
            workdir.name, stop, shown=shown and hosts.first(), watch=watch
        ) as watch,
    ):
        step, place = hosts.together(
            lambda: seals.trusted(checkpoints, watch.say) or (0, seals.Place()),
            lambda newest: hashlib.sha256(str(newest[0]).encode()).digest(),
        )
        measures.check(
            profile,
            run.steps_per_epoch * place.epoch + place.steps,
            run.steps_per_epoch * config.epochs,
        )
        past = history.Writer(
            workdir,
            place.epoch,
            run.examples.labels,
            run.num_classes,
            writing=hosts.first(),
        )
        with (
            checkpoint.manager(checkpoints, keep=config.keep_checkpoints) as saved,
            log.Log(workdir, place.epoch, writing=hosts.first()) as rows,
            sinks.opened(
                config.log.sinks if hosts.first() else (),
                workdir,
                fields.flat(config.to_dict()),
                rows.rows,
                watch.say,
            ) as also,
            measures.Trace(
                profile if hosts.first() else range(0),
                workdir / measures.FOLDER,
                watch.say,
            ) as trace,
        ):
            rows.send_to(also)
            watch.start(sum(pace.left(run, place)), pace.of_run(run, place))
            for line in run.damage:
                watch.say(f'skipped: {line}')
            if run.corrections:
                watch.say(f'{workdir.name}: {results.corrections(run.corrections)}')
            try:
                session = Session(run, watch.advance, trace)
                state = begin(session, saved, step, place, watch)
                with jax.transfer_guard('disallow'):
                    return go_on(session, state, place, past, rows, saved, watch)
            except stopping.Stopped:
                return None


def begin(
    session: Session, saved: Any, step: int, place: seals.Place, watch: log.Watch
) -> TrainState:
    """The state to go on from: fresh at step 0, or that of the checkpoint of `step`."""
    run = session.run
    for line in pace.sentences(run, place):
        watch.say(f'{run.workdir.name}: {line}')
    watch.say(
        f'{run.workdir.name}: on {mesh.words(run.mesh)}; compiling, and SIGTERM and'
        ' Ctrl-C are heard meanwhile'
    )
    state = session.fresh()
    if not step:
        for line in starts.words(run):
            watch.say(f'{run.workdir.name}: {line}')
        state = starts.load(state, run)
        return session.absorb(state, watch.advance)
    watch.say(f'{run.workdir} goes on {place.words()}')
    return checkpoint.restore(saved, step, state)


def go_on(
    session: Session,
    state: TrainState,
    place: seals.Place,
    past: history.Writer,
    rows: log.Log,
    saved: Any,
    watch: log.Watch,
) -> dict[str, Any]:
    """Trains from `place` to the end of the last epoch -> content of result.json.

    Raises:
      Stopped: when asked to, after saving.
    """
    run, config = session.run, session.run.config
    names = run.prepared.class_names
    chunks = session.feed.chunks(int(jax.device_get(state.step)))
    while place.epoch < config.epochs:
        watch.epoch(place.epoch + 1, config.epochs)
        state, place = train_epoch(session, state, place, chunks, saved, watch)
        started = time.perf_counter()
        epoch = place.epoch + 1
        row: dict[str, Any] = {'step': epoch * run.steps_per_epoch, 'epoch': epoch}
        trained = place.means() | optimizer.rates_of_epoch(
            config.optimizer, place.epoch
        )
        row |= {f'train/{name}': value for name, value in trained.items()}
        row |= measures.of_training(
            run.steps_per_epoch * config.batch_size, place.seconds
        )
        try:
            # Test before refitting, as the ReSup release does; log before saving,
            # so that an epoch which is saved has its numbers.
            row |= test(session, state, watch.advance)
            new, metrics = look_back(session, state, past, watch)
        except stopping.Stopped:
            checkpoint.save(saved, state, place, names)
            raise
        state, row = new, row | metrics
        row[measures.SECONDS] = round(place.seconds + time.perf_counter() - started, 3)
        rows.write(row)
        place = seals.Place(epoch=epoch)
        checkpoint.save(saved, state, place, names, accuracy=row['test/accuracy'])
        watch.say(log.sentence(run.workdir.name, row, config.epochs))
    return finish(session, state, rows.rows, past)


def train_epoch(
    session: Session,
    state: TrainState,
    place: seals.Place,
    chunks: Iterator,
    saved: Any,
    watch: log.Watch,
) -> tuple[TrainState, seals.Place]:
    """The rest of one pass over the training set -> state, place after its last step.

    Raises:
      FloatingPointError: the loss or a gradient is not finite.
      Stopped: when asked to, after saving.
    """
    config, run = session.run.config, session.run
    waiting, steps = [], place.steps
    while steps < run.steps_per_epoch:
        before, stopping_now = steps, watch.stop()
        if not stopping_now:
            started = time.perf_counter()
            pool, order = next(chunks)
            first = run.steps_per_epoch * place.epoch + steps
            state, metrics = session.advance(state, pool, order, first)
            waiting.append(metrics)
            steps += len(order)
            place = place.later(time.perf_counter() - started)
        saving = stopping_now or due(before, steps, config.save_every_steps)
        logging = due(before, steps, config.log_every_steps)
        # Reading the metrics waits for the device; seldom, so that it never starves.
        if saving or logging or steps == run.steps_per_epoch:
            started = time.perf_counter()
            rows = by_step(jax.device_get(waiting))
            check_finite(rows, state, run.steps_per_epoch * place.epoch + place.steps)
            for row in rows:
                del row['bad_leaf']
            place = place.after(rows).later(time.perf_counter() - started)
            watch.learned(len(rows) * config.batch_size)
            waiting = []
        if saving and 0 < steps < run.steps_per_epoch:
            checkpoint.save(saved, state, place, run.prepared.class_names)
        if stopping_now:
            raise stopping.Stopped
    return state, place


def due(before: int, steps: int, every: int) -> bool:
    """Whether a multiple of `every` lies after `before` and up to `steps`; 0: never."""
    return every > 0 and steps // every > before // every


def test(
    session: Session, state: TrainState, advance: Callable[[int], object]
) -> dict[str, float]:
    """Evaluates on the test split -> {'test/...': value}."""
    confusions = session.confusions(state)
    advance(len(session.run.test_labels))
    values = evaluation.summary(confusions, session.run.algorithm.answer)
    return {f'test/{name}': value for name, value in values.items()}


def look_back(
    session: Session, state: TrainState, past: history.Writer, watch: log.Watch
) -> tuple[TrainState, dict[str, Any]]:
    """Scores every training example and refits -> state, {metric: value}.

    Appends scores, labels and the method's fit to `past`.

    Raises:
      Stopped: when asked to; `state` and `past` are as before.
    """
    run = session.run
    scores, probs = session.score(state, watch.advance)
    state = session.look_back(state, scores, probs)
    log_odds = session.log_odds(state, scores)
    fit = jax.device_get(trees.named(run.algorithm.fit_of(state.memory)))
    past.append(scores, jax.device_get(state.labels), fit)
    metrics = {f'memory/{name}': value for name, value in small_leaves(state.memory)}
    detected = results.detection(log_odds, run.examples)
    metrics |= {f'noise/{name}': value for name, value in detected.items()}
    changed = results.relabelling(run.examples, past.flips)
    for name in results.vanished(run, past.flips):
        watch.say(f'no example is labelled {name} any more')
    return state, metrics | {f'labels/{name}': value for name, value in changed.items()}


def small_leaves(memory: Any, largest: int = 64) -> Iterator[tuple[str, Any]]:
    """(path, nested list) of each leaf of `memory` with few values."""
    for name, leaf in trees.named(memory).items():
        if leaf.size <= largest:
            yield name, jax.device_get(leaf).tolist()


def finish(
    session: Session,
    state: TrainState,
    rows: list[dict[str, Any]],
    past: history.Writer,
) -> dict[str, Any]:
    """Writes labels.csv and, last, result.json; returns the latter's content."""
    run = session.run
    labels, flips, evidence = jax.device_get(
        (state.labels, state.flips, state.evidence)
    )
    log_odds = session.log_odds(state, past.newest['scores'])
    told: dict[str, Any] = results.detection(log_odds, run.examples)
    told |= results.relabelling(run.examples, past.flips)
    if run.config.adjust:
        counts = session.confusions(state, run.config.adjust)
        told |= {'adjusted': results.adjusted(run, counts[0])}
    content = results.result(run, rows, session.confusions(state), told)
    if hosts.first():
        table = results.labels(
            run.examples,
            final=labels,
            flips=flips,
            log_odds=log_odds,
            suggested=evidence.argmax(axis=-1),
        )
        files.write_labels(run.workdir, table, run.prepared.class_names)
        history.write_evidence(run.workdir, evidence)
        past.join()
        files.write_result(run.workdir, content)
    return content
