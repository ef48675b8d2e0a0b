"""Devices: which rows of a batch and which networks live where.

A mesh has two axes. Batches are split over `data`; `net` spreads co-trained networks
(peer_map=mesh) and has size 1 otherwise. Programs are written for one device and the
whole batch: jit and the placement of their arguments make them programs for many, so
that means, ranks and batch statistics are those of the whole batch on any mesh.
"""

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from fer_jax.algorithms import Algorithm
from fer_jax.errors import Unusable
from fer_jax.nets import peers

DATA, NET = 'data', peers.NET


def of_run(config: Any, algorithm: Algorithm) -> Mesh:
    """The mesh of all devices, for the config's batch and the algorithm's networks.

    Raises:
      Unusable: devices, batch_size and peer_map do not go together.
    """
    nets = 1
    if config.peer_map == 'mesh':
        nets = algorithm.peers
        if nets == 1:
            raise Unusable(
                f'peer_map=mesh spreads networks, and {config.algorithm.name} has one;'
                ' set --config.peer_map=auto, which spreads the batch'
            )
    devices = make(nets)
    if config.peer_map == 'vmap' and devices.size > 1:
        raise Unusable(
            f'peer_map=vmap would gather every activation on each of {devices.size}'
            ' devices; set --config.peer_map=auto'
        )
    check_batch(devices, config.batch_size)
    return devices


def make(nets: int = 1, devices: Sequence[jax.Device] | None = None) -> Mesh:
    """A mesh of all devices of all hosts, the devices of each host side by side.

    Args:
      nets: size of the axis `net`, a divisor of the number of networks.
      devices: other ones than all.

    Raises:
      Unusable: devices that cannot be divided among `nets` networks within each host.
    """
    devices = sorted(
        jax.devices() if devices is None else devices,
        key=lambda device: (device.process_index, device.id),
    )
    local = [device.process_index for device in devices]
    per_host = {local.count(host) for host in local}
    # A network that spans hosts would need the same rows on all of these, and nothing
    # would tell if it got others.
    if any(count % nets for count in per_host):
        raise Unusable(
            f'peer_map=mesh gives each of {nets} networks devices of its own on every'
            f' host, but hosts have {", ".join(map(str, sorted(per_host)))}; set'
            ' --config.peer_map=auto'
        )
    grid = np.array(devices).reshape(-1, nets)
    return Mesh(grid, (DATA, NET), axis_types=(AxisType.Auto,) * 2)


def described(mesh: Mesh) -> dict[str, Any]:
    """{'platform', 'kind', 'count', 'hosts'} of the devices of a mesh."""
    first = mesh.devices.flat[0]
    hosts = {device.process_index for device in mesh.devices.flat}
    return {
        'platform': first.platform,
        'kind': first.device_kind,
        'count': mesh.devices.size,
        'hosts': len(hosts),
    }


def words(mesh: Mesh) -> str:
    """'1 cpu device', '8 gpu devices (NVIDIA H100) of 2 hosts'."""
    platform, kind, count, hosts = described(mesh).values()
    named = f' ({kind})' if kind != platform else ''
    of = f' of {hosts} hosts' if hosts > 1 else ''
    return f'{count} {platform} device{"s" * (count > 1)}{named}{of}'


def everywhere(mesh: Mesh) -> NamedSharding:
    """The placement of what every device has whole."""
    return NamedSharding(mesh, PartitionSpec())


def over_data(mesh: Mesh) -> NamedSharding:
    """The placement of arrays whose first axis is the batch."""
    return NamedSharding(mesh, PartitionSpec(DATA))


def over_steps(mesh: Mesh) -> NamedSharding:
    """The placement of arrays [S, B, ...] of a chunk of steps."""
    return NamedSharding(mesh, PartitionSpec(None, DATA))


def of_state(mesh: Mesh, state: Any) -> Any:
    """The placement of a TrainState of these shapes: shardings of its leaves.

    Parameters, statistics and moments [P, ...] are spread over `net`, all else is
    everywhere.
    """
    whole = everywhere(mesh)
    own = NamedSharding(mesh, PartitionSpec(NET))

    def spread(tree):  # of the optimiser, counts of steps are common to the networks
        return jax.tree.map(lambda leaf: own if leaf.ndim else whole, tree)

    placed = jax.tree.map(lambda leaf: whole, state)
    if mesh.shape[NET] == 1:
        return placed
    return placed._replace(
        params=spread(state.params), stats=spread(state.stats), opt=spread(state.opt)
    )


def put(tree: Any, sharding: Any) -> Any:
    """Host arrays as global ones; each host gives the part that its devices hold."""
    with jax.transfer_guard_host_to_device('allow'):  # explicit, if under another name
        return jax.make_array_from_process_local_data(sharding, tree)


def rows(mesh: Mesh, size: int) -> slice:
    """The slice of a global batch of `size` rows that this host reads."""
    parts: Any = over_data(mesh).addressable_devices_indices_map((size,)).values()
    bounds = [part.indices(size)[:2] for (part,) in parts]
    return slice(min(bounds)[0], max(bounds)[1])


def check_batch(mesh: Mesh, size: int) -> None:
    """Raises Unusable when `size` rows cannot be dealt evenly to the devices."""
    shards = mesh.shape[DATA]
    if size % shards:
        below = size // shards * shards
        near = ' or '.join(str(n) for n in (below, below + shards) if n)
        raise Unusable(
            f'batch_size {size} does not divide by the {shards} devices that share a'
            f' batch; set --config.batch_size={near}'
        )


def rounded(mesh: Mesh, size: int) -> int:
    """The smallest number of rows from `size` on that can be dealt evenly."""
    shards = mesh.shape[DATA]
    return -(-size // shards) * shards
