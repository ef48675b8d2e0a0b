"""Checkpoints of a run, and trees of weights: all of Orbax."""

import contextlib
import logging
import os
import pathlib
import re
import tempfile
from collections.abc import Iterator, Sequence
from typing import Any

import jax
import numpy as np
from orbax.checkpoint import v1 as ocp

from fer_jax import trees
from fer_jax.data import whole
from fer_jax.errors import Missing, Unusable
from fer_jax.training import hosts, seals

# Orbax hands paths to glob and turns backslashes; TensorStore wants UTF-8.
MISREAD = re.compile(r'[\[\]?*\\\ud800-\udfff]')


@contextlib.contextmanager
def spoken(path: pathlib.Path) -> Iterator[pathlib.Path]:
    """Yields `path` as Orbax and TensorStore take it literally, whatever its name.

    A folder `runs [a]` is a pattern to Orbax: it writes a checkpoint there, finds none
    of its parts again and says nothing. Such a path goes through a link to its parent,
    which must be there; its last part is a name of ours.
    """
    logging.getLogger('absl').setLevel(logging.CRITICAL)  # what fails also raises
    path = path.absolute()
    if not MISREAD.search(str(path)):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix='fer_jax-') as folder:
        link = pathlib.Path(folder) / 'link'
        link.symlink_to(path.parent, target_is_directory=True)
        yield link / path.name


@contextlib.contextmanager
def opened(
    folder: pathlib.Path, **settings: Any
) -> Iterator[ocp.training.Checkpointer]:
    """Yields Orbax's Checkpointer over `folder`, and closes it."""
    with spoken(folder) as path:
        checkpointer = ocp.training.Checkpointer(path, **settings)
        try:
            yield checkpointer
        except BaseException:
            with contextlib.suppress(Exception):  # closing fails as saving did
                checkpointer.close()
            raise
        checkpointer.close()


@contextlib.contextmanager
def manager(folder: pathlib.Path, *, keep: int) -> Iterator[ocp.training.Checkpointer]:
    """A checkpointer over `folder` that keeps the newest `keep` and the best on test.

    Open it after `seals.trusted`, which puts away what Orbax would stumble on.
    """
    policies = ocp.training.preservation_policies
    best = policies.BestN(
        get_metric_fn=lambda metrics: metrics['accuracy'],
        n=1,
        keep_checkpoints_without_metrics=False,  # those saved within an epoch
    )
    kept = policies.AnyPreservationPolicy([policies.LatestN(keep), best])
    with opened(
        folder, preservation_policy=kept, cleanup_tmp_directories=True
    ) as checkpointer:
        yield checkpointer


def save(
    checkpointer: ocp.training.Checkpointer,
    state: Any,
    place: seals.Place,
    class_names: Sequence[str] = (),
    *,
    accuracy: float | None = None,
) -> None:
    """Saves `state` and `place` under the state's step, and waits for the disk.

    Args:
      class_names: of the classifier's outputs; they stay with the checkpoint.
      accuracy: on the test set, at the end of an epoch; None within one.

    Raises:
      OSError: the disk is full, or the folder cannot be written to.
    """
    step = int(jax.device_get(state.step))
    try:
        checkpointer.save(
            step,
            state,
            metrics=None if accuracy is None else {'accuracy': accuracy},
            custom_metadata={'class_names': list(class_names)},
            force=True,
            # The end of an epoch replaces a stop between its last step and its test.
            overwrite=any(known.step == step for known in checkpointer.checkpoints),
        )
    except ValueError as error:  # how TensorStore reports what the disk refuses
        where = str(pathlib.Path(checkpointer.directory).resolve() / str(step))
        code = re.search(r"os_error_code='(\d+)'", str(error))
        if code is None:
            raise OSError(f'{where}: {error}') from None
        number = int(code[1])
        raise OSError(number, os.strerror(number), where) from None
    if hosts.first():
        seals.write(pathlib.Path(checkpointer.directory) / str(step), place)


def leaves(folder: pathlib.Path, step: int) -> dict[str, np.ndarray]:
    """{name: array on the host} of every leaf of a saved state, as it was saved."""
    with opened(folder) as checkpointer:
        state = checkpointer.load(step, placed(checkpointer.metadata(step).metadata))
    return jax.device_get(trees.named(state))


