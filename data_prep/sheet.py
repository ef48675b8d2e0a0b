"""A contact sheet of a prepared folder: a row a class, so that one sees the data.

python -m data_prep sheet data/own --out=sheet.png
"""

import argparse

import numpy as np
from PIL import Image, ImageDraw

from fer_jax.data import pipeline, prepared, records, whole

MARGIN_PX = 90  # room for the class name


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this door's options to an argparse parser."""
    parser.add_argument('folder', help='a prepared folder')
    parser.add_argument('--out', required=True, help='PNG file to write')
    parser.add_argument(
        '--split', choices=prepared.SPLITS, default='train', help='default: train'
    )
    parser.add_argument('--columns', type=int, default=12, help='faces a class')


def run(options: argparse.Namespace) -> None:
    """Writes the first faces of each class, by given label, into one image."""
    data = prepared.load(options.folder)
    split = getattr(data, options.split)
    source, size = split.records(), data.image_size_px
    height = size * len(data.class_names)
    sheet = Image.new('RGB', (MARGIN_PX + options.columns * size, height))
    pen = ImageDraw.Draw(sheet)
    for row, name in enumerate(data.class_names):
        pen.text((4, row * size + size // 2 - 6), name)
        for column, i in enumerate(np.flatnonzero(split.labels == row)):
            if column == options.columns:
                break
            name, image = records.decode_example(source[i])
            face = Image.fromarray(pipeline.decode(image, size, name))
            sheet.paste(face, (MARGIN_PX + column * size, row * size))
    with whole.replacing(options.out) as file:
        sheet.save(file, 'PNG')
    print(f'written: {options.out}')
