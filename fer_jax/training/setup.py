"""From a config to a run: everything that can be wrong with it, before a device is
touched."""

import hashlib
import json
import pathlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.sharding import Mesh

from fer_jax.algorithms import Algorithm
from fer_jax.data import (
    corrections,
    folds,
    noise_list,
    pipeline,
    prepared,
    sets,
    whole,
)
from fer_jax.errors import Unusable
from fer_jax.training import (
    build,
    contents,
    feed,
    fields,
    files,
    hosts,
    mesh,
    pretrained,
    programs,
    schema,
    seals,
    trial,
)


class Examples(NamedTuple):
    """The training examples of a run; row i of each is example i of its tables."""

    positions: np.ndarray  # [N] rows of the prepared set's training split
    ids: np.ndarray  # [N] str
    labels: np.ndarray  # [N] int32, given: what the run learns from
    clean_labels: np.ndarray  # [N] int32, for diagnostics only; -1 when unknown
    learned: np.ndarray  # [N] bool, False for the fold that is left out


class Run(NamedTuple):
    """A run that can start."""

    config: Any
    workdir: pathlib.Path
    prepared: prepared.Prepared
    examples: Examples
    test_labels: np.ndarray  # [M] int32, the clean ones where they are known
    noise: noise_list.NoiseList | None
    corrected: corrections.Corrections | None
    spec: programs.Spec
    algorithm: Algorithm
    trial: trial.Trial
    order: pipeline.Order
    mesh: Mesh
    damage: list  # a line about each damaged place of the records, skipped
    starts: tuple  # pretrained.Start of each network; (): random weights

    @property
    def steps_per_epoch(self) -> int:
        return self.order.steps_per_epoch

    @property
    def num_classes(self) -> int:
        return len(self.prepared.class_names)

    @property
    def corrections(self) -> dict[str, int] | None:
        """How many labels of the split corrections changed and dropped, or None."""
        return corrected_counts(self.prepared, self.noise, self.corrected)


def prepare(
    config: Any, workdir: pathlib.Path | str, *, accept_changes: bool = False
) -> Run:
    """Checks everything, draws or reads the noise list, and returns a Run.

    Writes `noise.csv` and `noise.json`, `data.json` and `config.json` into `workdir`.

    Args:
      accept_changes: go on with a config that differs from the stored one; where the
        run is finished, with more epochs.

    Raises:
      Unusable: one line that says what was found, what was wanted
        and what to do.
      OSError: `workdir` cannot be written to.
    """
    workdir = pathlib.Path(workdir)
    fields.check_method(config, workdir)
    fields.check(config)
    if accept_changes:
        check_goes_on(config, workdir)
    else:
        fields.check_same(config, workdir)
    check_format(config, workdir)
    if hosts.first():
        whole.check_folder(workdir)
        whole.clear(workdir)
    data = prepared.load(config.data.dir)
    sets.check_classes(config.data.name, data.class_names)
    data, damage = check_records(data, config.data.on_corrupt)
    noise = find_noise(config, data, workdir) if adds_noise(config) else None
    corrected = read_corrections(config, data)
    examples = choose(config, data, noise, corrected)
    test_labels = labels_of_test(data.test)
    order = ordered(config, examples)
    algorithm = build.algorithm(
        config,
        num_classes=len(data.class_names),
        num_examples=len(examples.labels),
        platform=jax.default_backend(),  # here JAX starts
    )
    devices = mesh.of_run(config, algorithm)
    starts = choose_starts(config, algorithm, workdir)
    spec = programs.spec(
        config,
        num_classes=len(data.class_names),
        num_examples=len(examples.labels),
        stored_px=data.image_size_px,
        scale=pretrained.scale(starts),
        resident=feed.is_resident(
            config.data.resident,
            len(examples.labels) + len(test_labels),
            data.image_size_px,
            devices,
        ),
        platform=jax.default_backend(),
    )
    about = describe(data, examples, noise, corrected, damage, starts)
    check_same_data(workdir, about)
    if hosts.first():
        write(config, workdir, data, noise, about)
    return Run(
        config=config,
        workdir=workdir,
        prepared=data,
        examples=examples,
        test_labels=test_labels,
        noise=noise,
        corrected=corrected,
        spec=spec,
        algorithm=algorithm,
        trial=trial.make(
            config.seed,
            examples.labels,
            test_labels,
            order.steps_per_epoch,
            examples.learned,
        ),
        order=order,
        mesh=devices,
        damage=damage,
        starts=starts,
    )


