"""Plain cross-entropy on the given labels, the reference for every method.

    python launch.py --config=configs/baseline.py:dataset=fer2013,noise=0.3 \
        --workdir=runs/baseline --config.data.dir=data/fer2013
"""

from ml_collections import ConfigDict

from configs import default


def get_config(arg=''):
    config = default.get_config(arg)
    config.algorithm = ConfigDict({'name': 'baseline'})
    return config
