"""Plain cross-entropy on the given labels, the reference for every method.

    python launch.py --config=configs/baseline.py:dataset=fer2013,noise=0.3 \
        --workdir=runs/baseline --config.data.dir=data/fer2013

    Needs:    32 s an epoch of 8,000 faces of 48 px on one core (width 16); for the
              presets of the larger sets a GPU, hours not known.
    Expected: 71.43 % on RAF-DB with noise=0.3 (ReSup, Table 2) or 75.12 (embedding
              proximity, Table 3), both from face weights.
    Measured: 52.6 % on 8,000 FER2013 faces, 30 % wrong labels, 12 epochs from
              random weights (docs/results.md, "The methods side by side"); it
              learns wrong labels by heart. With start=face 67.0 and 66.1 on 4,000
              of them (two seeds), 71.5 on 8,000 ("From a face network").
"""

from fer_jax.configs import default


def get_config(arg=''):
    return default.get_config(arg, 'baseline')
