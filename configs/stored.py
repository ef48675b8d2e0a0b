"""The config of a run that is there: --config=configs/stored.py:FOLDER.

Whatever is given besides changes it, and the new run gets a folder of its own.
"""

from fer_jax.training import fields


def get_config(workdir):
    """The config that the run in the folder `workdir` was started with."""
    return fields.stored(workdir)
