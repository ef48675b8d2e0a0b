"""DMUE: auxiliary branches reveal what else a face may be (She et al. 2021).

The last stage of the backbone is there C + 1 times (nets.branches). Auxiliary branch c
learns from the examples of all classes but c, so what it says about an example of class
c, d (the latent distribution), tells which other class it looks like. The target branch
learns from all, and gives each label a confidence q. For y the given label, u and v the
target branch's embedding before and behind dropout and neck, z = W v its logits:

    s_ic   = mean of cos(u_i, u_j) over the j of class c, scaled row by row to [0, 1]
    q_i    = sigmoid(g([s_i, onehot(y_i)])),  g: linear, PReLU, linear
    L_ce   = 1/B sum_i CE(softmax(q_i z_i), y_i)
    d_i    = softmax(z_i^(y_i) / T) of branch y_i without dropout, 0 at y_i; a constant
    L_soft = 1/(B C) sum_ik ([k != y_i] softmax(z_i)_k - d_ik)^2
    L_sp   = 1/C sum_c mean_ij (G_c - G)_ij^2 over the examples i, j not of class c;
             G, G_c: rows of V V^T for target branch and branch c, each of norm 1
    L_aux  = 1/C sum_c mean of CE over the examples not of class c, branch c
    L      = up (L_ce + omega L_soft + gamma L_sp) + down L_aux
    up     = exp(-5 (1 - e/A)^2) for epochs e <= A, then 1
    down   = 1 for e < A, then exp(-(1 - A/e)^2)

Inference uses the target branch, without q.

Differs from the released code (JDAI-CV/FaceX-Zoo)
  * G_c compares features with features, as the paper says; the release has the logits
    of branch c on that side, and chose gamma = 1000 for those.
  * The projector g and the neck's scale are trained, with the classifiers. The release
    does not hand them to its optimiser: q is a random function, the scale 1.
  * d comes from the pass through branch c that L_aux has, normalised by the statistics
    of the examples not of class c. The release takes another pass, of those of class c
    alone, normalised by their own statistics: C stages more, and whatever the examples
    of a class have in common is gone.
  * The branches share the neck's scale but not its running statistics: those of the
    target branch are its own. In the release all 2 C + 1 passes of a step move them.
  * A class that a batch lacks has no part in the scaling of s (its s is 0), and a norm
    with fewer than two rows uses its running statistics. The release skips a batch that
    lacks two examples of any class; it draws all classes equally often, which is
    config.data.balanced here.
  * The stem is torchvision's. The release's has no relu and pools 2x2 without overlap.
`release=True` undoes the first four.
"""

import jax
import jax.numpy as jnp

from fer_jax.algorithms import Algorithm, Prediction, Task, method, outcome
from fer_jax.errors import Unusable
from fer_jax.nets import networks
from fer_jax.nets.branches import Branches, Projector
from fer_jax.numerics import losses, ramp
from fer_jax.settings import Field

SETTINGS = {
    'temperature': Field(
        1.2, 'T of the latent distributions; above 1 flattens them', '(0, inf)'
    ),
    'soft_weight': Field(0.5, "omega, of the latent distributions' loss", '[0, inf)'),
    'similarity_weight': Field(
        1000.0,
        "gamma, of similarity preserving between auxiliary branches and the target's",
        '[0, inf)',
    ),
    'ramp_epochs': Field(
        9, 'A, until the target branch counts fully', '[1, inf)', 'epochs'
    ),
    'dropout': Field(0.5, 'of the embeddings, in training', '[0, 1)'),
    'release': Field(False, "True: the authors' code to the letter"),
}


def ramp_down(epoch: jax.Array, epochs: int) -> jax.Array:
    """1 up to epoch A, then exp(-(1 - A/e)^2), which falls towards 1/e."""
    later = 1 - epochs / jnp.maximum(epoch, epochs)
    return jnp.exp(-jnp.square(later))


def remap(labels: jax.Array, missing: jax.Array) -> jax.Array:
    """Labels among the C - 1 classes that branch `missing` knows; its own: no meaning.

    0 to C - 1 without c become 0 to C - 2, in order.
    """
    return labels - (labels > missing)


def soft_targets(
    latent_logits: jax.Array, labels: jax.Array, temperature: float
) -> jax.Array:
    """d [B, C] from the logits [B, C - 1] of branch y: sums to 1, and 0 at y."""
    latent = jax.nn.softmax(latent_logits / temperature)
    classes = jnp.arange(latent.shape[-1] + 1)
    branch_class = jnp.minimum(remap(classes, labels[:, None]), latent.shape[-1] - 1)
    targets = jnp.take_along_axis(latent, branch_class, axis=-1)
    targets = jnp.where(classes == labels[:, None], 0.0, targets)
    return jax.lax.stop_gradient(targets)


def soft_loss(logits: jax.Array, targets: jax.Array, labels: jax.Array) -> jax.Array:
    """L_soft []: squared error of the probabilities of all classes but the label's."""
    other = 1 - jax.nn.one_hot(labels, logits.shape[-1])
    return jnp.mean(jnp.square(jax.nn.softmax(logits) * other - targets))


def unit(rows: jax.Array) -> jax.Array:
    """Rows [..., D] scaled to norm 1; a row of zeros stays and has no gradient."""
    squares = jnp.sum(jnp.square(rows), axis=-1, keepdims=True)
    inside = squares > 1e-12
    return jnp.where(inside, rows * jax.lax.rsqrt(jnp.where(inside, squares, 1.0)), 0.0)


