"""One program on one, eight and two times four devices; batches dealt to them."""

import fcntl
import json
import os
import pathlib
import subprocess
import sys
from types import SimpleNamespace

import jax
import numpy as np
import pytest

from configs import baseline, resup
from fer_jax import algorithms, nets
from fer_jax.training import mesh

WORKER = pathlib.Path(__file__).with_name('on_devices.py')
ENVIRONMENT = {
    'JAX_PLATFORMS': 'cpu',
    'JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS': '0.1',
    'JAX_NUM_CPU_DEVICES': '8',
    'PYTHONPATH': str(WORKER.parents[2]),
}
ROUNDING = 3e-4  # of gradients, relative; a forgotten factor or shard is 0.1 and more


@pytest.fixture(scope='module')
def report(tmp_path_factory):
    """What on_devices.py found on eight devices made of one processor."""
    folder = tmp_path_factory.getbasetemp()
    if 'PYTEST_XDIST_WORKER' in os.environ:
        folder = folder.parent  # that of all test processes: one of them asks for all
    out = folder / 'devices.json'
    with open(folder / 'devices.lock', 'w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not out.exists():
            done = subprocess.run(
                [sys.executable, str(WORKER), str(out)],
                capture_output=True,
                text=True,
                timeout=1200,
                env=os.environ | ENVIRONMENT,
            )
            assert done.returncode == 0, done.stderr
    return json.loads(out.read_text())


@pytest.mark.parametrize('method', algorithms.names())
def test_eight_devices_do_what_one_does(report, method):
    """Gradients, statistics, memory, relabel table, flips, metrics and scores of two
    steps, the second after a refit, on a batch that holds one example twice."""
    meshes = {name: found for name, found in report[method].items() if name != 'flips'}
    assert 'data' in meshes
    for found in meshes.values():
        assert found['tables'] == 0
        assert max(found.values()) < ROUNDING, found


def test_each_network_on_its_own_devices_does_the_same(report):
    pairs = [method for method in algorithms.names() if 'net' in report[method]]
    assert pairs == ['dividemix', 'jocor', 'resup']


@pytest.mark.parametrize('method', ['scn', 'rul'])
def test_labels_were_changed_on_the_way(report, method):
    """Else equal tables would say nothing."""
    assert report[method]['flips'] > 0


@pytest.mark.parametrize('name', ['data', 'net'])
def test_no_activation_is_gathered(report, name):
    """In the compiled ReSup step of a ResNet only small things are handed around
    whole: index, ranks, and [P, B, C] between networks. Activations have four axes."""
    gathered = report[f'resnet {name}']['gathered']
    assert gathered
    assert max(len(shape) for shape in gathered) <= 3
    assert max(np.prod(shape) for shape in gathered) <= 2 * 16 * 3


@pytest.mark.parametrize('name', ['data', 'net'])
def test_no_table_is_summed_over_devices(report, name):
    """The index of a batch goes everywhere before labels and flips [24] are changed."""
    summed = report[f'resnet {name}']['summed']
    assert summed
    assert [24] not in summed


def test_memory_falls_with_the_share_of_a_device(report):
    """Eight devices: an eighth of the batch each. Spread over `net`, half the weights,
    moments and statistics, too."""
    one, data, net = (report[f'resnet {name}'] for name in ('one', 'data', 'net'))
    assert data['temporary'] < one['temporary'] / 2
    assert net['temporary'] < one['temporary'] / 2
    assert net['arguments'] < 0.6 * one['arguments']


def test_one_device_reads_the_whole_batch():
    found = mesh.make()
    assert dict(found.shape) == {'data': 1, 'net': 1}
    assert mesh.rows(found, 12) == slice(0, 12)
    assert mesh.rounded(found, 7) == 7


SHARDS = SimpleNamespace(shape={'data': 8, 'net': 2})  # all that the arithmetic reads


def test_batches_are_dealt_evenly_or_not_at_all():
    assert [mesh.rounded(SHARDS, size) for size in (1, 8, 9, 256)] == [8, 8, 16, 256]
    mesh.check_batch(SHARDS, 64)
    with pytest.raises(ValueError, match=r'batch_size 30 .* 8 devices .*=24 or 32'):
        mesh.check_batch(SHARDS, 30)
    with pytest.raises(ValueError, match=r'batch_size 6 .* set --config.batch_size=8'):
        mesh.check_batch(SHARDS, 6)


def devices(*hosts):
    return [SimpleNamespace(process_index=host, id=i) for i, host in enumerate(hosts)]


@pytest.mark.parametrize(
    'hosts',
    [(0,), (0, 1), (0, 0, 1, 1, 1)],
    ids=['one device', 'one a host', 'two and three'],
)
def test_a_network_stays_within_a_host(hosts):
    with pytest.raises(ValueError, match='devices of its own on every host'):
        mesh.make(2, devices(*hosts))


def algorithm(name):
    return algorithms.make(
        name, backbone=nets.make('cnn7', width=2), num_classes=3, num_examples=8
    )


def test_one_network_cannot_be_spread():
    config = baseline.get_config('dataset=cifar10')
    config.peer_map = 'mesh'
    with pytest.raises(ValueError, match=r'baseline has one; set --config.peer_map'):
        mesh.of_run(config, algorithm('baseline'))


def test_vmap_is_for_one_device(monkeypatch):
    config = resup.get_config('dataset=cifar10')
    config.peer_map = 'vmap'
    assert mesh.of_run(config, algorithm('resup')).size == 1
    monkeypatch.setattr(mesh, 'make', lambda nets: SimpleNamespace(size=4))
    with pytest.raises(
        ValueError, match=r'peer_map=vmap .* set --config.peer_map=auto'
    ):
        mesh.of_run(config, algorithm('resup'))


def test_what_is_put_comes_back():
    found = mesh.make()
    tree = {'a': np.arange(6).reshape(3, 2), 'b': np.float32(2)}
    with jax.transfer_guard('disallow'):
        back = jax.device_get(mesh.put(tree, mesh.everywhere(found)))
    np.testing.assert_array_equal(back['a'], tree['a'])
    assert back['b'] == 2
