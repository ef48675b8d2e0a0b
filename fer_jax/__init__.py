"""Facial-expression recognition from noisy labels, as one functional JAX system.

from fer_jax import Recognizer
Recognizer.load('runs/first')(['face.jpg'])    # probabilities [1, C]
"""

from fer_jax import home

__version__ = '0.1.0'
__all__ = ['Recognizer']

if home.IN_REPOSITORY:  # configs and data_prep lie beside, not inside as in a wheel
    __path__.append(str(home.HERE.parent))


def __getattr__(name):
    if name == 'Recognizer':  # on demand: `import fer_jax` stays light
        from fer_jax.deploy.recognizer import Recognizer

        return Recognizer
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
