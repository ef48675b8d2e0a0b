"""One network that keeps its own small losses: an arm of ReSup's section 4.6.

    K = the n = floor((1 - R(e)) B) examples of smallest CE
    L = 1/n sum_{i in K} CE_i

with the forget rate R(e) of Co-teaching (numerics.selection). The ReSup paper compares
its mixture with "the threshold of Co-teaching", on RAF-DB with 10, 20 and 30 % noise
86.53, 83.21 and 82.37 %, and says no more about it; its code is not released. This is
our reading: the schedule in a plain network, no second one to choose. At noise rate 0
it is the baseline.
"""

from fer_jax.algorithms import Algorithm, Task, coteaching

SETTINGS = coteaching.SETTINGS


def make(
    task: Task,
    *,
    noise_rate: float = 0.2,
    ramp_epochs: int = 10,
    exponent: float = 1.0,
) -> Algorithm:
    """The arm as an Algorithm with one network.

    Args:
      noise_rate: tau, the fraction of wrong labels as the method is told, in [0, 1).
      ramp_epochs: T_k, epochs until the forget rate is noise_rate.
      exponent: c of the forget rate.
    """
    return coteaching.exchanging(task, 1, noise_rate, ramp_epochs, exponent)
