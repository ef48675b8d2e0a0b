"""The data sets that are known by name: their classes, in their own order, and counts.

Class names are canonical, so that 'Happy', 'happy' and 'happiness' are one class in
every set. The order is that of each set's own label files, whose integers are its
codes. Labels go from set to set by name alone: `places`, and `place` for a code.
"""

import functools
import types
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from fer_jax.data import documents
from fer_jax.errors import Unusable

CLASS_NAMES = documents.sequence(
    documents.Kind(
        'a name of 1 to 200 characters',
        lambda value: isinstance(value, str) and 1 <= len(value) <= 200,
    ),
    least=1,
    distinct=True,
)
IMAGE_SIZE_PX = documents.whole_number(1, 4096)  # height and width


class DataSet(NamedTuple):
    """What a data set's authors published about it."""

    class_names: tuple  # in the set's own order; empty: any
    counts: dict  # examples of each published split
    optional: tuple = ()  # classes that some versions of the set leave out
    codes: tuple = ()  # integer of each class in the set's own label files
    # examples of each class, of splits for which that was published
    class_counts: Mapping = types.MappingProxyType({})


def _names(text):
    return tuple(text.split())


ALIASES = {
    'angry': 'anger',
    'disgusted': 'disgust',
    'fearful': 'fear',
    'afraid': 'fear',
    'happy': 'happiness',
    'joy': 'happiness',
    'sad': 'sadness',
    'surprised': 'surprise',
    'neutrality': 'neutral',
    'contemptuous': 'contempt',
}

_CIFAR100 = """
    apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge
    bus butterfly camel can castle caterpillar cattle chair chimpanzee clock cloud
    cockroach couch crab crocodile cup dinosaur dolphin elephant flatfish forest fox
    girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man
    maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree
    pear pickup_truck pine_tree plain plate poppy porcupine possum rabbit raccoon ray
    road rocket rose sea seal shark shrew skunk skyscraper snail snake spider squirrel
    streetcar sunflower sweet_pepper table tank telephone television tiger tractor train
    trout tulip turtle wardrobe whale willow_tree wolf woman worm
"""

SETS = {
    'synthetic': DataSet(
        _names('anger disgust fear happiness sadness surprise neutral'), {}
    ),
    # Goodfellow et al. 2013
    'fer2013': DataSet(
        _names('anger disgust fear happiness sadness surprise neutral'),
        {'train': 28709, 'public_test': 3589, 'private_test': 3589},
        codes=tuple(range(7)),
        class_counts={
            'train': (3995, 436, 4097, 7215, 4830, 3171, 4965),
            'public_test': (467, 56, 496, 895, 653, 415, 607),
            'private_test': (491, 55, 528, 879, 594, 416, 626),
        },
    ),
    # Barsoum et al. 2016; majority labels leave fewer examples; codes are the columns
    # of votes, behind which come "unknown" and "NF"
    'ferplus': DataSet(
        _names('neutral happiness surprise sadness anger disgust fear contempt'),
        {'train': 28709, 'public_test': 3589, 'private_test': 3589},
        optional=('contempt',),
        codes=tuple(range(8)),
    ),
    # Li et al. 2017, basic expressions
    'raf_db': DataSet(
        _names('surprise fear disgust happiness sadness anger neutral'),
        {'train': 12271, 'test': 3068},
        codes=tuple(range(1, 8)),
        class_counts={
            'train': (1290, 281, 717, 4772, 1982, 705, 2524),
            'test': (329, 74, 160, 1185, 478, 162, 680),
        },
    ),
    # Mollahosseini et al. 2017; 283,901 and 3,500 without contempt; its codes 8 none,
    # 9 uncertain and 10 no face are no classes
    'affectnet': DataSet(
        _names('neutral happiness sadness surprise fear disgust anger contempt'),
        {'train': 287651, 'validation': 4000},
        optional=('contempt',),
        codes=tuple(range(8)),
        class_counts={
            'train': (74874, 134415, 25459, 14090, 6378, 3803, 24882, 3750),
            'validation': (500,) * 8,
        },
    ),
    # Zhang et al. 2018; published without a split
    'expw': DataSet(
        _names('anger disgust fear happiness sadness surprise neutral'),
        {'all': 91793},
        codes=tuple(range(7)),
        class_counts={'all': (3671, 3995, 1088, 30537, 10559, 7060, 34883)},
    ),
    # Krizhevsky 2009
    'cifar10': DataSet(
        _names('airplane automobile bird cat deer dog frog horse ship truck'),
        {'train': 50000, 'test': 10000},
        codes=tuple(range(10)),
    ),
    'cifar100': DataSet(  # codes are the fine labels
        _names(_CIFAR100), {'train': 50000, 'test': 10000}, codes=tuple(range(100))
    ),
    'folder': DataSet((), {}),
}


