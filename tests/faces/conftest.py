"""A photograph of a face that comes with Matplotlib: Grace Hopper, US Navy, 1984."""

import matplotlib.cbook
import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope='session')
def hopper():
    """uint8 [600, 512, 3]; a face of about 180 x 230 px."""
    with matplotlib.cbook.get_sample_data('grace_hopper.jpg') as file:
        return np.array(Image.open(file).convert('RGB'))
