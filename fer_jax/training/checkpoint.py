"""Checkpoints of a run: all of Orbax behind three functions."""

import contextlib
import logging

import jax
from orbax.checkpoint import v1 as ocp


@contextlib.contextmanager
def manager(folder, *, keep):
    """A checkpointer over `folder` that keeps the newest `keep` and the best on test.

    Half-written checkpoints of a killed process never carry a final name.
    """
    logging.getLogger('absl').setLevel(logging.WARNING)  # Orbax tells every save
    policies = ocp.training.preservation_policies
    kept = policies.AnyPreservationPolicy(
        [
            policies.LatestN(keep),
            policies.BestN(get_metric_fn=lambda found: found['accuracy'], n=1),
        ]
    )
    with ocp.training.Checkpointer(
        folder.absolute(), preservation_policy=kept, cleanup_tmp_directories=True
    ) as checkpointer:
        yield checkpointer


def save(checkpointer, state, *, epoch, accuracy):
    """Saves `state` as the one reached after `epoch` epochs, and waits for the disk."""
    checkpointer.save(epoch, state, metrics={'accuracy': accuracy}, force=True)


def restore(checkpointer, state):
    """(newest saved state, epochs done), or (state, 0) when there is none.

    Args:
      state: a fresh state; gives structure, shapes, dtypes and placement.
    """
    if checkpointer.latest is None:
        return state, 0
    wanted = jax.tree.map(
        lambda leaf: jax.ShapeDtypeStruct(
            leaf.shape, leaf.dtype, sharding=leaf.sharding
        ),
        state,
    )
    epoch = checkpointer.latest.step
    return checkpointer.load(epoch, wanted), epoch
