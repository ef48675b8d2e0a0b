"""The lowered ReSup step that test_programs.py compares with the stored one.

python -m tests.training.lowered      # stores it anew, where it should change
"""

import hashlib
import json
import pathlib

import jax

from configs import resup
from fer_jax.data import source
from fer_jax.training import programs

STORED = pathlib.Path(__file__).with_suffix('.json')


def describe():
    """{'jax', 'sha256', 'lines'} of the StableHLO of a step: ReSup on FER2013, 64 of
    48-px faces from records, on a CPU."""
    spec = programs.spec(
        resup.get_config('dataset=fer2013'),
        source=source.Images('flip', 48, 48),
        num_classes=7,
        num_examples=28709,
        resident=False,
        platform='cpu',
    )
    shapes = programs.shapes(spec, 64)
    text = programs.lowered(spec, 'advance', shapes['advance']).as_text()
    return {
        'jax': jax.__version__,
        'sha256': hashlib.sha256(text.encode()).hexdigest(),
        'lines': text.count('\n'),
    }


if __name__ == '__main__':
    STORED.write_text(json.dumps(describe(), indent=1) + '\n')
