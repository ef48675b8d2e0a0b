"""Facial-expression recognition from noisy labels, as one functional JAX system.

import fer_jax

verdict = fer_jax.audit(images, labels)                   # which labels are wrong?
run = fer_jax.train('resup', images, labels, test=(images, labels), epochs=10)
run.recognizer, run.verdict, run.history
recognizer = fer_jax.Recognizer.load('runs/first')
recognizer(['face.jpg'])                                  # probabilities [1, C]

Only the names in dir(fer_jax) are public; modules may change from version to version.
"""

import importlib

from fer_jax import home

__version__ = '0.1.0'
PUBLIC = {  # name -> module: read on demand, for `import fer_jax` stays light
    'Recognizer': 'fer_jax.deploy.recognizer',
    'Run': 'fer_jax.run',
    'Unusable': 'fer_jax.errors',
    'Verdict': 'fer_jax.analysis.verdict',
    'audit': 'fer_jax.api',
    'train': 'fer_jax.run',
}
__all__ = list(PUBLIC)

if home.IN_REPOSITORY:  # configs and data_prep lie beside, not inside as in a wheel
    __path__.append(str(home.HERE.parent))


def __getattr__(name):
    if name in PUBLIC:
        return getattr(importlib.import_module(PUBLIC[name]), name)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')


def __dir__():
    return [*PUBLIC, '__version__']
