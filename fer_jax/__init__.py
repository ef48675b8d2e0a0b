"""Facial-expression recognition from noisy labels, as one functional JAX system.

from fer_jax import Recognizer
Recognizer.load('runs/first')(['face.jpg'])    # probabilities [1, C]
"""

__version__ = '0.1.0'
__all__ = ['Recognizer']


def __getattr__(name):
    if name == 'Recognizer':  # on demand: `import fer_jax` stays light
        from fer_jax.deploy.recognizer import Recognizer

        return Recognizer
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
