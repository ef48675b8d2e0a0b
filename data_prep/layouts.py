"""What doors share when they read the layout of a source."""

import collections
import hashlib
import re

from fer_jax.data import sets


def natural(name):
    """A sort key by which '2' comes before '10'."""
    parts = re.split(r'(\d+)', name)
    return [(int(part), '') if part.isdecimal() else (-1, part) for part in parts]


def classes(names, set_name):
    """The classes of a set, by what a source calls them.

    Args:
      names: what is found: class names or, for a set that has them, its codes.
      set_name: 'folder' takes any names, in natural order.

    Returns:
      class_names, and what the source calls each of them.

    Raises:
      ValueError: a name or code that the set lacks, two for one class, a class missing.
    """
    names = sorted(set(names), key=natural)
    known = sets.SETS[set_name]
    if not known.class_names:
        return tuple(names), tuple(names)
    called = {}
    for name in names:
        if name.isdecimal() and known.codes:
            place = sets.place(set_name, int(name), known.class_names)
        else:
            (place,) = sets.places([name], known.class_names)
        other = called.setdefault(known.class_names[place], name)
        if other != name:
            raise ValueError(
                f'{other} and {name} are both {known.class_names[place]} of {set_name}'
            )
    found = tuple(name for name in known.class_names if name in called)
    sets.check_classes(set_name, found)
    return found, tuple(called[name] for name in found)


def drawn(pictures, options, group=None):
    """A split for a set without one, by a seed, the same on every machine.

    Of each class (or, with `group`, of all) those round(fraction n) go to the test
    whose sha256 with the seed is smallest; so a picture more hardly moves another.

    Args:
      pictures: Pictures, of both splits together.
      options: of `add_split`.
      group: function of a Picture -> a name; what has one name stays together.

    Returns:
      {'train': Pictures, 'test': Pictures}, and a line for the report.
    """
    fraction, seed = options.test_fraction, options.seed
    if not 0 < fraction < 1:
        raise ValueError(f'--test-fraction={fraction:g}; wanted between 0 and 1')
    names = collections.defaultdict(set)
    for row in pictures:
        names[None if group else row.label].add(group(row) if group else row.id)
    test = set()
    for some in names.values():
        order = sorted(
            some, key=lambda name: hashlib.sha256(f'{seed} {name}'.encode()).digest()
        )
        test.update(order[: round(fraction * len(some))])
    splits = {'train': [], 'test': []}
    for row in pictures:
        name = group(row) if group else row.id
        splits['test' if name in test else 'train'].append(row)
    what = 'files' if group else 'each class'
    return splits, f'split: drawn, {fraction:g} of {what} for the test, seed {seed}'


def add_split(parser):
    """Adds the options of a split that is drawn."""
    parser.add_argument(
        '--test-fraction', type=float, default=0.2, help='of a drawn split; 0.2'
    )
    parser.add_argument('--seed', type=int, default=0, help='of a drawn split; 0')
