"""An image-classification set of TensorFlow Datasets, prepared on disk.

    python -m data_prep from_tfds --name=beans --data-dir=TFDS --out=DIR

It is read without TensorFlow, from array_record files and from tfrecord files, TFDS's
usual ones; making them from a source may need it. Splits are TFDS's, slices too:
--train='train[:80%]' --test='train[80%:]'. An id is the feature `id` or `file_name`
where the set has one, else TFDS's own: the shard and the number of the record in it.
Pictures come in the order of the records, which TFDS has shuffled.
"""

import argparse
import dataclasses
import functools
import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow_datasets as tfds
from array_record.python.array_record_data_source import ArrayRecordDataSource
from google.protobuf import message
from tensorflow_datasets.proto import tf_example_pb2

from fer_jax.data import records, sets
from fer_jax.errors import Missing, Unusable

from . import importing
from .squares import Picture

FORMATS = ('array_record', 'tfrecord')
TESTS = ('test', 'validation')  # the first that is there
IDS = ('id', 'file_name')
SIZE_PX = 224  # of a set whose pictures differ in size


@dataclasses.dataclass(frozen=True)
class Record(os.PathLike):
    """One encoded picture in a shard, in the place of a file."""

    shard: str
    number: int  # in the shard
    place: tuple | None  # byte offset and length in a tfrecord; None: array_record
    key: str  # feature with the picture

    def __fspath__(self) -> str:
        return self.shard

    def __str__(self) -> str:
        return f'{self.shard} record {self.number}'

    def features(self) -> Mapping[str, Any]:
        """{name: feature} of the tf.train.Example.

        Raises:
          Unusable: it is none.
        """
        try:
            if self.place is None:
                data = _opened(self.shard)[self.number]
            else:
                with open(self.shard, 'rb') as file:
                    file.seek(self.place[0])
                    data = file.read(self.place[1])
            return tf_example_pb2.Example.FromString(data).features.feature
        except (message.DecodeError, IndexError, RuntimeError) as error:
            raise Unusable(f'{self}: {error}; prepare the set again') from None

    def read_bytes(self) -> bytes:
        """The encoded picture."""
        (data,) = self.features()[self.key].bytes_list.value
        return data


@functools.lru_cache(maxsize=16)
def _opened(shard):
    try:
        return ArrayRecordDataSource([shard])
    except RuntimeError as error:
        raise Unusable(f'{shard}: {error}; prepare the set again') from None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this door's options to an argparse parser."""
    parser.add_argument('--name', required=True, help='beans, or cifar10:3.0.2')
    parser.add_argument('--data-dir', required=True, help='where TFDS keeps its sets')
    parser.add_argument('--train', default='train', help='split; default: train')
    parser.add_argument('--test', help=f'split; default: {" or ".join(TESTS)}')
    parser.add_argument('--image', help='feature with the picture')
    parser.add_argument('--label', help='feature with the class')
    importing.add_arguments(parser, None)


def run(options: argparse.Namespace) -> None:
    """Reads what TFDS wrote, prints what is there and writes the prepared folder."""
    info = find(options.name, options.data_dir)
    image, label = keys(info, options)
    wanted = {'train': options.train, 'test': options.test or usual_test(info)}
    options.size = options.size or side(info.features[image].shape)
    class_names = tuple(info.features[label].names)
    splits = {
        split: pictures(info, name, image, label) for split, name in wanted.items()
    }
    both = {row.path for row in splits['train']} & {row.path for row in splits['test']}
    if both:
        raise Unusable(
            f'{len(both):,} pictures are in {wanted["train"]} and in {wanted["test"]}; '
            'name splits that have none in common'
        )
    folder = pathlib.Path(info.data_dir)
    importing.run(
        options,
        'from_tfds',
        importing.Found(
            set_name=set_name(info.name, class_names),
            class_names=class_names,
            called=tuple(range(len(class_names))),
            splits=splits,
            files=(folder / 'dataset_info.json', folder / 'features.json'),
            said=(
                f'{folder}: {image} and {label} of {wanted["train"]} and of '
                f'{wanted["test"]}, in {info.file_format.value} files',
            ),
            published=(),
        ),
        name=info.full_name,
        splits=wanted,
        image=image,
        label=label,
    )