def labels_of_test(split: prepared.Split) -> np.ndarray:
    """[M] int32 of the images that can be read: clean labels where they are known."""
    labels = np.where(split.clean_labels >= 0, split.clean_labels, split.labels)
    return labels[split.readable()]


def ordered(config: Any, examples: Examples) -> pipeline.Order:
    """The pipeline.Order of the examples that are learned from.

    Raises:
      Unusable: fewer of them than a batch.
    """
    learned = np.flatnonzero(examples.learned)
    if len(learned) < config.batch_size:
        raise Unusable(
            f'{len(learned)} training examples are fewer than one batch of'
            f' {config.batch_size}; set --config.batch_size to at most'
            f' {len(learned)}'
        )
    balanced = examples.labels[learned] if config.data.balanced else None
    return pipeline.Order(learned, config.batch_size, config.seed, balanced)


def write(
    config: Any,
    workdir: pathlib.Path,
    data: prepared.Prepared,
    noise: noise_list.NoiseList | None,
    about: dict[str, Any],
) -> None:
    """Writes what a run starts from; what it ended with goes, if it has more to do."""
    workdir.mkdir(parents=True, exist_ok=True)
    if noise is not None:
        noise_list.save(noise, data.train.ids, workdir)
    training = has_to_train(config, workdir)
    if training:
        files.withdraw(workdir)
    if training or not files.has_data(workdir):
        files.write_data(workdir, about)
    files.write_config(workdir, json.loads(config.to_json()))


def has_to_train(config: Any, workdir: pathlib.Path) -> bool:
    """Whether there is more to do for the run in `workdir` than a page."""
    return not files.finished(workdir) or bool(fields.changes(config, workdir))


def check_format(config: Any, workdir: pathlib.Path) -> None:
    """Raises Unusable when a run of an older version would be trained on."""
    if not (seals.steps(files.checkpoints(workdir)) and files.has_data(workdir)):
        return
    found = files.read_format(workdir)
    if found < contents.FORMAT and has_to_train(config, workdir):
        raise Unusable(
            f'{workdir} is a run of an older version (format {found}, now'
            f' {contents.FORMAT}), which can be evaluated, audited and exported, but'
            ' not trained on; nothing was changed; name another --workdir'
        )


def check_goes_on(config: Any, workdir: pathlib.Path) -> None:
    """Raises Unusable when the run in `workdir` has nothing to do by a new config."""
    differing = fields.changes(config, workdir)
    if not differing:
        return
    done, finished = len(files.read_rows(workdir)), files.finished(workdir)
    fewer = config.epochs < fields.stored(workdir).epochs  # an epoch may be under way
    if config.epochs < done + (finished or fewer):
        raise Unusable(
            f'{workdir} has done {done} epochs{", and is finished" * finished};'
            f' --accept_changes makes it do more, and epochs is {config.epochs}'
            f' (differing: {"; ".join(differing)}); nothing was changed; give more'
            ' epochs, or another --workdir'
        )


def digest(run: Run) -> bytes:
    """32 bytes of what all hosts have to agree on: config, examples and weights, and
    where images lie, for which `auto` asks the memory of the host."""
    given = fields.flat(json.loads(run.config.to_json()))
    common = {name: given[name] for name in given if name not in schema.PER_HOST}
    examples = run.examples
    # lists and corrections of labels may lie on a disk of each host
    labelled = examples.ids.tolist(), examples.labels.tolist()
    known = [common, run.prepared.digest, *labelled, run.starts, run.spec.resident]
    return hashlib.sha256(json.dumps(known).encode()).digest()


def check_records(
    data: prepared.Prepared, on_corrupt: str
) -> tuple[prepared.Prepared, list[str]]:
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


def check_same_data(workdir: pathlib.Path, about: dict[str, Any]) -> None:
    """Raises Unusable when the run in `workdir` was started with other data.

    Args:
      about: from `describe`; `data.json` keeps that of the start.
    """
    before = files.read_data(workdir) if files.has_data(workdir) else about
    for name, now in about.items():
        then = before.get(name, now)  # runs of older versions do not say all
        if then != now:
            raise Unusable(
                f'{workdir} was started with {name} {str(then)[:40]} and now'
                f' has {str(now)[:40]}; give --config.data.dir of the set it was'
                ' started with and the same --config.noise.corrections, or name'
                ' another --workdir'
            )


def choose_starts(
    config: Any, algorithm: Algorithm, workdir: pathlib.Path
) -> tuple[pretrained.Start, ...]:
    """The pretrained weights of each network.

    A run with a checkpoint does not look for the folders again: data.json knows them.
    """
    if seals.steps(files.checkpoints(workdir)) and files.has_data(workdir):
        stored = files.read_data(workdir).get('pretrained', ())
        return tuple(pretrained.Start(**start) for start in stored)
    return pretrained.choose(config, algorithm)


