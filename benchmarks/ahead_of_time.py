"""A run's training step compiled for devices that are not here, and what it costs.

    python -m benchmarks.ahead_of_time --topology=h100 [--epoch]
    python -m benchmarks.ahead_of_time --topology=v5e:2x2 --method=resup

Prints memory a device, what the devices hand each other, the operations of the
networks, and of a GPU the bytes that its kernels read and write. With --epoch the
programs that score and test are compiled, too, and the seconds told below which no
epoch can be: those of moving the bytes or those of the operations, whichever are more.
--moments=one-pass takes the variance of a batch from sums of x and x^2, which networks
here do not.

Nothing is run and no device is needed, but a compiler: `pip install
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
PEAK = {
    'bfloat16': 989e12,
    'float32': 67e12,
}  # operations/s of both, dense (datasheets)
TESTED = 4000  # AffectNet's
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
OPERATION = re.compile(r'%?([\w.\-]+) = (.*?) ([a-z][\w\-]*)\((.*)$')
VIEWS = {'parameter', 'get-tuple-element', 'tuple', 'bitcast', 'constant'}
VIEWS |= {'while', 'call', 'conditional'}  # their operations count, where they are
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


def moved(text):
    """Bytes that the kernels of a GPU's program read and write.

    Args:
      text: optimised HLO; each operation of ENTRY is a kernel or a library's call.
    """
    sizes, total = {}, 0
    for line in text[text.index('\nENTRY ') :].splitlines():
        found = OPERATION.match(line.strip().removeprefix('ROOT '))
        if not found:
            continue
        name, shape, kind, rest = found.groups()
        sizes[name] = bytes_of(shape)
        if kind not in VIEWS:
            given = re.findall(r'%([\w.\-]+)', rest.partition(')')[0])
            total += sizes[name] + sum(sizes.get(one, 0) for one in given)
    return total


def placed(name, shapes, devices, state):
    """The shapes of a program's arguments with their placements."""
    import jax

    from fer_jax.training import mesh

    everywhere = mesh.everywhere(devices)
    split = mesh.over_steps if name == 'advance' else mesh.over_data
    state_shapes, trial, pool, *rest = shapes
    rows = rest[0].shape

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
        *(
            at(leaf, split(devices) if leaf.shape[: len(rows)] == rows else everywhere)
            for leaf in (pool, *rest)
        ),
    )


def one_pass(x, mask=None):
    """norm.moments from sums of x and x^2, which one kernel makes in one reading."""
    import jax.numpy as jnp

    del mask
    axes, count = tuple(range(x.ndim - 1)), x.size // x.shape[-1]
    mean, square = (jnp.sum(y, axes) / count for y in (x, jnp.square(x)))
    variance = jnp.maximum(square - jnp.square(mean), 0)
    return mean, variance, variance * (count / (count - 1))


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--topology', default='h100', help='h100, h200, v5e:2x2 ...')
    parser.add_argument('--method', default='resup')
    parser.add_argument('--dataset', default='affectnet', help='whose preset')
    parser.add_argument('--batch', type=int, default=256)
    parser.add_argument('--size', type=int, default=224)
    parser.add_argument('--examples', type=int, default=280_000)
    parser.add_argument('--dtype', default='bfloat16')
    parser.add_argument('--resident-steps', type=int, default=0, metavar='S',
                        help='a chunk of S steps over a resident set')  # fmt: skip
    parser.add_argument('--augmentation', help="another than the config's")
    parser.add_argument('--moments', choices=('two-pass', 'one-pass'))
    parser.add_argument('--epoch', action='store_true')
    options = parser.parse_args(arguments)
    platforms = 'cpu,cuda' if options.topology in GPUS else 'cpu'
    os.environ.update(ENVIRONMENT | {'JAX_PLATFORMS': platforms})
    import importlib

    from fer_jax.data import source
    from fer_jax.nets import norm
    from fer_jax.training import mesh, programs

    if options.moments == 'one-pass':
        norm.moments = one_pass
    try:
        found, platform = topology(options.topology)
    except Exception as error:  # each compiler says in its own way that it is missing
        print(f'no compiler for {options.topology} here: {str(error)[:200]}')
        return 1
    config = importlib.import_module(f'configs.{options.method}').get_config(
        f'dataset={options.dataset}'
    )
    config.model.dtype = options.dtype
    config.data.image_size_px = options.size
    spec = programs.spec(
        config,
        source=source.Images(
            options.augmentation or config.data.augmentation, options.size, options.size
        ),
        num_classes=8,
        num_examples=options.examples,
        resident=bool(options.resident_steps),
        platform=platform,
    )
    devices = mesh.make(1, found)
    mesh.check_batch(devices, options.batch)
    steps = max(options.resident_steps, 1)
    shapes = programs.shapes(spec, options.batch, steps=steps, num_test=TESTED)
    print(
        f'{options.topology}, {devices.size} devices ({found[0].device_kind});'
        f' {options.method}, {config.model.backbone} of {options.size} px in'
        f' {options.dtype}, batch {options.batch}, {spec.source.recipe}'
    )
    calls = {'advance': -(-options.examples // (options.batch * steps))}
    if options.epoch:
        calls |= {
            'score': -(-options.examples // options.batch),
            'count': -(-TESTED // options.batch),
        }
    least = {
        name: calls[name] * told(spec, name, shapes[name], devices, options)
        for name in calls
    }
    if options.topology in GPUS:
        whole = ' + '.join(f'{seconds:.1f} ({name})' for name, seconds in least.items())
        print(f'no epoch takes less than {sum(least.values()):.1f} s: {whole}')
    return 0


def told(spec, name, shapes, devices, options):
    """Prints what a program costs; the seconds below which no call of it can be."""
    import jax

    from fer_jax.training import mesh, programs

    with jax.set_mesh(devices):
        state = mesh.of_state(devices, shapes[0])
        program = getattr(programs.compiled(spec, devices), name)
        started = time.perf_counter()
        compiled = program.lower(*placed(name, shapes, devices, state)).compile()
        seconds = time.perf_counter() - started
    memory = compiled.memory_analysis()
    alike = programs.lowered(spec._replace(platform='cpu'), name, shapes)
    flops = alike.cost_analysis()['flops']
    print(f'{name}, compiled in {seconds:.0f} s')
    for part in ('argument', 'temp', 'output', 'alias'):
        size = getattr(memory, f'{part}_size_in_bytes') / 1e6
        print(f'  {part:8} {size:10,.1f} MB a device')
    print(f'  flops    {flops / 1e12:10.3f} 10^12 a call')
    for kind, (count, size, axes) in sorted(collectives(compiled.as_text()).items()):
        print(f'  {kind}: {count}, {size / 1e6:,.1f} MB, arrays of up to {axes} axes')
    if options.topology not in GPUS:
        return 0.0
    size = moved(compiled.as_text())
    bounds = size / GPUS[options.topology][0], flops / PEAK[options.dtype]
    print(
        f'  moved    {size / 1e9:10.2f} GB a call: {1e3 * bounds[0]:.1f} ms at least;'
        f' operations: {1e3 * bounds[1]:.1f} ms at least',
        flush=True,
    )
    return max(bounds)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
