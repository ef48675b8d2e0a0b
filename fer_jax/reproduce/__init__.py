"""A paper's table, run again: the files of configs/reproduce as runs and a report."""
