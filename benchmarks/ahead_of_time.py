"""A run's training step compiled for devices that are not here, and what it costs.

    python -m benchmarks.ahead_of_time --topology=h100
    python -m benchmarks.ahead_of_time --topology=v5e:2x2 --config=configs/resup.py:...

Prints memory a device, what the devices hand each other, and the operations of the
networks. Nothing is run and no device is needed, but a compiler: `pip install
libtpu==0.0.42.*` for TPUs, `pip install jax-cuda12-plugin jax-cuda12-pjrt
nvidia-cuda-runtime-cu12` of jax's version for GPUs.
"""

import argparse
import collections
import math
import os
import re
import sys
import time

ENVIRONMENT = {  # before JAX starts: compilers without devices
    'JAX_SKIP_CUDA_CONSTRAINTS_CHECK': '1',
    'TPU_SKIP_MDS_QUERY': '1',
    'TPU_WORKER_HOSTNAMES': 'localhost',
    'TPU_ACCELERATOR_TYPE': 'v5litepod-4',
}

GPUS = {  # memory bandwidth in bytes/s, memory in bytes
    'h100': (3_352_320_000_000, 84_929_347_584, 'NVIDIA H100 80GB HBM3'),
    'h200': (4_800_000_000_000, 150_000_000_000, 'NVIDIA H200'),
}
GPU = """
gpu_device_info {{
  threads_per_block_limit: 1024
  threads_per_warp: 32
  shared_memory_per_block: 49152
  shared_memory_per_core: 233472
  threads_per_core_limit: 2048
  core_count: 132
  fpus_per_core: 128
  block_dim_limit_x: 2147483647
  block_dim_limit_y: 65535
  block_dim_limit_z: 65535
  memory_bandwidth: {bandwidth}
  l2_cache_size: 52428800
  clock_rate_ghz: 1.98
  device_memory_size: {memory}
  shared_memory_per_block_optin: 232448
  cuda_compute_capability {{ major: 9 }}
  registers_per_core_limit: 65536
  registers_per_block_limit: 65536
}}
platform_name: "CUDA"
dnn_version_info {{ major: 9 minor: 7 }}
runtime_version {{ major: 12 minor: 8 patch: 0 }}
device_description_str: "{name}"
"""
COLLECTIVE = re.compile(
    r'= (.*?) (all-reduce|all-gather|reduce-scatter|all-to-all|collective-permute)'
    r'(?:-start)?\('
)
ARRAY = re.compile(r'\b(pred|[suf]8|bf16|[suf](?:16|32|64))\[([\d,]*)\]')


def topology(name):
    """(devices, 'gpu' or 'tpu') of 'h100', 'h200', or a TPU slice as 'v5e:2x2'."""
    from jax.experimental import topologies

    if name not in GPUS:
        found = topologies.get_topology_desc(platform='tpu', topology_name=name)
        return found.devices, 'tpu'
    bandwidth, memory, title = GPUS[name]
    target = GPU.format(bandwidth=bandwidth, memory=memory, name=title)
    found = topologies.get_topology_desc(
        platform='cuda', topology_name='', target_config=target, topology='1x1x1'
    )
    return found.devices, 'gpu'


def bytes_of(shapes):
    """Bytes of the arrays named in a piece of HLO text, as 'f32[64,3], bf16[8]'."""
    bits = {'pred': 8, 'bf16': 16}
    return sum(
        (bits.get(kind) or int(kind[1:]))
        // 8
        * math.prod(map(int, filter(None, dims.split(','))))
        for kind, dims in ARRAY.findall(shapes)
    )


def collectives(text):
    """{kind: (how many, bytes, most axes)} of what the devices hand each other."""
    found = collections.defaultdict(list)
    for shapes, kind in COLLECTIVE.findall(text):
        axes = [
            len(list(filter(None, dims.split(','))))
            for _, dims in ARRAY.findall(shapes)
        ]
        found[kind].append((bytes_of(shapes), max(axes, default=0)))
    return {
        kind: (len(each), sum(n for n, _ in each), max(axes for _, axes in each))
        for kind, each in found.items()
    }


def placed(shapes, devices, state):
    """The shapes of advance(state, trial, pool, order) with their placements."""
    import jax

    from fer_jax.training import mesh

    everywhere, steps = mesh.everywhere(devices), mesh.over_steps(devices)
    state_shapes, trial, pool, order = shapes

    def at(tree, places):
        return jax.tree.map(
            lambda leaf, place: jax.ShapeDtypeStruct(
                leaf.shape, leaf.dtype, sharding=place
            ),
            tree,
            places,
        )

    return (
        at(state_shapes, state),
        at(trial, jax.tree.map(lambda leaf: everywhere, trial)),
        at(pool, steps if pool.shape[0] == order.shape[0] else everywhere),
        at(order, steps),
    )


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--topology', default='h100', help='h100, h200, v5e:2x2 ...')
    parser.add_argument('--method', default='resup')
    parser.add_argument('--batch', type=int, default=256)
    parser.add_argument('--size', type=int, default=224)
    parser.add_argument('--examples', type=int, default=280_000)
    parser.add_argument('--dtype', default='bfloat16')
    parser.add_argument('--resident-steps', type=int, default=0, metavar='S',
                        help='a chunk of S steps over a resident set')  # fmt: skip
    options = parser.parse_args(arguments)
    platforms = 'cpu,cuda' if options.topology in GPUS else 'cpu'
    os.environ.update(ENVIRONMENT | {'JAX_PLATFORMS': platforms})
    import importlib

    import jax

    from fer_jax.data import source
    from fer_jax.training import mesh, programs

    try:
        found, platform = topology(options.topology)
    except Exception as error:  # each compiler says in its own way that it is missing
        print(f'no compiler for {options.topology} here: {str(error)[:200]}')
        return 1
    config = importlib.import_module(f'configs.{options.method}').get_config(
        'dataset=affectnet'
    )
    config.model.dtype = options.dtype
    config.data.image_size_px = options.size
    spec = programs.spec(
        config,
        source=source.Images(config.data.augmentation, options.size, options.size),
        num_classes=8,
        num_examples=options.examples,
        resident=bool(options.resident_steps),
        platform=platform,
    )
    devices = mesh.make(1, found)
    mesh.check_batch(devices, options.batch)
    shapes = programs.shapes(spec, options.batch, steps=max(options.resident_steps, 1))[
        'advance'
    ]
    with jax.set_mesh(devices):
        state = mesh.of_state(devices, shapes[0])
        advance = programs.compiled(spec, devices).advance
        started = time.perf_counter()
        lowered = advance.lower(*placed(shapes, devices, state))
        compiled = lowered.compile()
        seconds = time.perf_counter() - started
    memory = compiled.memory_analysis()
    alike = programs.lowered(spec._replace(platform='cpu'), 'advance', shapes)
    flops = alike.cost_analysis()['flops']
    print(
        f'{options.topology}, {devices.size} devices ({found[0].device_kind});'
        f' {options.method}, ResNet-18 of {options.size} px in {options.dtype}, batch'
        f' {options.batch}, compiled in {seconds:.0f} s'
    )
    for name in ('argument', 'temp', 'output', 'alias'):
        size = getattr(memory, f'{name}_size_in_bytes') / 1e6
        print(f'  {name:8} {size:10,.1f} MB a device')
    print(f'  flops    {flops / 1e12:10.3f} 10^12 a call')
    for kind, (count, size, axes) in sorted(collectives(compiled.as_text()).items()):
        print(f'  {kind}: {count}, {size / 1e6:,.1f} MB, arrays of up to {axes} axes')
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
