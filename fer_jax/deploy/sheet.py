"""A contact sheet: each picture as the network saw it, with what it said."""

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

SIDE_PX, TEXT_PX = 112, 14
LARGEST = 400  # pictures on a sheet


def draw(squares: Sequence[np.ndarray], captions: Sequence[str]) -> Image.Image:
    """One image of all `squares` in rows, each over its caption.

    Args:
      squares: uint8 [s, s, 3] each.
      captions: one line of text each.
    """
    columns = max(1, min(len(squares), math.ceil(math.sqrt(1.5 * len(squares)))))
    rows = math.ceil(len(squares) / columns)
    height = SIDE_PX + TEXT_PX + 6
    sheet = Image.new('RGB', (columns * SIDE_PX, rows * height), 'white')
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(TEXT_PX - 3)
    for number, (square, caption) in enumerate(zip(squares, captions)):
        x, y = number % columns * SIDE_PX, number // columns * height
        face = Image.fromarray(square).resize((SIDE_PX - 2, SIDE_PX - 2))
        sheet.paste(face, (x + 1, y + 1))
        pen.text((x + 3, y + SIDE_PX + 1), caption, fill='black', font=font)
    return sheet
