"""Runs any algorithm: state, step, loop, scoring, evaluation, checkpoints, results."""
