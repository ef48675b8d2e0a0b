"""From a config to a run: everything that can be wrong with it, before a device is
touched."""

import hashlib
import json
import math
import pathlib
from typing import Any, NamedTuple

import numpy as np
from jax.sharding import Mesh

from fer_jax import nets
from fer_jax.algorithms import Algorithm
from fer_jax.data import augment, noise_list, prepared, sets, whole
from fer_jax.training import build, hosts, mesh, optimizer

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
    'peer_map',
    'save_every_steps',
)
# Fields that may differ from host to host.
OF_A_HOST = ('data.dir', 'data.workers', 'distributed.process_id')


class Examples(NamedTuple):
    """The training examples of a run; row i of each is example i of its tables."""

    positions: np.ndarray  # [N] rows of the prepared set's training split
    ids: np.ndarray  # [N] str
    labels: np.ndarray  # [N] int32, given: what the run learns from
    clean_labels: np.ndarray  # [N] int32, for diagnostics only; -1 when unknown


class Run(NamedTuple):
    """A run that can start."""

    config: Any
    workdir: pathlib.Path
    prepared: prepared.Prepared
    examples: Examples
    test_labels: np.ndarray  # [N] int32, the clean ones where they are known
    noise: noise_list.NoiseList | None
    algorithm: Algorithm
    mesh: Mesh
    steps_per_epoch: int
    damage: list  # a line about each damaged place of the records, skipped

    @property
    def num_classes(self):
        return len(self.prepared.class_names)


def prepare(config, workdir, *, accept_changes=False):
    """Checks everything, draws or reads the noise list, and returns a Run.

    Writes `noise.csv` and `noise.json`, `data.json` and `config.json` into `workdir`.

    Args:
      accept_changes: go on with a config that differs from the stored one.

    Raises:
      ValueError, FileNotFoundError: one line that says what was found, what was wanted
        and what to do.
    """
    workdir = pathlib.Path(workdir)
    check(config)
    if not accept_changes:
        check_same(config, workdir)
    data = prepared.load(config.data.dir)
    sets.check_classes(config.data.name, data.class_names)
    data, damage = check_records(data, config.data.on_corrupt)
    noise = draw_noise(config, data, workdir) if adds_noise(config) else None
    examples = choose(config, data, noise)
    algorithm = build.algorithm(
        config,
        num_classes=len(data.class_names),
        num_examples=len(examples.labels),
    )
    if len(examples.labels) < config.batch_size:
        raise ValueError(
            f'{len(examples.labels)} training examples are fewer than one batch of'
            f' {config.batch_size}; set --config.batch_size to at most'
            f' {len(examples.labels)}'
        )
    devices = mesh.of_run(config, algorithm)  # here JAX starts
    about = describe(data, examples, noise, damage)
    check_same_data(workdir, about)
    if hosts.first():
        workdir.mkdir(parents=True, exist_ok=True)
        if noise is not None:
            noise_list.save(noise, data.train.ids, workdir)
        whole.write_text(workdir / 'data.json', json.dumps(about, indent=1) + '\n')
        whole.write_text(workdir / 'config.json', config.to_json(indent=1) + '\n')
    test = data.test
    test_labels = np.where(test.clean_labels >= 0, test.clean_labels, test.labels)
    return Run(
        config=config,
        workdir=workdir,
        prepared=data,
        examples=examples,
        test_labels=test_labels[test.readable()],
        noise=noise,
        algorithm=algorithm,
        mesh=devices,
        steps_per_epoch=len(examples.labels) // config.batch_size,
        damage=damage,
    )


def digest(run):
    """32 bytes of what all hosts have to agree on: config and training examples."""
    fields = flat(json.loads(run.config.to_json()))
    common = {name: fields[name] for name in fields if name not in OF_A_HOST}
    known = [common, run.prepared.digest, run.examples.ids.tolist()]
    return hashlib.sha256(json.dumps(known).encode()).digest()


def check_records(data, on_corrupt):
    """Reads every record once (an index is kept) -> data, lines about what is damaged.

    Raises:
      Damaged: a damaged record, unless `on_corrupt` is 'skip'.
    """
    if on_corrupt == 'skip':
        train, damage = data.train.salvaged()
        test, more = data.test.salvaged()
        return data._replace(train=train, test=test), damage + more
    for split in (data.train, data.test):
        split.records()
    return data, []


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
    ):  # fmt: skip
        at_least(name, field(config, name), 0)
    if not 0 <= config.noise.rate < 1:
        raise ValueError(
            f'noise.rate is a fraction in [0, 1), got {config.noise.rate};'
            ' for 30 % write 0.3'
        )
    if config.noise.kind in ('asymmetric_fer', 'matrix') and config.noise.rate:
        raise ValueError(
            f'noise.kind={config.noise.kind} has its own rates; leave noise.rate at 0,'
            f' got {config.noise.rate}'
        )
    if config.noise.kind == 'matrix' and not config.noise.matrix:
        raise ValueError(
            'noise.kind=matrix needs --config.noise.matrix=FILE, a text file of'
            ' C rows of C probabilities'
        )
    rate = config.optimizer.learning_rate
    if not (math.isfinite(rate) and rate > 0):
        raise ValueError(f'optimizer.learning_rate must be above 0, got {rate}')
    check_schedule(config.optimizer)
    if not config.data.dir:
        raise ValueError(
            'data.dir is empty; give the folder that python -m data_prep wrote:'
            ' --config.data.dir=FOLDER'
        )


