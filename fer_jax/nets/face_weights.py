"""dlib's tensors made ready to be trained further.

dlib's kernels are small (.01 to .05) and the scales behind them large (2 to 23): Adam's
steps of 1e-4 are half a kernel in an epoch, and training forgets what was learned. So
scales are multiplied into kernels; the batch form gets the statistics that its norms
meet on faces, and evaluates to what the affine form does; and the neck standardises.
"""

import jax
import jax.numpy as jnp
import numpy as np

from fer_jax import trees

from .dlib import DlibResNet
from .norm import BatchNorm

WIDTH = 64  # of the published network
BATCH = 64
FLOOR = 0.01  # added to the deviations of pooled features


def without_neck(arrays: dict[str, np.ndarray], stages: int) -> dict[str, np.ndarray]:
    """The tensors of the first stages, with a neck that changes nothing."""
    behind = f'stage{stages + 1}'
    kept = {name: a for name, a in arrays.items() if not name.startswith(behind)}
    one = np.ones_like(arrays[f'stage{stages}/block0/norm2/bias'])
    return kept | {'neck/scale': one, 'neck/bias': 0 * one}


def affine_form(
    arrays: dict[str, np.ndarray], images: np.ndarray, stages: int
) -> dict[str, np.ndarray]:
    """{name: float32 array} for the backbone dlib_affine, with stages=4 dlib_affine4.

    Args:
      arrays: of data.dlib_model.read.
      images: [N, H, W, 3] float32, normalised faces of the size that is trained on;
        512 will do. No labels are needed.
      stages: 4 or 5.
    """
    arrays = without_neck(folded(arrays), stages)
    net = DlibResNet(stages=stages)
    params = {'params': tree(arrays)}

    @jax.jit
    def run(images):
        return net.apply(params, images, False).pooled

    pooled = np.concatenate([run(part) for part in batches(images)]).astype(np.float64)
    deviation = pooled.std(axis=0) + FLOOR
    neck = {'scale': 1 / deviation, 'bias': -pooled.mean(axis=0) / deviation}
    return arrays | {
        f'neck/{name}': np.asarray(a, np.float32) for name, a in neck.items()
    }


def batch_form(
    arrays: dict[str, np.ndarray], images: np.ndarray, stages: int
) -> dict[str, np.ndarray]:
    """Likewise for dlib_batch and dlib_batch4, with running statistics."""
    new = affine_form(arrays, images, stages)
    for norm, (mean, var) in statistics(new, images, stages).items():
        scale, bias = new[f'{norm}/scale'], new[f'{norm}/bias']
        new[f'{norm}/scale'] = scale * np.sqrt(var + BatchNorm.epsilon)
        new[f'{norm}/bias'] = bias + scale * mean
        new[f'{norm}/mean'], new[f'{norm}/var'] = mean, var
    return {name: np.asarray(array, np.float32) for name, array in new.items()}


FORMS = {  # backbone: form, stages
    'dlib_affine': (affine_form, 5),
    'dlib_affine4': (affine_form, 4),
    'dlib_batch': (batch_form, 5),
    'dlib_batch4': (batch_form, 4),
}


def make(
    backbone: str, arrays: dict[str, np.ndarray], images: np.ndarray
) -> dict[str, np.ndarray]:
    """The tensors of a backbone of FORMS; the rest as for `affine_form`."""
    form, stages = FORMS[backbone]
    return form(arrays, images, stages)


def folded(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Each scale multiplied into the kernel before it."""
    new = dict(arrays)
    for name, scale in arrays.items():
        if name.endswith('/scale'):
            kernel = name.removesuffix('scale').replace('norm', 'conv') + 'kernel'
            new[kernel], new[name] = arrays[kernel] * scale, np.ones_like(scale)
    return new


def statistics(
    arrays: dict[str, np.ndarray], images: np.ndarray, stages: int
) -> dict[str, tuple]:
    """{norm: (mean, variance)} [c] float64 of what each norm is given."""
    net, tensors = DlibResNet(stages=stages), tree(arrays)

    @jax.jit
    def run(images):
        _, state = net.apply(
            {'params': tensors},
            images,
            False,
            mutable=['intermediates'],
            capture_intermediates=lambda module, _: (module.name or '').startswith(
                'conv'
            ),
        )
        return jax.tree.map(
            lambda y: jnp.stack([y.mean((0, 1, 2)), jnp.square(y).mean((0, 1, 2))]),
            state['intermediates'],
        )

    found = [jax.device_get(run(part)) for part in batches(images)]
    mean = jax.tree.map(lambda *parts: np.mean(parts, axis=0, dtype=np.float64), *found)
    moments = {}
    for name, (first, second) in trees.named(mean).items():
        place = name.partition('/__call__')[0].replace('conv', 'norm')
        moments[place] = first, second - first**2
    return moments


def batches(images: np.ndarray) -> list[np.ndarray]:
    """Parts of BATCH images; what remains is left out, unless it is all."""
    whole = max(len(images) // BATCH, 1)
    return np.array_split(images[: max(whole * BATCH, 1)], whole)


def tree(arrays: dict[str, np.ndarray]) -> dict:
    """{'a/b': array} as a tree of dicts of JAX arrays."""
    return jax.tree.map(jnp.asarray, trees.nested(arrays))
