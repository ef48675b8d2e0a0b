"""The fields of a config: what makes no sense, and what differs from a stored one."""

import json
import math

from ml_collections import ConfigDict

from fer_jax import nets
from fer_jax.data import augment, sets
from fer_jax.errors import Unusable
from fer_jax.training import files, optimizer

DTYPES = ('float32', 'bfloat16')
ON_CORRUPT = ('stop', 'skip')
PEER_MAPS = ('auto', 'unroll', 'vmap', 'mesh')
# Fields that change where or how fast a run runs, not what comes out of it.
FREE = (
    'data.dir',
    'data.workers',
    'distributed.coordinator',
    'distributed.mode',
    'distributed.num_processes',
    'distributed.process_id',
    'distributed.timeout_s',
    'eval_batch_size',
    'keep_checkpoints',
    'log_every_steps',
    'noise.corrections',  # data.json has its sha256
    'peer_map',
    'save_every_steps',
)
# Fields that may differ from host to host.
OF_A_HOST = ('data.dir', 'data.workers', 'distributed.process_id')


def check(config):
    """Raises ValueError at the first field that makes no sense."""
    one_of('data.name', config.data.name, sets.SETS)
    one_of('data.on_corrupt', config.data.on_corrupt, ON_CORRUPT)
    one_of('data.augmentation', config.data.augmentation, augment.RECIPES)
    one_of('model.backbone', config.model.backbone, nets.BACKBONES)
    one_of('model.dtype', config.model.dtype, DTYPES)
    one_of('peer_map', config.peer_map, PEER_MAPS)
    one_of('optimizer.name', config.optimizer.name, optimizer.OPTIMIZERS)
    one_of('optimizer.schedule', config.optimizer.schedule, optimizer.SCHEDULES)
    for name in (
        'epochs', 'batch_size', 'eval_batch_size', 'log_every_steps',
        'keep_checkpoints', 'data.image_size_px', 'model.width',
    ):  # fmt: skip
        at_least(name, field(config, name), 1)
    for name in (
        'save_every_steps', 'data.max_train', 'data.workers', 'optimizer.weight_decay',
        'data.folds', 'data.fold',
    ):  # fmt: skip
        at_least(name, field(config, name), 0)
    count, fold = config.data.folds, config.data.fold
    if count == 1 or fold >= max(count, 1):
        raise Unusable(
            f'data.folds is {count} and data.fold {fold}; give 2 folds or more, and a'
            ' fold from 0 to folds - 1, or 0 and 0 to leave none out'
        )
    check_noise(config.noise)
    rate = config.optimizer.learning_rate
    if not (math.isfinite(rate) and rate > 0):
        raise Unusable(f'optimizer.learning_rate must be above 0, got {rate}')
    check_schedule(config.optimizer)
    if not config.data.dir:
        raise Unusable(
            'data.dir is empty; give the folder that python -m data_prep wrote:'
            ' --config.data.dir=FOLDER'
        )


def stored(workdir):
    """The config that the run in `workdir` was started with, to be changed at will.

    Raises:
      Missing: no folder of a run.
    """
    return ConfigDict(files.read_config(workdir))


def check_noise(config):
    """Raises ValueError when the fields of config.noise make no sense together."""
    if not 0 <= config.rate < 1:
        raise Unusable(
            f'noise.rate is a fraction in [0, 1), got {config.rate}; for 30 % write 0.3'
        )
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


def check_schedule(config):
    """Raises ValueError when the learning rates of config.optimizer make no sense."""
    at_least('optimizer.classifier_learning_rate', config.classifier_learning_rate, 0)
    for prefix in ('', 'classifier_'):
        epochs = tuple(config[f'{prefix}decay_epochs'])
        factors = tuple(config[f'{prefix}decay_factors'])
        if list(epochs) != sorted(set(epochs)) or any(epoch < 1 for epoch in epochs):
            raise Unusable(
                f'optimizer.{prefix}decay_epochs must rise from 1 on, got {epochs}; for'
                ' example (15,24)'
            )
        fitting = {1} if config.schedule == 'exponential' else {1, len(epochs)}
        if len(factors) not in fitting | ({0} if prefix else set()):
            raise Unusable(
                f'optimizer.{prefix}decay_factors {factors} do not fit'
                f' {prefix}decay_epochs {epochs}; give one factor for all, as (0.1,)'
                + (', or one for each' if config.schedule == 'step' else '')
            )
    epochs = tuple(config.decay_epochs)
    if config.schedule == 'linear' and len(epochs) != 2:
        raise Unusable(
            'optimizer.schedule=linear needs two decay_epochs, where it starts to fall'
            f' and where it is 0; got {epochs}'
        )


def field(config, path):
    """config.a.b of 'a.b'."""
    for name in path.split('.'):
        config = config[name]
    return config


def one_of(name, value, known):
    """Raises ValueError unless value is one of `known`."""
    if value not in known:
        raise Unusable(f'{name} is {value!r}; it must be one of {", ".join(known)}')


def at_least(name, value, least):
    """Raises ValueError when value is below `least`."""
    if value < least:
        raise Unusable(f'{name} must be {least} or more, got {value}')


def flat(tree, prefix=''):
    """{'a.b': value} of nested dicts, sequences as lists."""
    found = {}
    for name, value in tree.items():
        if isinstance(value, dict):
            found |= flat(value, f'{prefix}{name}.')
        else:
            found[prefix + name] = value
    return found


def changes(config, workdir):
    """['a.b was 1 and is 2', ...]: what differs from the run's config in `workdir`."""
    if not files.has_config(workdir):
        return []
    before = flat(files.read_config(workdir))
    now = flat(json.loads(config.to_json()))
    return [
        f'{name} was {before.get(name)!r} and is {now.get(name)!r}'
        for name in sorted(before.keys() | now.keys())
        if name not in FREE and before.get(name) != now.get(name)
    ]


def check_same(config, workdir):
    """Raises ValueError when the run in `workdir` was started with another config."""
    differing = changes(config, workdir)
    if differing:
        raise Unusable(
            f'{workdir} holds a run with another config: {"; ".join(differing)};'
            ' name another --workdir, give the fields it was started with, or, to go'
            ' on with the new ones, add --accept_changes'
        )
