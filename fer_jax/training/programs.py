"""The programs of a run: pure functions of a spec, and where they are compiled.

What tells programs apart is a Spec, which is hashable; what tells runs of one program
apart is a Trial, an argument (training.trial). So runs that differ in seed, labels,
fold or length share one compiled program, within a process by `compiled` and between
processes by JAX's persistent cache. Devices enter in `compiled` alone: `lowered` needs
none.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.sharding import Mesh

from fer_jax import compiling
from fer_jax.algorithms import Algorithm
from fer_jax.data import source
from fer_jax.nets import peers
from fer_jax.training import (
    build,
    evaluation,
    fields,
    mesh,
    optimizer,
    scoring,
    step,
    trial,
)

SETTINGS = ('algorithm', 'model', 'optimizer', 'peer_map', 'proximity')  # of a config
LONGEST = 500  # steps of a chunk on features


class Spec(NamedTuple):
    """All that the programs of a run depend on, but for sizes of their arguments."""

    settings: tuple  # of the config's parts SETTINGS: ('a.b', value) of each field
    source: source.Source  # what an example is
    num_classes: int
    num_examples: int
    resident: bool  # the pool is the whole set, or the examples of the call
    platform: str  # 'cpu', 'gpu', 'tpu'


class Programs(NamedTuple):
    """The functions of a spec. `trial` is a Trial, everything else as in their modules.

    `pool` holds stored examples: [n, ...], all of a split, for a resident source, and
    else those of the call, [B, ...] or, for `advance`, [S, B, ...].
    """

    algorithm: Algorithm
    source: source.Source
    create: Callable  # trial -> state
    advance: Callable  # state, trial, pool, order [S, B] -> state, metrics {name: [S]}
    score: Callable  # state, trial, pool, index [B] -> scores [P, B], probs [B, C]
    count: Callable  # state, trial, pool, index, mask, tau [] -> confusions [V, C, C]
    look_back: Callable  # state, trial, scores [P, N], probs [N, C] -> state
    log_odds: Callable  # state, trial, scores [P, N] -> [P, N]
    absorb: Callable | None  # state, trial, pool, index, mask -> state


def spec(
    config: Any,
    *,
    source: source.Source,
    num_classes: int,
    num_examples: int,
    resident: bool,
    platform: str,
) -> Spec:
    """The Spec of a config; the rest as for Spec."""
    return Spec(
        settings=fields.frozen(config, SETTINGS),
        source=source,
        num_classes=num_classes,
        num_examples=num_examples,
        resident=resident,
        platform=platform,
    )


def pure(spec: Spec) -> Programs:
    """The Programs of a spec, not compiled."""
    settings = fields.thawed(spec.settings)
    algorithm = build.algorithm(
        settings,
        num_classes=spec.num_classes,
        num_examples=spec.num_examples,
        platform=spec.platform,
    )
    update = optimizer.make(settings.optimizer)
    examples = spec.source._replace(views=algorithm.views)
    create = functools.partial(
        step.create, algorithm, update, examples, spec.num_classes
    )
    train_step = step.make_step(algorithm, update, examples)
    absorb = None
    if algorithm.absorb:
        absorb = from_pool(scoring.make_absorb(algorithm, examples), spec.resident)
    return Programs(
        algorithm=algorithm,
        source=examples,
        create=create,
        advance=step.make_advance(train_step, taken if spec.resident else passed),
        score=from_pool(scoring.make_score(algorithm, examples), spec.resident),
        count=from_pool(
            evaluation.make_count(algorithm, examples, spec.num_classes), spec.resident
        ),
        look_back=scoring.make_look_back(algorithm),
        log_odds=scoring.make_log_odds(algorithm),
        absorb=absorb,
    )


def taken(pool: jax.Array, order: jax.Array, s: int | jax.Array) -> jax.Array:
    """The examples of step s out of a pool of all: pool [n, ...], order [S, B]."""
    return pool[order[s]]


def passed(pool: jax.Array, order: jax.Array, s: int | jax.Array) -> jax.Array:
    """The examples of step s where the pool [S, B, ...] is those of the call."""
    del order
    return pool[s]


def from_pool(function: Callable, resident: bool) -> Callable:
    """function(state, trial, stored, index, ...) with a pool in the place of stored."""
    if not resident:
        return function

    @functools.wraps(function)
    def gathered(state, trial, pool, index, *rest):
        return function(state, trial, pool[index], index, *rest)

    return gathered


# As many as a sweep over methods alternates between; each keeps what it has compiled.
@functools.lru_cache(maxsize=16)
def compiled(spec: Spec, devices: Mesh) -> Programs:
    """The Programs of a spec on a mesh: the only place where training is jitted.

    Each compiles when it is first called, and again for arguments of other shapes.
    `advance` updates the state in place; the others leave it, for a stop may come.
    """
    functions = pure(spec)
    everywhere = mesh.everywhere(devices)
    with jax.set_mesh(devices):
        state = mesh.of_state(devices, jax.eval_shape(functions.create, trials(spec)))
    looking = functools.partial(
        compiling.jit, work='look', platform=spec.platform, out_shardings=everywhere
    )
    return functions._replace(
        # Compiled, each leaf of the state has a buffer of its own to be donated.
        create=jax.jit(functions.create, out_shardings=state),
        advance=compiling.jit(
            functions.advance,
            'learn',
            spec.platform,
            donate_argnums=0,
            out_shardings=(state, everywhere),
        ),
        score=looking(functions.score),
        count=looking(functions.count),
        look_back=jax.jit(functions.look_back, out_shardings=state),
        log_odds=jax.jit(functions.log_odds, out_shardings=everywhere),
        absorb=functions.absorb and looking(functions.absorb, out_shardings=state),
    )


def trials(spec: Spec, num_test: int = 1) -> trial.Trial:
    """The shapes of a Trial of the spec's programs; `num_test` is M."""
    return jax.eval_shape(
        lambda: trial.Trial(
            key=jax.random.key(0),
            given=jnp.zeros(spec.num_examples, jnp.int32),
            learned=jnp.zeros(spec.num_examples, bool),
            test_labels=jnp.zeros(num_test, jnp.int32),
            steps_per_epoch=jnp.zeros((), jnp.int32),
        )
    )


