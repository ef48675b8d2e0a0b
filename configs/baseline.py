"""Plain cross-entropy on the given labels, the reference for every method.

    python launch.py --config=configs/baseline.py:dataset=fer2013,noise=0.3 \
        --workdir=runs/baseline --config.data.dir=data/fer2013
"""

from configs import default


def get_config(arg=''):
    return default.get_config(arg, 'baseline')
