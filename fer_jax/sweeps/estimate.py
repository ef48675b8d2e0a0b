"""What is said of a plan before it begins: its runs, and how long they take here."""

import functools
import pathlib
from collections.abc import Sequence
from typing import Any

from fer_jax import cores
from fer_jax.data import prepared
from fer_jax.sweeps import runner
from fer_jax.sweeps.plan import Planned
from fer_jax.training import build, devices, pace

# Of heads on features, measured (docs/results.md): a run, an epoch with
# its checkpoint, and to learn from a view of an example by one network.
RUN_S, EPOCH_S, EXAMPLE_S = 1.5, 0.1, 14e-6


def sentences(plan: Sequence[Planned], workdir: pathlib.Path) -> list[str]:
    """Lines about a plan: what differs, what is done, and how long the rest takes.

    Raises:
      Unusable: a data set that is none.
    """
    left = [run for run in plan if runner.to_do(workdir / run.name)]
    said = [f'{workdir}: {len(plan)} runs, {differing(plan)}'.rstrip(', ')]
    if len(left) < len(plan):
        said.append(f'{len(plan) - len(left)} are finished, {len(left)} are left')
    if left:
        said.append(time_of(left))
    return said


def differing(plan: Sequence[Planned]) -> str:
    """What runs differ in, as '2 algorithm (resup, jocor) x 9 seed (0, 1, ..., 8)'."""
    columns: dict[str, dict[str, None]] = {}  # values in the order of the plan
    for run in plan:
        method = pathlib.Path(run.config.partition(':')[0]).stem
        for path, text in (('algorithm', method), *run.fields):
            columns.setdefault(path, {})[text] = None
    parts = []
    for path, texts in columns.items():
        if len(texts) > 1 and not (path == 'noise.seed' and 'seed' in columns):
            named = [*texts]
            if len(named) > 5:
                named[2:-1] = ['...']
            parts.append(f'{len(texts)} {path} ({", ".join(named)})')
    return ' x '.join(parts)


def time_of(plan: Sequence[Planned]) -> str:
    """How long runs take here, in words."""
    if devices.accelerated():
        return 'the first runs tell how long it takes'
    load = functools.cache(prepared.load)
    configs = (run.read() for run in plan)
    times = [seconds(config, load(config.data.dir)) for config in configs]
    total = pace.spoken(sum(times))
    some = f', without {times.count(0)} runs of networks that were not measured'
    return (
        f'{total} by one process on {cores.count()} cores, {pace.BASIS}'
        f'{some * (0 in times)}; the bar'
        ' tells from the first runs on'
    )


def seconds(config: Any, data: prepared.Prepared) -> float:
    """Seconds that a run of a config takes a CPU, about; 0: not known."""
    every = len(data.train.labels)
    every = min(every, config.data.max_train or every)
    learning = config.epochs * every
    looking = config.epochs * (every + len(data.test.labels))
    algorithm = build.algorithm(
        config,
        num_classes=len(data.class_names),
        num_examples=every,
        platform='cpu',
    )
    if config.data.source == 'features':
        each = (
            EPOCH_S * config.epochs
            + EXAMPLE_S * algorithm.peers * algorithm.views * learning
        )
        return RUN_S + each
    return pace.reckoned(config, algorithm, learning, looking)
