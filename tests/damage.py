"""Prepared sets that a disk has not kept as they were."""

import shutil


def a_record(faces, folder, split='train'):
    """A copy of the set with a flipped bit in the fourth record of a split.

    Returns:
      The copy, the shard, and the byte at which the record begins.
    """
    copy = shutil.copytree(faces, folder / 'faces')
    (shard,) = copy.glob(f'{split}-*.tfrecord')
    data = bytearray(shard.read_bytes())
    position = 0
    for _ in range(3):
        position += 16 + int.from_bytes(data[position : position + 8], 'little')
    data[position + 100] ^= 1
    shard.write_bytes(data)
    return copy, shard, position
