"""Arithmetic on arrays: losses, beta mixtures, label noise, metrics."""
