"""Lossless image bytes for a record."""

import io

from PIL import Image


def encode(image: Image.Image) -> bytes:
    """PNG bytes of a Pillow image."""
    buffer = io.BytesIO()
    image.save(buffer, 'PNG')
    return buffer.getvalue()
