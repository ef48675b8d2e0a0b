"""Facial-expression recognition from noisy labels, as one functional JAX system."""

__version__ = '0.1.0'
