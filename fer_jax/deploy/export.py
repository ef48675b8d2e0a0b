"""A run's network alone, in formats that other programs read, each one checked.

python launch.py export --workdir=runs/first --out=exports/first
"""

import argparse
import os
import pathlib
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from PIL import Image

import fer_jax
from fer_jax import home
from fer_jax.data import arrays, pipeline, whole
from fer_jax.deploy import card as cards
from fer_jax.deploy import formats, model, readme
from fer_jax.errors import Missing, Unusable
from fer_jax.training import examples, fields

LARGEST_DIFFERENCE = 1e-4  # of any probability
DIFFERENT = 1  # exit code
SAMPLES = 8


class Different(Exception):
    """A written format does not say what the run says."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this command's options to an argparse parser."""
    parser.add_argument('--workdir', required=True, help='folder of a run')
    parser.add_argument('--out', required=True, help='folder to write, a new one')
    parser.add_argument(
        '--formats',
        help='some of orbax,safetensors,stablehlo,onnx; default: all that can be'
        ' written here',
    )
    parser.add_argument('--which', default='last', help='checkpoint: last, best, STEP')
    parser.add_argument(
        '--network', help="1, 2 ..., mean or sum of all; default: the method's answer"
    )
    parser.add_argument(
        '--fold-bn',
        action='store_true',
        help='norms into the convolutions of stablehlo too; onnx always has them there',
    )


def run(options: argparse.Namespace) -> int:
    """Writes an export, prints how far each format is from the run; returns 0.

    Returns 1 when a format differs: then nothing is written.

    Raises:
      Unusable: the run or the options cannot be used.
    """
    names = chosen(options.formats)
    try:
        with whole.folder(options.out) as folder:
            loaded = model.from_run(
                options.workdir, which=options.which, network=options.network
            )
            samples = patterns(loaded.card['image_size_px'])
            tested = np.concatenate([samples, faces(options.workdir, loaded.card)])
            export(folder, loaded, names, samples, tested, options.fold_bn)
    except Different as error:
        print(f'{home.name()} export: {error}; nothing written', file=sys.stderr)
        return DIFFERENT
    print(f'written: {options.out}')
    return 0


def chosen(asked: str | None) -> list[str]:
    """Names of formats.FORMATS from --formats; without it all that can be written.

    Raises:
      Unusable: there is no such format.
      Missing: what writes it is not installed.
    """
    if asked is None:
        for name in formats.FORMATS:
            if formats.lacking(name):
                print(f'left out: {formats.lacking(name)}')
        return [name for name in formats.FORMATS if not formats.lacking(name)]
    names = asked.split(',')
    unknown = set(names) - set(formats.FORMATS)
    if unknown:
        raise Unusable(
            f'unknown format {", ".join(sorted(unknown))}; there are:'
            f' {", ".join(formats.FORMATS)}'
        )
    for name in names:
        if formats.lacking(name):
            raise Missing(formats.lacking(name))
    return names


def export(
    folder: pathlib.Path,
    loaded: model.Model,
    names: Sequence[str],
    samples: np.ndarray,
    tested: np.ndarray,
    fold_bn: bool,
) -> None:
    """Writes all files of an export into `folder` and checks each format.

    Args:
      folder: an empty one.
      loaded: the model.Model.
      names: of formats.FORMATS.
      samples: uint8 [n, s, s, 3] to keep in the export.
      tested: uint8 [m, s, s, 3] to compare; the samples come first.
      fold_bn: for stablehlo.

    Raises:
      Different: a format does not say what the run says.
    """
    wanted = np.asarray(model.compiled(loaded)(tested))
    np.savez(folder / 'samples.npz', images=samples, probs=wanted[: len(samples)])
    card = loaded.card | {
        'fold_bn': fold_bn,
        'versions': {'fer_jax': fer_jax.__version__, 'jax': jax.__version__},
        'formats': {},
    }
    for name in names:
        path = folder / formats.FORMATS[name].file
        formats.WRITERS[name](path, loaded, fold_bn)
        cards.write(folder, card)
        difference = check(folder, name, tested, wanted)
        print(f'{name:>12}: largest difference {difference:.1e}, {megabytes(path)}')
        if not difference <= LARGEST_DIFFERENCE:  # also when it is NaN
            raise Different(
                f'{name} differs from the run by {difference:.1e} in a probability,'
                f' more than {LARGEST_DIFFERENCE}'
            )
        card['formats'][name] = {
            'file': path.name,
            'largest_difference': difference,
        }
    cards.write(folder, card)
    whole.write_text(folder / 'README.md', readme.text(card))


def check(
    folder: pathlib.Path, name: str, images: np.ndarray, wanted: np.ndarray
) -> float:
    """Largest difference of a format's probabilities, read in a fresh process.

    Raises:
      Different: the process failed.
    """
    images_file, probs_file = folder / 'images.npy', folder / 'probs.npy'
    np.save(images_file, images)
    root = str(pathlib.Path(fer_jax.__file__).parent.parent)
    arguments = [folder, name, images_file, probs_file]
    done = subprocess.run(
        [sys.executable, '-m', 'fer_jax.deploy.reload', *map(str, arguments)],
        env=os.environ | {'PYTHONPATH': root},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        last = done.stderr.strip().splitlines() or ['no message']
        raise Different(f'{name} cannot be read again: {last[-1]}')
    probs = arrays.read_npy(probs_file, arrays.Array('f', 2))
    images_file.unlink()
    probs_file.unlink()
    return float(np.abs(probs - wanted).max())


def patterns(size_px: int) -> np.ndarray:
    """Test images [SAMPLES, s, s, 3] uint8: coloured clouds with some grain.

    Not faces: an export may be passed on, the faces of a data set may not.
    """
    generator = np.random.Generator(np.random.Philox(0))
    images = []
    for _ in range(SAMPLES):
        coarse = (generator.random((5, 5, 3)) * 256).astype(np.uint8)
        clouds = np.asarray(Image.fromarray(coarse).resize((size_px, size_px)))
        grain = 40 * generator.random((size_px, size_px, 3)) - 20
        images.append(np.clip(clouds + grain, 0, 255).astype(np.uint8))
    return np.stack(images)


def faces(workdir: pathlib.Path, card: dict[str, Any], count: int = 9) -> np.ndarray:
    """Some test faces [n, s, s, 3] of the run's data; none when these are gone."""
    size, config = card['image_size_px'], fields.stored(workdir).data
    try:
        data, _ = examples.data_of_run(config, splits=['test'])
        if data.image_size_px == size:
            reader = pipeline.Reader(data.test, data.test.readable())
            places = np.linspace(0, len(reader) - 1, min(count, len(reader)))
            return reader(np.unique(places.astype(int)))
        gone = f'of {data.image_size_px} px now, not {size}'
    except (OSError, ValueError) as error:
        gone = str(error)
    print(f"compared on patterns alone, for the run's data are gone: {gone}")
    return np.zeros((0, size, size, 3), np.uint8)


def megabytes(path: pathlib.Path) -> str:
    """Size of a file or a folder in words."""
    inside = path.rglob('*') if path.is_dir() else [path]
    total = sum(file.stat().st_size for file in inside if file.is_file())
    return f'{total / 1e6:.1f} MB'
