"""Pictures and labels that a program has at hand, kept as a prepared set."""

import io
import pathlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import rich.progress
from PIL import Image

from fer_jax.data import in_memory, prepared, whole, writing
from fer_jax.errors import Unusable


def keep(
    folder: pathlib.Path, splits: Mapping, class_names: Sequence[str], progress: bool
) -> prepared.Prepared:
    """Writes pictures as a prepared set, or finds them there from an earlier call.

    Raises:
      Unusable: a picture cannot be read, or others are there.
    """
    whole.check_folder(folder.parent)
    folder.parent.mkdir(parents=True, exist_ok=True)
    if not folder.exists():
        return write(folder, splits, class_names, progress)
    with tempfile.TemporaryDirectory(dir=folder.parent) as beside:
        again = write(pathlib.Path(beside) / folder.name, splits, class_names, progress)
        there = prepared.load(folder)
        if again.digest != there.digest:
            raise Unusable(
                f'{folder.parent} holds a run of other pictures or labels; name another'
                ' workdir'
            )
    return there


def write(
    folder: pathlib.Path, splits: Mapping, class_names: Sequence[str], progress: bool
) -> prepared.Prepared:
    """Writes {split: (pictures, labels [N], clean labels [N])} as a prepared set."""
    with rich.progress.Progress(disable=not progress) as bar:
        count = sum(len(pictures) for pictures, *_ in splits.values())
        task = bar.add_task('pictures', total=count)
        return writing.write(
            folder,
            set_name='folder',
            class_names=class_names,
            image_size_px=splits['train'][0].size_px,
            recipe={'door': 'fer_jax.train'},
            splits={name: examples(*of) for name, of in splits.items()},
            progress=lambda done: bar.update(task, completed=done),
        )


def examples(
    pictures: in_memory.Pictures, labels: np.ndarray, clean_labels: np.ndarray
) -> Iterator[writing.Example]:
    """The Examples of pictures at hand, without loss."""
    for row, (label, clean) in enumerate(zip(labels.tolist(), clean_labels.tolist())):
        [square] = pictures(np.array([row]))
        data = io.BytesIO()
        Image.fromarray(square).save(data, 'PNG')
        yield writing.Example(str(pictures.ids[row]), data.getvalue(), label, clean)