def find(name: str, folder: str | os.PathLike) -> tfds.core.DatasetInfo:
    """DatasetInfo of a set that is prepared in a folder.

    Raises:
      Missing: no such set there.
      Unusable: it lies there in a file format that needs TensorFlow.
    """
    try:
        builder = tfds.builder(name, data_dir=folder, try_gcs=False)
    except Exception as error:  # TFDS raises of all kinds, over many lines
        said = str(error).strip().splitlines()[0]
        raise Missing(f'no TFDS set {name!r} in {folder}: {said}') from None
    if not (pathlib.Path(builder.data_dir) / 'dataset_info.json').is_file():
        raise Missing(
            f'{builder.data_dir} is not prepared; do it with tfds build {name} '
            f'--data_dir={folder} --file_format=array_record'
        )
    kind = builder.info.file_format
    if kind is None or kind.value not in FORMATS:
        raise Unusable(
            f'{builder.data_dir} has files of the format {kind and kind.value}, wanted '
            f'{" or ".join(FORMATS)}: tfds convert_format makes them'
        )
    return builder.info


def keys(info: tfds.core.DatasetInfo, options: argparse.Namespace) -> list[str]:
    """Names of the features with the picture and the class.

    Raises:
      Unusable: there is none of a kind, or several and none is named.
    """
    chosen = []
    supervised = info.supervised_keys or ()
    for kind, given in (
        (tfds.features.Image, options.image),
        (tfds.features.ClassLabel, options.label),
    ):
        known = [name for name, of in info.features.items() if isinstance(of, kind)]
        usual = [name for name in known if name in supervised] or known
        if given not in known and (given or len(usual) != 1):
            raise Unusable(
                f'{info.full_name} has the {kind.__name__} features '
                f'{", ".join(known) or "(none)"}; name one by --image or --label'
            )
        chosen.append(given or usual[0])
    return chosen


def usual_test(info: tfds.core.DatasetInfo) -> str:
    """The split that is the test when none is named.

    Raises:
      Unusable: there is none that is meant for it.
    """
    for name in TESTS:
        if name in info.splits:
            return name
    raise Unusable(
        f'{info.full_name} has the splits {", ".join(info.splits)}; name one by '
        "--test, or parts of one: --train='train[:80%]' --test='train[80%:]'"
    )


def side(shape: Sequence[int | None]) -> int:
    """Side of the prepared images, given the shape of a TFDS image."""
    return shape[0] if shape[0] and shape[0] == shape[1] else SIZE_PX


def set_name(name: str, class_names: tuple[str, ...]) -> str:
    """The set of sets.SETS that a TFDS set is, 'folder' for others."""
    known = sets.SETS.get(name)
    return name if known and known.class_names == class_names else 'folder'


def pictures(
    info: tfds.core.DatasetInfo, split: str, image: str, label: str
) -> list[Picture]:
    """The Pictures of a split or a slice of one, none of them decoded.

    Raises:
      Unusable: no such split, or a shard that cannot be read.
    """
    try:
        parts = info.splits[split].file_instructions
    except (KeyError, ValueError) as error:
        said = str(error).strip().splitlines()[0]
        raise Unusable(f'{info.full_name}, split {split!r}: {said}') from None
    name = next((key for key in IDS if key in info.features), None)
    rows = []
    for part in parts:
        for record in listed(part.filename, info.file_format.value, image)[
            part.skip : part.skip + part.take
        ]:
            feature = record.features()
            (number,) = feature[label].int64_list.value
            called = f'{pathlib.Path(record.shard).name}__{record.number}'
            if name:
                called = feature[name].bytes_list.value[0].decode()
            rows.append(Picture(called, record, int(number)))
    return rows


def listed(shard: str, kind: str, image: str) -> list[Record]:
    """The Records of a shard."""
    if not os.path.isfile(shard):
        raise Missing(f'{shard} is missing; prepare the TFDS set again')
    if kind == 'tfrecord':
        places = records.scan(shard, os.path.getsize(shard)).tolist()
    else:
        places = [None] * len(_opened(shard))
    return [
        Record(shard, number, place and tuple(place), image)
        for number, place in enumerate(places)
    ]