def describe(
    data: prepared.Prepared,
    examples: Examples,
    noise: noise_list.NoiseList | None,
    corrected: corrections.Corrections | None,
    damage: list[str],
    starts: Sequence[pretrained.Start],
) -> dict[str, Any]:
    """What says which data and weights a run learned from, when they may be gone."""
    scale = pretrained.scale(starts)
    return {
        'set': data.set_name,
        'class_names': list(data.class_names),
        'image_size_px': data.image_size_px,
        'digest': data.digest,
        'noise_list_sha256': noise.sha256 if noise else None,
        'corrections_sha256': corrected.sha256 if corrected else None,
        'corrections': corrected_counts(data, noise, corrected),
        'train_examples': len(examples.labels),
        'skipped_records': damage,
        'pretrained': [start._asdict() for start in starts],
        'scale': scale and [*map(list, scale)],  # None: that of the recipe
    }


def adds_noise(config: Any) -> bool:
    """Whether the config asks for label noise."""
    noise = config.noise
    return bool(noise.list or noise.rate or noise.kind in ('asymmetric_fer', 'matrix'))


def find_noise(
    config: Any, data: prepared.Prepared, workdir: pathlib.Path
) -> noise_list.NoiseList:
    """The run's noise list: the copy in `workdir`, that of `noise.list`, or drawn."""
    if noise_list.complete(workdir):
        return noise_list.load(workdir, data)
    noise = config.noise
    if noise.list:
        return noise_list.load(noise.list, data)
    return noise_list.draw(
        data,
        kind=noise.kind,
        rate=noise.rate,
        seed=noise.seed,
        exact=noise.exact,
        inclusive=noise.inclusive and noise.kind == 'symmetric',
        matrix=noise_list.read_matrix(noise.matrix) if noise.matrix else None,
    )


def read_corrections(
    config: Any, data: prepared.Prepared
) -> corrections.Corrections | None:
    """The decisions of noise.corrections; None when the config names no file."""
    path = config.noise.corrections
    if not path:
        return None
    return corrections.load(path, data.train.ids, data.class_names)


def given_labels(
    data: prepared.Prepared, noise: noise_list.NoiseList | None
) -> np.ndarray:
    """[N] labels of the training split, with noise if there is some."""
    return data.train.labels if noise is None else noise.labels


def corrected_counts(
    data: prepared.Prepared,
    noise: noise_list.NoiseList | None,
    corrected: corrections.Corrections | None,
) -> dict[str, int] | None:
    """{'changed', 'dropped'}: how many labels; None without corrections."""
    if corrected is None:
        return None
    return corrected.counts(given_labels(data, noise))


def drawn(split: prepared.Split, count: int, seed: int = 0) -> np.ndarray:
    """Rows of a split, rising: `count` drawn by a seed, all for 0; readable ones."""
    rows = np.arange(len(split.labels))
    if 0 < count < len(rows):
        generator = np.random.Generator(np.random.Philox(seed))
        order = np.argsort(generator.random(len(rows)), kind='stable')
        rows = np.sort(order[:count])
    return np.intersect1d(rows, split.readable())


def choose(
    config: Any,
    data: prepared.Prepared,
    noise: noise_list.NoiseList | None,
    corrected: corrections.Corrections | None,
) -> Examples:
    """The examples that a run knows of: all, or max_train drawn by subset_seed.

    Which ones are drawn depends on the seed and the size of the split alone, and the
    noise list covers the whole split: a larger subset keeps its labels. Corrections
    come last: they change given labels and drop examples.
    """
    positions = drawn(data.train, config.data.max_train, config.data.subset_seed)
    labels, clean_labels = given_labels(data, noise), data.train.clean_labels
    if noise is not None:
        clean_labels = noise_list.true_labels(data.train)
    if corrected is not None:
        labels = np.where(corrected.labels >= 0, corrected.labels, labels)
        positions = positions[~corrected.dropped[positions]]
    return Examples(
        positions=positions,
        ids=data.train.ids[positions],
        labels=labels[positions],
        clean_labels=clean_labels[positions],
        learned=learned_from(config.data, labels[positions]),
    )


def learned_from(settings: Any, labels: np.ndarray) -> np.ndarray:
    """[N] bool: whether an example is outside the fold that config.data leaves out."""
    if not settings.folds:
        return np.ones(len(labels), bool)
    return folds.assign(labels, settings.folds, settings.subset_seed) != settings.fold