def check_schedule(config):
    """Raises ValueError when the learning rates of config.optimizer make no sense."""
    at_least('optimizer.classifier_learning_rate', config.classifier_learning_rate, 0)
    for prefix in ('', 'classifier_'):
        epochs = tuple(config[f'{prefix}decay_epochs'])
        factors = tuple(config[f'{prefix}decay_factors'])
        if list(epochs) != sorted(set(epochs)) or any(epoch < 1 for epoch in epochs):
            raise ValueError(
                f'optimizer.{prefix}decay_epochs must rise from 1 on, got {epochs}; for'
                ' example (15,24)'
            )
        fitting = {1} if config.schedule == 'exponential' else {1, len(epochs)}
        if len(factors) not in fitting | ({0} if prefix else set()):
            raise ValueError(
                f'optimizer.{prefix}decay_factors {factors} do not fit'
                f' {prefix}decay_epochs {epochs}; give one factor for all, as (0.1,)'
                + (', or one for each' if config.schedule == 'step' else '')
            )
    epochs = tuple(config.decay_epochs)
    if config.schedule == 'linear' and len(epochs) != 2:
        raise ValueError(
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
        raise ValueError(f'{name} is {value!r}; it must be one of {", ".join(known)}')


def at_least(name, value, least):
    """Raises ValueError when value is below `least`."""
    if value < least:
        raise ValueError(f'{name} must be {least} or more, got {value}')


def flat(tree, prefix=''):
    """{'a.b': value} of nested dicts, sequences as lists."""
    found = {}
    for name, value in tree.items():
        if isinstance(value, dict):
            found |= flat(value, f'{prefix}{name}.')
        else:
            found[prefix + name] = value
    return found


def check_same(config, workdir):
    """Raises ValueError when the run in `workdir` was started with another config."""
    stored = workdir / 'config.json'
    if not stored.exists():
        return
    before = flat(json.loads(stored.read_text()))
    now = flat(json.loads(config.to_json()))
    differing = [
        f'{name} was {before.get(name)!r} and is {now.get(name)!r}'
        for name in sorted(before.keys() | now.keys())
        if name not in FREE and before.get(name) != now.get(name)
    ]
    if differing:
        raise ValueError(
            f'{workdir} holds a run with another config: {"; ".join(differing)};'
            ' name another --workdir, give the fields it was started with, or, to go'
            ' on with the new ones, add --accept_changes'
        )


def check_same_data(workdir, about):
    """Raises ValueError when the run in `workdir` was started with other data.

    Args:
      about: from `describe`; `data.json` keeps that of the start.
    """
    path = workdir / 'data.json'
    before = json.loads(path.read_text()) if path.exists() else about
    for name, now in about.items():
        if before[name] != now:
            raise ValueError(
                f'{workdir} was started with {name} {str(before[name])[:40]} and now'
                f' has {str(now)[:40]}; give --config.data.dir of the set it was'
                ' started with, or name another --workdir'
            )


def describe(data, examples, noise, damage):
    """What says which data a run learned from, when they may be gone."""
    return {
        'set': data.set_name,
        'class_names': list(data.class_names),
        'image_size_px': data.image_size_px,
        'train_examples': len(examples.labels),
        'digest': data.digest,
        'noise_list_sha256': noise.sha256 if noise else None,
        'skipped_records': damage,
    }


def adds_noise(config):
    """Whether the config asks for label noise."""
    return config.noise.rate > 0 or config.noise.kind in ('asymmetric_fer', 'matrix')


def draw_noise(config, data, workdir):
    """The run's noise list: the one in `workdir`, or drawn now."""
    if (workdir / 'noise.csv').exists():
        return noise_list.load(workdir, data)
    noise = config.noise
    return noise_list.draw(
        data,
        kind=noise.kind,
        rate=noise.rate,
        seed=noise.seed,
        exact=noise.exact,
        inclusive=noise.inclusive,
        matrix=read_matrix(noise.matrix) if noise.matrix else None,
    )


def read_matrix(path):
    """[C, C] float64 from a text file of C rows."""
    if not pathlib.Path(path).is_file():
        raise FileNotFoundError(
            f'noise.matrix: no file {path}; give C rows of C numbers'
        )
    try:
        return np.loadtxt(path, ndmin=2)
    except ValueError as error:
        raise ValueError(
            f'noise.matrix: {path} is not a table of numbers: {error}'
        ) from None


def choose(config, data, noise):
    """The examples that a run trains on: all, or max_train drawn by subset_seed.

    Which ones are drawn depends on the seed and the size of the split alone, and the
    noise list covers the whole split: a larger subset keeps its labels.
    """
    count = len(data.train.labels)
    positions = np.arange(count)
    if 0 < config.data.max_train < count:
        generator = np.random.Generator(np.random.Philox(config.data.subset_seed))
        drawn = np.argsort(generator.random(count), kind='stable')
        positions = np.sort(drawn[: config.data.max_train])
    positions = np.intersect1d(positions, data.train.readable())
    if noise is None:
        labels, clean_labels = data.train.labels, data.train.clean_labels
    else:
        labels, clean_labels = noise.labels, noise_list.true_labels(data.train)
    return Examples(
        positions=positions,
        ids=data.train.ids[positions],
        labels=labels[positions],
        clean_labels=clean_labels[positions],
    )
