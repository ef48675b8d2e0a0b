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
    noise_list,
    pipeline,
    prepared,
    sets,
    source,
    whole,
)
from fer_jax.errors import Unusable
from fer_jax.training import (
    build,
    contents,
    feed,
    fields,
    files,
    front,
    hosts,
    mesh,
    programs,
    schema,
    seals,
    sinks,
    starts,
    trial,
)
from fer_jax.training.examples import (
    Examples,
    adds_noise,
    check_records,
    choose,
    corrected_counts,
    find_noise,
    labels_of_test,
    ordered,
    read_corrections,
)


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
    starts: tuple  # starts.Start of each network; (): random weights
    front: front.Front | None  # of a run on features

    @property
    def steps_per_epoch(self) -> int:
        return self.order.steps_per_epoch

    @property
    def num_classes(self) -> int:
        return len(self.prepared.class_names)

    @property
    def corrections(self) -> dict[str, int] | None:
        """How many labels of the split corrections changed, dropped, kept, or None."""
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
    sinks.check(config.log.sinks)
    config = fields.located(config)
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
    started = starts.of_run(config, algorithm, workdir)
    ahead = front.prepare(config, data, examples.positions, workdir)
    kind = source_of(config, data, started, ahead)
    build.check_seen(config.model.to_dict(), kind.seen)
    spec = programs.spec(
        config,
        source=kind,
        num_classes=len(data.class_names),
        num_examples=len(examples.labels),
        resident=ahead is not None
        or feed.is_resident(
            config.data.resident,
            len(examples.labels) + len(test_labels),
            kind.stored,
            devices,
        ),
        platform=jax.default_backend(),
    )
    about = describe(data, examples, noise, corrected, damage, started, ahead)
    check_same_data(workdir, about)
    if hosts.first():
        write(config, workdir, data, noise, about, ahead)
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
        starts=started,
        front=ahead,
    )


def write(
    config: Any,
    workdir: pathlib.Path,
    data: prepared.Prepared,
    noise: noise_list.NoiseList | None,
    about: dict[str, Any],
    ahead: front.Front | None,
) -> None:
    """Writes what a run starts from; what it ended with goes, if it has more to do."""
    workdir.mkdir(parents=True, exist_ok=True)
    if noise is not None:
        noise_list.save(noise, data.train.ids, workdir)
    if ahead is not None and not files.has_axes(workdir):
        files.write_axes(workdir, ahead.coordinates)
    training = has_to_train(config, workdir)
    if training:
        files.withdraw(workdir)
    if training or not files.has_data(workdir):
        files.write_data(workdir, about)
    files.write_config(workdir, json.loads(config.to_json()))


def source_of(
    config: Any,
    data: prepared.Prepared,
    started: Sequence[starts.Start],
    ahead: front.Front | None,
) -> source.Source:
    """What an example of a run is."""
    recipe = config.data.augmentation
    if ahead is not None:
        return ahead.source(recipe)
    scale = starts.scale(started)
    return source.Images(recipe, config.data.image_size_px, data.image_size_px, scale)


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


def describe(
    data: prepared.Prepared,
    examples: Examples,
    noise: noise_list.NoiseList | None,
    corrected: corrections.Corrections | None,
    damage: list[str],
    started: Sequence[starts.Start],
    ahead: front.Front | None,
) -> dict[str, Any]:
    """What says which data and weights a run learned from, when they may be gone."""
    scale = starts.scale(started)
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
        'start': [start._asdict() for start in started],
        'scale': scale and [*map(list, scale)],  # None: that of the recipe
    } | ({'features': ahead.about} if ahead else {})