def restore(checkpointer: ocp.training.Checkpointer, step: int, state: Any) -> Any:
    """The state saved under `step`.

    Args:
      state: a fresh state; gives structure, shapes, dtypes and placement.

    Raises:
      Damaged: the saved state has another structure or other shapes.
    """
    wanted = jax.tree.map(
        lambda leaf: jax.ShapeDtypeStruct(
            leaf.shape, leaf.dtype, sharding=leaf.sharding
        ),
        state,
    )
    try:
        return checkpointer.load(step, wanted)
    except (ValueError, KeyError) as error:
        said = str(error).strip().splitlines()[0][:120]
        raise whole.Damaged(
            f'the checkpoint of step {step} does not fit this config ({said}); give the'
            ' config that the run was started with'
        ) from None


def read(
    folder: pathlib.Path, which: str, wanted: Any, class_names: Sequence[str]
) -> Any:
    """Parts of a saved state, for use without training.

    Args:
      folder: of a run's checkpoints; nothing in it is changed.
      which: 'last', 'best' (on test) or the number of a checkpoint.
      wanted: {field of the state: tree of ShapeDtypeStructs}; nothing else is read.
      class_names: those that the run's other files say it has.

    Returns:
      The same tree with arrays on the host.

    Raises:
      Missing: there is no such checkpoint.
      Damaged: it does not agree with its seal.
      Unusable: it lacks a wanted leaf, or has it in another shape: names the leaf;
        or it is of other classes.
    """
    if not folder.is_dir():
        raise Missing(f'{folder}: no checkpoint yet; train the run first')
    with opened(folder) as checkpointer:
        step = choose(folder, checkpointer.checkpoints, which)
        try:
            seals.check(folder / str(step))
        except ValueError as error:
            raise whole.Damaged(
                f'the checkpoint of step {step} in {folder} is damaged ({error}); take'
                ' another one'
            ) from None
        about = checkpointer.metadata(step)
        check_fits(wanted, about.metadata)
        # checkpoints of older versions do not say
        own = (about.custom_metadata or {}).get('class_names', ())
        if own and list(own) != list(class_names):
            raise Unusable(f'it is of the classes {", ".join(own)}, in this order')
        context = ocp.Context()
        context.pytree_options.loading.partial_load = True
        with context:
            return jax.device_get(checkpointer.load(step, placed(wanted)))


def choose(folder: pathlib.Path, checkpoints: Sequence[Any], which: str) -> int:
    """Number of the checkpoint that `which` names."""
    if not checkpoints:
        raise Missing(f'{folder}: no checkpoint yet; train the run first')
    if which == 'last':
        return max(known.step for known in checkpoints)
    if which == 'best':
        tested = [known for known in checkpoints if known.metrics]
        if not tested:
            raise Missing(
                f'{folder}: no checkpoint has test numbers yet; take which=last'
            )
        return max(tested, key=lambda known: known.metrics['accuracy']).step
    steps = sorted(known.step for known in checkpoints)
    if which not in map(str, steps):
        raise Missing(
            f'{folder}: no checkpoint {which!r}; there are last, best and'
            f' {", ".join(map(str, steps))}'
        )
    return int(which)


def check_fits(wanted: Any, stored: Any) -> None:
    """Raises Unusable when a leaf of `wanted` is not in `stored`, or is another."""
    there = trees.named(stored)
    for name, leaf in trees.named(wanted).items():
        if name not in there:
            raise Unusable(f'there is no {name}, wanted {tuple(leaf.shape)}')
        if tuple(there[name].shape) != tuple(leaf.shape):
            raise Unusable(
                f'{name} is {tuple(there[name].shape)}, wanted {tuple(leaf.shape)}'
            )


def placed(wanted: Any) -> Any:
    """`wanted` on the first device, wherever it was when it was saved."""
    here = jax.sharding.SingleDeviceSharding(jax.local_devices()[0])
    return jax.tree.map(
        lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=here), wanted
    )


def write_tree(path: pathlib.Path, tree: Any) -> None:
    """Writes nested dicts of arrays as an Orbax checkpoint at `path`."""
    with spoken(path) as path:
        ocp.save(path, tree)


def read_tree(path: pathlib.Path) -> Any:
    """The nested dicts of arrays of write_tree, on the host."""
    with spoken(path) as path:
        shapes = jax.tree.map(
            lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype),
            ocp.metadata(path).metadata,
        )
        return jax.device_get(ocp.load(path, placed(shapes)))
