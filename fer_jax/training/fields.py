"""The fields of a config: what makes no sense, and what differs from a stored one."""

import json
import os
import pathlib
from collections.abc import Iterable
from typing import Any

from ml_collections import ConfigDict

from fer_jax import home, nets, settings, trees
from fer_jax.errors import Unusable
from fer_jax.training import files, optimizer, schema


def check(config: ConfigDict) -> None:
    """Raises Unusable at the first field that makes no sense."""
    for path, entry in schema.of(config).items():
        settings.check(path, entry, field(config, path))
    count, fold = config.data.folds, config.data.fold
    if count == 1 or fold >= max(count, 1):
        raise Unusable(
            f'data.folds is {count} and data.fold {fold}; give 2 folds or more, and a'
            ' fold from 0 to folds - 1, or 0 and 0 to leave none out'
        )
    check_noise(config.noise)
    check_schedule(config.optimizer)
    check_source(config)
    if not config.data.dir:
        raise Unusable(
            f'data.dir is empty; give the folder that {home.prepare()} wrote:'
            ' --config.data.dir=FOLDER'
        )


def stored(workdir: pathlib.Path) -> ConfigDict:
    """The config that the run in `workdir` was started with, to be changed at will.

    A field that it lacks is younger than the run, which had the default; one that was
    renamed has its name of today.

    Raises:
      Missing: no folder of a run.
      Unusable: its method is none of ours.
    """
    given = flat(files.read_config(workdir))
    known = flat(json.loads(schema.config(given['algorithm.name']).to_json()))
    for former, name in schema.FORMER.items():
        if former in given:
            given[name] = given.pop(former) or known[name]
    return thawed((known | given).items())


def located(config: ConfigDict) -> ConfigDict:
    """A copy in which files and folders have absolute paths, for use from anywhere."""
    made = ConfigDict(config)
    for path, entry in schema.of(config).items():
        if entry.path is None or path not in flat(config.to_dict()):
            continue
        holder, _, name = path.rpartition('.')
        group = field(made, holder) if holder else made
        value = group[name]
        many = value if entry.items else (value,)
        full = tuple(absolute(one, entry.path) for one in many)
        group[name] = full if entry.items else full[0]
    return made


def absolute(value: str, words: Iterable[str]) -> str:
    """The absolute path of a value that is none of some words, nor empty."""
    return value if value in ('', *words) else os.path.abspath(value)


def frozen(config: ConfigDict, names: Iterable[str]) -> tuple[tuple[str, Any], ...]:
    """(('a.b', value), ...): the fields of these parts of a config, hashable."""
    given = flat(json.loads(config.to_json()))
    return tuple(
        (path, tuple(value) if isinstance(value, list) else value)
        for path, value in sorted(given.items())
        if path.partition('.')[0] in names
    )


def thawed(pairs: Iterable[tuple[str, Any]]) -> ConfigDict:
    """The ConfigDict of what `frozen` gave."""
    return ConfigDict(trees.nested(dict(pairs), '.'))


def check_noise(config: ConfigDict) -> None:
    """Raises Unusable when the fields of config.noise make no sense together."""
    if config.kind in ('asymmetric_fer', 'matrix') and config.rate:
        raise Unusable(
            f'noise.kind={config.kind} has its own rates; leave noise.rate at 0,'
            f' got {config.rate}'
        )
    if config.kind == 'matrix' and not config.matrix:
        raise Unusable(
            'noise.kind=matrix needs --config.noise.matrix=FILE, a text file of'
            ' C rows of C probabilities'
        )
    drawing = ('rate', 'kind', 'exact', 'matrix', 'seed')
    given = [name for name in drawing if config[name] not in (0, '', 'symmetric')]
    if config.list and given:
        raise Unusable(
            'noise.list is a list that is drawn already; leave out noise.'
            + ', noise.'.join(given)
        )


