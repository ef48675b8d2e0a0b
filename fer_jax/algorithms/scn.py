"""Self-Cure Network: weighted logits, ranked weights, relabelling (Wang et al. 2020).

For sample i with embedding h_i, given label y_i and the current label table:

    alpha_i = sigmoid(u h_i + u_0)                            self-importance (eq. 1)
    o_i     = alpha_i (W h_i + b)                             weighted logits (eq. 2)
    R       = max(0, delta_1 - (mean_high - mean_low))      rank regularisation (eq. 3)
    L       = 1/B sum_i CE(softmax(o_i), y_i) + rank_weight R                 (eq. 4)
    y_i    <- argmax_k f_ik  if max_k f_ik - f_iy > delta_2,  f = softmax(o)  (eq. 5)

mean_high is the mean alpha of the M = floor(high_share B) largest of the batch,
mean_low that of the others; gradients reach alpha from both terms, the ranking itself
has none. Relabelling starts at `relabel_epoch`, counted from 1; the label table keeps
the new label, which is what the next visit trains on and compares with: labels may
change back and forth, the given ones are never consulted again. Inference uses o; its
argmax is that of the plain logits, as alpha > 0.

`rank_weight=0` is SCN as Proximity (P2) trains it, sec. IV-G there; `attention=False`
also drops alpha, as eq. 2 of that paper is printed.

Differs from the released code
  * Paper: gamma R + (1 - gamma) CE with gamma 0.5, which is half of the loss here (and
    of the release); Adam does not see the factor.
  * Paper: only the low group is relabelled; the release relabels all. `relabel_scope`
    has both, 'all' is the default because the published numbers come from it.
  * delta_1 0.07 for batches of 64, as the release's notes advise; the paper's and the
    release's own default is 0.15, for batches of 1024.
  * At least 1 sample is in each group. The release stops on a batch of 1 and on a
    single relabelled sample, where its index loses a dimension.
  * The given labels stay in the run's files for diagnostics; training never reads them.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp

from fer_jax.algorithms import Algorithm, Task, method, outcome
from fer_jax.errors import Unusable
from fer_jax.nets.classifier import KERNEL_INIT
from fer_jax.numerics import losses, relabel, selection
from fer_jax.settings import Field

SCOPES = ('all', 'low_group')
SETTINGS = {
    'rank_weight': Field(1.0, 'of rank regularisation; 0: without', '[0, inf)'),
    'rank_margin': Field(0.07, 'delta_1; 0.15 for batches of 1024', '[0, 1)'),
    'high_share': Field(0.7, 'beta, part of a batch in the high group', '[0, 1)'),
    'relabel_epoch': Field(
        10, 'first epoch that relabels, counted from 1', '[1, inf)', 'epochs'
    ),
    'relabel_margin': Field(0.2, 'delta_2, in probability', '[0, 1)'),
    'relabel_scope': Field('all', 'low_group: as the paper writes', SCOPES),
    'attention': Field(True, 'multiply the logits by the self-importance'),
    'classifier_bias': Field(True, 'whether the classifier has one'),
}


class SelfCure(nn.Module):
    """images [B, H, W, 3] -> logits [B, C], embeddings [B, D], alpha [B] in (0, 1).

    The logits are multiplied by alpha; without attention they are not, and alpha is 1.
    """

    backbone: nn.Module
    num_classes: int
    bias: bool = True
    attention: bool = True

    @nn.compact
    def __call__(
        self, images: jax.Array, train: bool
    ) -> tuple[jax.Array, jax.Array, jax.Array]:
        embeddings = self.backbone(images, train).pooled
        classify = nn.Dense(
            self.num_classes,
            use_bias=self.bias,
            kernel_init=KERNEL_INIT,
            name='classifier',
        )
        logits = classify(embeddings)
        if not self.attention:
            return logits, embeddings, jnp.ones(len(logits))
        attend = nn.Dense(1, kernel_init=KERNEL_INIT, name='attention')
        alpha = nn.sigmoid(attend(embeddings))
        return alpha * logits, embeddings, alpha[:, 0]


def high_count(batch_size: int, share: float) -> int:
    """M = floor(share B), at least 1 and at most B - 1.

    Raises:
      Unusable: a batch of 1, which has no two groups.
    """
    if batch_size < 2:
        raise Unusable(f'SCN ranks batches of 2 or more, got batch_size {batch_size}')
    # 0.7 * 90 is 62.99999999999999 in binary.
    return min(max(int(share * batch_size + 1e-6), 1), batch_size - 1)


def high_group(alpha: jax.Array, share: float) -> jax.Array:
    """Mask [B] of the M largest of alpha [B]; among equals the earlier ones."""
    return selection.keep_smallest(-alpha, high_count(len(alpha), share))


def group_means(alpha: jax.Array, high: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Mean of alpha [B] inside and outside the mask `high` [B]."""
    return losses.weighted_mean(alpha, high), losses.weighted_mean(alpha, ~high)