def products(rows: jax.Array) -> jax.Array:
    """X X^T [B, B], in float32 whatever the device would like to round to."""
    return jnp.matmul(rows, rows.T, precision='highest')


def class_similarity(
    embeddings: jax.Array, labels: jax.Array, num_classes: int
) -> jax.Array:
    """s [B, C] in [0, 1]: mean cosine to the examples of each class, itself included,
    scaled over the classes that the batch has; 0 for the others."""
    member = jax.nn.one_hot(labels, num_classes)
    count = jnp.sum(member, axis=0)
    s = products(unit(embeddings)) @ member / jnp.maximum(count, 1.0)
    low = jnp.min(jnp.where(count > 0, s, jnp.inf), axis=1, keepdims=True)
    high = jnp.max(jnp.where(count > 0, s, -jnp.inf), axis=1, keepdims=True)
    return jnp.where(count > 0, (s - low) / (high - low + 1e-6), 0.0)


def similarity_loss(
    features: jax.Array, auxiliary: jax.Array, labels: jax.Array
) -> jax.Array:
    """L_sp [] of the target's rows [B, D] and the auxiliary branches' [C, B, E]."""

    def of_branch(auxiliary, missing):
        inside = (labels != missing).astype(jnp.float32)
        both = inside[:, None] * inside
        difference = unit(both * products(auxiliary)) - unit(both * products(features))
        return losses.weighted_mean(jnp.square(difference), both)

    return jnp.mean(jax.vmap(of_branch)(auxiliary, jnp.arange(len(auxiliary))))


def auxiliary_loss(logits: jax.Array, labels: jax.Array) -> jax.Array:
    """L_aux [] of the auxiliary branches' logits [C, B, C - 1]."""

    def of_branch(logits, missing):
        # branch c has no place for label c: any other one does, under weight 0
        target = jnp.minimum(remap(labels, missing), logits.shape[-1] - 1)
        cross_entropy = losses.cross_entropy(logits, target)
        return losses.weighted_mean(cross_entropy, (labels != missing) * 1.0)

    return jnp.mean(jax.vmap(of_branch)(logits, jnp.arange(len(logits))))


def check(num_classes: int) -> None:
    """Raises Unusable for fewer than 3 classes."""
    if num_classes < 3:
        raise Unusable(
            f'DMUE needs 3 classes or more, got {num_classes}: an auxiliary branch has'
            ' to tell the others apart'
        )


def make(
    task: Task,
    *,
    temperature: float = 1.2,
    soft_weight: float = 0.5,
    similarity_weight: float = 1000.0,
    ramp_epochs: int = 9,
    dropout: float = 0.5,
    release: bool = False,
) -> Algorithm:
    """DMUE as an Algorithm with one network; the defaults are the release's.

    Args:
      temperature: T > 0 of the latent distributions; above 1 flattens them.
      soft_weight: omega, weight of L_soft, >= 0.
      similarity_weight: gamma, weight of L_sp, >= 0.
      ramp_epochs: A, epochs until the target branch counts fully, >= 1.
      dropout: of the embeddings, in [0, 1).
      release: True follows the released code where it differs (see above).

    Raises:
      Unusable: fewer than 3 classes.
    """
    num_classes = task.num_classes
    check(num_classes)
    nets = task.networks(model=Branches, dropout=dropout, release=release)
    projectors = networks(Projector(num_classes), 1, task.peer_map)

    def init(rng, images):
        params, stats = nets.init(rng, images, jnp.zeros(len(images), jnp.int32))
        for c in range(num_classes):
            params = params | {f'auxiliary_{c}': params['target']}
        numbers = jnp.zeros((1, 2 * num_classes))
        projector, _ = projectors.init(jax.random.fold_in(rng, 1), numbers)
        if release:  # not even weight decay may touch it
            return params, stats, projector
        heads = params['classifier'] | {'projector': projector}
        return params | {'classifier': heads}, stats, ()

    def objective(params, stats, memory, batch, progress, rng):
        labels = batch.labels
        outputs, stats = nets.train(params, stats, rng, batch.images[0], labels)
        out = jax.tree.map(lambda leaf: leaf[0], outputs)

        similarity = class_similarity(out.embeddings, labels, num_classes)
        numbers = jnp.concatenate([similarity, jax.nn.one_hot(labels, num_classes)], 1)
        projector = memory if release else params['classifier']['projector']
        confidence = projectors.predict(projector, {}, numbers)  # [1, B]

        targets = soft_targets(out.latent_logits, labels, temperature)
        auxiliary = out.auxiliary_logits if release else out.auxiliary_features
        weighted = confidence[0][:, None] * out.logits
        loss_ce = jnp.mean(losses.cross_entropy(weighted, labels))
        loss_soft = soft_loss(out.logits, targets, labels)
        loss_similarity = similarity_loss(out.features, auxiliary, labels)
        loss_auxiliary = auxiliary_loss(out.auxiliary_logits, labels)
        loss = ramp.up(progress.epoch, ramp_epochs) * (
            loss_ce + soft_weight * loss_soft + similarity_weight * loss_similarity
        )
        loss += ramp_down(progress.epoch, ramp_epochs) * loss_auxiliary
        return outcome(
            loss,
            batch,
            stats,
            memory,
            outputs.logits,
            outputs.embeddings,
            loss_ce=loss_ce,
            loss_soft=loss_soft,
            loss_similarity=loss_similarity,
            loss_auxiliary=loss_auxiliary,
            confidence=jnp.mean(confidence),
        )

    def predict(params, stats, images):
        return Prediction(*nets.predict(params, stats, images, method='predict'))

    return method(nets, objective, init=init, predict=predict)