def canonical(name: str) -> str:
    """The one name of an expression: 'Happy' -> 'happiness'; others in lower case."""
    name = name.strip().lower()
    return ALIASES.get(name, name)


def number_of(name: str, class_names: Sequence[str]) -> int | None:
    """Place in `class_names` of a class, as it is spelt or by its canonical name.

    None where there is no such class, or more than one.
    """
    if name in class_names:
        return class_names.index(name)
    same = [
        number
        for number, known in enumerate(class_names)
        if canonical(known) == canonical(name)
    ]
    return same[0] if len(same) == 1 else None


def places(class_names: Sequence[str], wanted: Sequence[str]) -> tuple[int, ...]:
    """Place in `wanted` of each class, by canonical name: a tuple of ints.

    Raises:
      Unusable: names the classes that `wanted` lacks.
    """
    order = [canonical(name) for name in wanted]
    foreign = [name for name in class_names if canonical(name) not in order]
    if foreign:
        raise Unusable(
            f'the classes {", ".join(foreign)} are not among {", ".join(wanted)}'
        )
    return tuple(order.index(canonical(name)) for name in class_names)


def place(set_name: str, code: int, wanted: Sequence[str]) -> int:
    """Place in `wanted` of the class that a set's own label files call `code`.

    -1 for a class that some versions of the set leave out, when `wanted` lacks it.

    Raises:
      Unusable: the set has no such code, or `wanted` lacks a class of the set.
    """
    table = _table(set_name, tuple(wanted))
    if code not in table:
        known = SETS[set_name]
        codes = zip(known.codes, known.class_names)
        said = ', '.join(f'{number} {name}' for number, name in codes)
        raise Unusable(f'{code} is no label of {set_name}, whose files have {said}')
    return table[code]


@functools.cache
def _table(set_name, wanted):
    """{code: place in `wanted`} of a set."""
    known = SETS[set_name]
    left_out = set(known.optional) - {canonical(name) for name in wanted}
    names = [name for name in known.class_names if name not in left_out]
    numbers = dict(zip(names, places(names, wanted)))
    return {
        code: numbers.get(name, -1)
        for code, name in zip(known.codes, known.class_names)
    }


def check_classes(set_name: str, class_names: Sequence[str]) -> None:
    """Stops when class names, in any order, are not those of the named set.

    Raises:
      Unusable: unknown set, a class missing, foreign or twice.
    """
    if set_name not in SETS:
        raise Unusable(f'unknown data set {set_name!r}; there are: {", ".join(SETS)}')
    if len(set(class_names)) < len(class_names):
        raise Unusable(f'a class name occurs twice in {", ".join(class_names)}')
    known = SETS[set_name]
    if not known.class_names:
        return
    foreign = set(class_names) - set(known.class_names)
    missing = set(known.class_names) - set(class_names) - set(known.optional)
    if foreign or missing:
        said = [
            f'{what} {", ".join(sorted(names))}'
            for what, names in (('lacks', missing), ('has the foreign', foreign))
            if names
        ]
        raise Unusable(
            f'the folder {" and ".join(said)}, so its classes are not those of '
            f'{set_name}; name the right data set, or folder for one of your own'
        )