def rank_regularisation(
    mean_high: jax.Array, mean_low: jax.Array, margin: float
) -> jax.Array:
    """R = max(0, margin - (mean_high - mean_low)), eq. 3."""
    return jax.nn.relu(margin - (mean_high - mean_low))


def check(rank_weight: float, scope: str, attention: bool) -> None:
    """Raises Unusable when settings do not go together."""
    if not attention and (rank_weight or scope == 'low_group'):
        raise Unusable(
            'algorithm.attention=False leaves nothing to rank; set'
            ' algorithm.rank_weight=0.0 and algorithm.relabel_scope=all'
        )


def make(
    task: Task,
    *,
    rank_weight: float = 1.0,
    rank_margin: float = 0.07,
    high_share: float = 0.7,
    relabel_epoch: int = 10,
    relabel_margin: float = 0.2,
    relabel_scope: str = 'all',
    attention: bool = True,
    classifier_bias: bool = True,
) -> Algorithm:
    """SCN as an Algorithm with one network and no memory.

    Args:
      rank_weight: weight of R, >= 0; 0 leaves rank regularisation out.
      rank_margin: delta_1; 0.07 for batches of 64, 0.15 for batches of 1024.
      high_share: beta, part of a batch that is the high group.
      relabel_epoch: first epoch that relabels, counted from 1.
      relabel_margin: delta_2 of numerics.relabel.
      relabel_scope: 'all' samples or only the 'low_group'.
      attention: multiply the logits by alpha.
      classifier_bias: whether the classifier has one.

    Raises:
      Unusable: settings that do not go together.
    """
    check(rank_weight, relabel_scope, attention)
    nets = task.networks(model=SelfCure, bias=classifier_bias, attention=attention)

    def objective(params, stats, memory, batch, progress, rng):
        outputs, stats = nets.train(params, stats, rng, batch.images[0])
        logits, _, alpha = (leaf[0] for leaf in outputs)
        loss = jnp.mean(losses.cross_entropy(logits, batch.labels))
        metrics = {'loss_ce': loss}
        candidates = jnp.full(alpha.shape, progress.epoch + 1 >= relabel_epoch)
        if attention:
            high = high_group(alpha, high_share)
            means = group_means(alpha, high)
            metrics |= {'weight_high': means[0], 'weight_low': means[1]}
            if rank_weight:
                loss += rank_weight * rank_regularisation(*means, rank_margin)
            if relabel_scope == 'low_group':
                candidates &= ~high
        better = relabel.rule(jax.nn.softmax(logits), batch.labels, relabel_margin)
        relabels = jnp.where(candidates, better, -1)
        metrics['relabelled'] = jnp.sum(relabels >= 0, dtype=float)
        return outcome(
            loss, batch, stats, memory, *outputs[:2], relabels=relabels, **metrics
        )

    return method(nets, objective)
