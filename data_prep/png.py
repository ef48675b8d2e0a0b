"""Lossless image bytes for a record."""

import io


def encode(image):
    """PNG bytes of a Pillow image."""
    buffer = io.BytesIO()
    image.save(buffer, 'PNG')
    return buffer.getvalue()