def shapes(
    spec: Spec, batch_size: int, *, steps: int = 1, num_test: int = 1
) -> dict[str, tuple[Any, ...]]:
    """{name of a program: shapes of its arguments}.

    Args:
      batch_size: B, of training and of the passes.
      steps: S of `advance`.
      num_test: M.
    """
    functions = pure(spec)
    trial_shapes = trials(spec, num_test)
    state = jax.eval_shape(functions.create, trial_shapes)
    stored = functions.source.stored
    networks = functions.algorithm.peers

    def pool(*leading):
        leading = (spec.num_examples,) if spec.resident else leading
        return jax.ShapeDtypeStruct((*leading, *stored.shape), stored.dtype)

    def array(dtype, *shape):
        return jax.ShapeDtypeStruct(shape, dtype)

    index, mask = array(jnp.int32, batch_size), array(bool, batch_size)
    scored = array(jnp.float32, networks, spec.num_examples)
    probs = array(jnp.float32, spec.num_examples, spec.num_classes)
    order = array(jnp.int32, steps, batch_size)
    arguments: dict[str, tuple[Any, ...]] = {
        'create': (trial_shapes,),
        'advance': (state, trial_shapes, pool(steps, batch_size), order),
        'score': (state, trial_shapes, pool(batch_size), index),
        'count': (
            state,
            trial_shapes,
            pool(batch_size),
            index,
            mask,
            array(jnp.float32),
        ),
        'look_back': (state, trial_shapes, scored, probs),
        'log_odds': (state, trial_shapes, scored),
    }
    if functions.absorb:
        arguments['absorb'] = (state, trial_shapes, pool(batch_size), index, mask)
    return arguments


def lowered(spec: Spec, name: str, arguments: tuple[Any, ...]) -> jax.stages.Lowered:
    """The program `name` lowered for the spec's platform, which need not be here.

    Args:
      arguments: shapes, as `shapes` gives them.

    Returns:
      A jax.stages.Lowered; as_text() is its StableHLO.
    """
    platform = {'gpu': 'cuda'}.get(spec.platform, spec.platform)
    traced = jax.jit(getattr(pure(spec), name)).trace(*arguments)
    return traced.lower(lowering_platforms=(platform,))


def chunk(spec: Spec, steps_per_epoch: int, save_every: int = 0) -> int:
    """Steps that one call of `advance` takes: S.

    One where the examples of a call come from the host, and as nets.peers.CHUNK says
    where they are on the device already. Features are not convolved: an epoch, or parts
    of one size, short enough for a stop to be heard and, by config.save_every_steps,
    for checkpoints within an epoch: any S gives the same bits.
    """
    if not spec.resident:
        return 1
    if isinstance(spec.source, source.Images):
        return min(peers.CHUNK[spec.platform], steps_per_epoch)
    parts = -(-steps_per_epoch // min(LONGEST, save_every or LONGEST))
    return -(-steps_per_epoch // parts)