def check_source(config: ConfigDict) -> None:
    """Raises Unusable when network and feed are not for what is learned from."""
    source, backbone = config.data.source, config.model.backbone
    if (source == 'features') != (backbone in nets.HEADS):
        raise Unusable(
            f'data.source={source} and model.backbone={backbone}: heads are for'
            ' features, and all other networks for images; on features write'
            ' on=features in the argument of --config'
        )
    resident, workers = config.data.resident, config.data.workers
    if source == 'features' and resident in ('host', 'no'):
        raise Unusable(
            f'data.resident={resident}: features lie on the devices; leave it out, or'
            ' learn from fewer of them: --config.data.max_train=N'
        )
    if resident == 'host' and workers:
        raise Unusable(
            f'data.resident=host and data.workers={workers}: each process would keep'
            ' all images; leave out one of the two'
        )


def check_schedule(config: ConfigDict) -> None:
    """Raises Unusable when the learning rates of config.optimizer make no sense."""
    for prefix, (_, epochs, factors) in optimizer.schedules(config).items():
        if list(epochs) != sorted(set(epochs)):
            raise Unusable(
                f'optimizer.{prefix}decay_epochs must rise from 1 on, got {epochs}; for'
                ' example (15,24)'
            )
        if config.schedule in optimizer.FALLING and len(epochs) != 2:
            raise Unusable(
                f'optimizer.schedule={config.schedule} needs two {prefix}decay_epochs,'
                f' where it starts to fall and where it is 0; got {epochs}'
            )
        fitting = {1} if config.schedule == 'exponential' else {1, len(epochs)}
        if len(factors) not in fitting:
            raise Unusable(
                f'optimizer.{prefix}decay_factors {factors} do not fit'
                f' {prefix}decay_epochs {epochs}; give one factor for all, as (0.1,)'
                + (', or one for each' if config.schedule == 'step' else '')
            )


def remarks(config: ConfigDict) -> list[str]:
    """Lines about fields that make sense and have no effect."""
    rates, said = config.optimizer, []
    for name in ('decay_epochs', 'classifier_decay_epochs'):
        epochs = tuple(rates[name])
        if rates.schedule in optimizer.FALLING:  # 0 at the second, behind the last
            late = [epoch for epoch in epochs if epoch > config.epochs]
        else:
            late = [epoch for epoch in epochs if epoch >= config.epochs]
        if late and rates.schedule != 'exponential':
            said.append(
                f'optimizer.{name} is {epochs} and epochs {config.epochs}: training'
                f' ends before {" and ".join(map(str, late))} can have an effect'
            )
    return said


def field(config: ConfigDict, path: str) -> Any:
    """config.a.b of 'a.b'.

    Raises:
      Unusable: there is none.
    """
    for name in path.split('.'):
        if name not in config:
            raise Unusable(f'the config has no {path}; make it by configs/default.py')
        config = config[name]
    return config


def flat(tree: dict[str, Any], prefix: str = '') -> dict[str, Any]:
    """{'a.b': value} of nested dicts, sequences as lists."""
    leaves: dict[str, Any] = {}
    for name, value in tree.items():
        if isinstance(value, dict):
            leaves |= flat(value, f'{prefix}{name}.')
        else:
            leaves[prefix + name] = value
    return leaves


def changes(config: ConfigDict, workdir: pathlib.Path) -> list[str]:
    """['a.b was 1 and is 2', ...]: what differs from the run's config in `workdir`."""
    if not files.has_config(workdir):
        return []
    before = flat(json.loads(located(stored(workdir)).to_json()))
    now = flat(json.loads(located(config).to_json()))
    return [
        f'{name} was {before.get(name)!r} and is {now.get(name)!r}'
        for name in sorted(before.keys() | now.keys())
        if name not in schema.FREE and before.get(name) != now.get(name)
    ]


def check_method(config: ConfigDict, workdir: pathlib.Path) -> None:
    """Raises Unusable when the run in `workdir` is of another method."""
    if not files.has_config(workdir):
        return
    now = config.algorithm.name
    before = flat(files.read_config(workdir)).get('algorithm.name', now)
    if now != before:
        raise Unusable(
            f'{workdir} holds a run of {before}, and this is {now}; name another'
            ' --workdir'
        )


def check_same(config: ConfigDict, workdir: pathlib.Path) -> None:
    """Raises Unusable when the run in `workdir` was started with another config."""
    differing = changes(config, workdir)
    if differing:
        raise Unusable(
            f'{workdir} holds a run with another config: {"; ".join(differing)};'
            ' name another --workdir, give the fields it was started with, or, to go'
            ' on with the new ones, add --accept_changes'
        )
