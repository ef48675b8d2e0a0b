"""A disk that is soon full."""

import contextlib
import subprocess

import pytest


@contextlib.contextmanager
def small(folder, size):
    """Yields a new folder in `folder` that holds `size` ('100k') and no more.

    Skips the test where one may not mount; root usually may.
    """
    disk = folder / 'small'
    disk.mkdir()
    mount = ['mount', '-t', 'tmpfs', '-o', f'size={size}', 'tmpfs', str(disk)]
    try:
        subprocess.run(mount, capture_output=True, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip('tmpfs cannot be mounted here')
    try:
        yield disk
    finally:
        subprocess.run(['umount', str(disk)], check=True)


def enlarge(disk):
    """Makes room."""
    subprocess.run(['mount', '-o', 'remount,size=50m', str(disk)], check=True)
