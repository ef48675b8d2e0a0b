"""What is Seen of all pictures -> what is wrong, what is remarkable, and the tables.

What is certain and spoils training or measuring is wrong; what needs eyes, or what the
doors put right by themselves, is a remark. FINDINGS says which is which.
"""

import collections
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fer_jax.data import augment, sets
from fer_jax.data.quoting import is_utf8

from . import copies, pixels, sources

# name: (wrong in a prepared folder, wrong in a raw one, what it means)
FINDINGS = {
    'damaged': (True, True, 'files or records are not as they were written'),
    'missing': (True, True, 'the labels name a file that is not there'),
    'truncated': (True, True, 'the file is cut short'),
    'unreadable': (True, True, 'not a picture, or a broken one'),
    'names': (True, True, 'the name of a file is not UTF-8; doors refuse it'),
    'tiny': (True, True, f'a side has less than {pixels.TINY_PX} px'),
    'blank': (True, True, 'all of it is one colour'),
    'size': (True, True, 'another size than the manifest says'),
    'double ids': (True, True, 'two pictures of a split have one id'),
    'classes': (True, True, 'class names are not those of the set'),
    'empty classes': (True, True, 'a class has no picture in a split'),
    'copies across splits': (
        True, True, 'the same pixels are in two splits: a test that was trained on',
    ),
    'contradictions': (
        True, True, 'the same pixels have different labels within a split',
    ),
    'copies': (False, False, 'the same pixels, with one label, within a split'),
    'near copies across splits': (
        False, False, f'up to {copies.MOST} of 256 bits differ: look at them',
    ),
    'near copies': (
        False, False, f'up to {copies.MOST} of 256 bits differ, within a split',
    ),
    'CMYK': (True, False, 'four colours for print; doors make RGB of them'),
    '16-bit': (True, False, '16 bits a colour; doors make 8 of them'),
    'dark 16-bit': (
        True, False, 'grey that doors take for 8 or 12 bits, by its largest value',
    ),
    'alpha': (True, False, 'transparent parts; doors put white behind them'),
    'turned': (True, False, 'EXIF says that it lies on its side; doors turn it'),
    'animated': (True, False, 'several frames; doors take the first'),
    'palette': (False, False, 'colours from a table; doors make RGB of them'),
    'grey and colour': (False, False, 'some pictures are grey, the others are not'),
    'left out': (False, False, 'kinds of files that no door takes for pictures'),
    'counts': (False, False, 'a split has another count than was published'),
    'imbalance': (False, False, 'the largest class is 10 times the smallest, or more'),
    'statistics': (
        False, False, 'mean or deviation are far from what pretrained weights expect',
    ),
}  # fmt: skip
IMBALANCE = 10
FAR = 0.5  # deviations that a mean is off, or share that a deviation is


def judge(source: sources.Source, seen: Sequence[pixels.Seen]) -> dict[str, Any]:
    """The whole report, as JSON can hold it, except that `places` are of items.

    Args:
      source: a sources.Source.
      seen: pixels.Seen of each of its items.

    Returns:
      dict; 'findings' is a list of dicts: name, wrong, meaning, count, texts, places
      (lists of places in source.items that belong together).
    """
    prepared = source.size_px is not None
    tables = counts(source)
    statistics = measured(source, seen)
    found = {
        **texts(source, tables, statistics),
        **single(source, seen),
        **repeated(source, seen),
    }
    findings = []
    for name, (in_prepared, in_raw, meaning) in FINDINGS.items():
        said, places = found.get(name, ([], []))
        if said or places:
            findings.append(
                {
                    'name': name,
                    'wrong': in_prepared if prepared else in_raw,
                    'meaning': meaning,
                    'count': len(places) or len(said),
                    'texts': said,
                    'places': places,
                }
            )
    return {
        'recognised': source.title,
        'set': source.set_name,
        'class_names': list(source.class_names),
        'facts': dict(source.facts),
        'pictures': len(source.items),
        'sizes': sizes(seen),
        'splits': tables,
        'statistics': statistics,
        'findings': findings,
        'wrong': any(finding['wrong'] for finding in findings),
    }


def counts(source: sources.Source) -> dict[str, dict[str, Any]]:
    """Of each split: all, published (None: unknown), classes {name: [n, published]}."""
    known = sets.SETS[source.set_name]
    splits = {}
    for split in dict.fromkeys(item.split for item in source.items):
        labels = collections.Counter(
            item.label for item in source.items if item.split == split
        )
        named = source.published.get(split, split)
        of_class = dict(zip(known.class_names, known.class_counts.get(named, ())))
        splits[split] = {
            'all': labels.total(),
            'published': known.counts.get(named),
            'published_as': named,
            'classes': {
                name: [labels[place], of_class.get(sets.canonical(name))]
                for place, name in enumerate(source.class_names)
            },
        }
    return splits


def measured(source: sources.Source, seen: Sequence[pixels.Seen]) -> dict[str, Any]:
    """Mean and deviation of the channels of the first split, and what is expected.

    Every picture counts alike, whatever its size.
    """
    if not source.items:
        return {}
    first = source.items[0].split
    moments = [
        picture.moments
        for item, picture in zip(source.items, seen)
        if item.split == first and picture.moments
    ]
    if not moments:
        return {}
    mean, square = np.mean(np.array(moments).reshape(-1, 2, 3), axis=0)
    std = np.sqrt(np.maximum(square - mean**2, 0))
    recipe = source.set_name if source.set_name in augment.RECIPES else 'none'
    recipe = 'cifar' if source.set_name == 'cifar10' else recipe
    expected = augment.RECIPES[recipe].scale
    return {
        'split': first,
        'mean': np.round(mean, 4).tolist(),
        'std': np.round(std, 4).tolist(),
        'expected_by': 'CIFAR' if recipe != 'none' else 'ImageNet',
        'expected_mean': list(expected.mean),
        'expected_std': list(expected.std),
    }


def sizes(seen: Sequence[pixels.Seen]) -> dict[str, int]:
    """The smallest, the middle and the largest shorter side, in px."""
    sides = [min(picture.size) for picture in seen if not picture.trouble]
    if not sides:
        return {}
    low, middle, high = np.percentile(sides, [0, 50, 100], method='nearest').tolist()
    return {'smallest': low, 'median': middle, 'largest': high}


def texts(
    source: sources.Source, tables: Mapping[str, Any], statistics: Mapping[str, Any]
) -> dict[str, tuple[list, list]]:
    """{name: (texts, [])} of what is no matter of single pictures."""
    empty, differ, uneven = [], [], []
    for split, table in tables.items():
        numbers = {name: pair[0] for name, pair in table['classes'].items()}
        empty += [f'{split}: {name}' for name, count in numbers.items() if not count]
        if table['published'] not in (None, table['all']):
            differ.append(
                f'{split}: {table["all"]:,}; published for'
                f' {table["published_as"]}: {table["published"]:,}'
            )
        most, least = (f(numbers, key=numbers.__getitem__) for f in (max, min))
        if numbers[most] >= IMBALANCE * max(1, numbers[least]):
            uneven.append(
                f'{split}: {numbers[most]:,} {most}, {numbers[least]:,} {least}'
            )
    if len(source.class_names) < 2:
        empty.append('there is one class only')
    names = [(item.split, item.id) for item in source.items]
    double = [n for n, count in collections.Counter(names).items() if count > 1]
    found = {
        'damaged': list(source.damage),
        'double ids': [f'{split}: {id}' for split, id in double],
        'classes': sources.check_names(source),
        'empty classes': empty,
        'counts': differ,
        'imbalance': uneven,
        'left out': [f'{n:,} {what}' for what, n in source.left_out.items()],
        'statistics': far(statistics),
    }
    return {name: (said, []) for name, said in found.items()}


def far(statistics: Mapping[str, Any]) -> list[str]:
    """Where the measured mean or deviation is far from the expected one, as texts."""
    if not statistics:
        return []
    columns = ('mean', 'std', 'expected_mean', 'expected_std')
    rows = zip('RGB', *(statistics[name] for name in columns))
    return [
        f'{channel}: mean {mean:.3f}, deviation {std:.3f};'
        f' expected {usual:.3f}, {spread:.3f}'
        for channel, mean, std, usual, spread in rows
        if abs(mean - usual) > FAR * spread or abs(std - spread) > FAR * spread
    ]


def single(
    source: sources.Source, seen: Sequence[pixels.Seen]
) -> dict[str, tuple[list, list]]:
    """{name: ([], places)} of pictures that are wrong or remarkable by themselves."""
    found = collections.defaultdict(list)
    grey = 0
    for place, picture in enumerate(seen):
        if not is_utf8(source.items[place].id):
            found['names'].append([place])
        if picture.trouble:
            found[picture.trouble].append([place])
            continue
        for trait in picture.traits:
            found[trait].append([place])
        if source.size_px and picture.size != (source.size_px, source.size_px):
            found['size'].append([place])
        grey += 'grey' in picture.traits
    places = found.pop('grey', [])
    readable = sum(not picture.trouble for picture in seen)
    if 0 < grey < readable:
        fewer = grey <= readable / 2
        told = f'{grey:,} of {readable:,} are grey'
        others = [
            [p]
            for p, picture in enumerate(seen)
            if picture.digest and 'grey' not in picture.traits
        ]
        return {
            **{name: ([], groups) for name, groups in found.items()},
            'grey and colour': ([told], places if fewer else others),
        }
    return {name: ([], groups) for name, groups in found.items()}


def repeated(
    source: sources.Source, seen: Sequence[pixels.Seen]
) -> dict[str, tuple[list, list]]:
    """{name: ([], groups of places)} of pictures that are there more than once."""
    items = source.items
    found = collections.defaultdict(list)
    telling = [
        place
        for place, picture in enumerate(seen)
        if picture.digest and not {'tiny', 'blank'} & set(picture.traits)
    ]
    distinct = {}
    for group in copies.identical([picture.digest for picture in seen]):
        if len({items[place].split for place in group}) > 1:
            found['copies across splits'].append(group)
        parts = collections.defaultdict(list)
        for place in group:
            parts[items[place].split].append(place)
        for some in parts.values():
            if len({items[place].label for place in some}) > 1:
                found['contradictions'].append(some)
            elif len(some) > 1:
                found['copies'].append(some)
    for place in telling:
        distinct.setdefault(seen[place].digest, place)
    places = np.array(list(distinct.values()), np.int64)
    signatures = np.frombuffer(
        b''.join(seen[place].signature for place in places), np.uint8
    )
    pairs, _ = copies.alike(signatures.reshape(-1, 32))
    for group in copies.connected(pairs, len(places)):
        group = places[group].tolist()
        across = len({items[place].split for place in group}) > 1
        found['near copies across splits' if across else 'near copies'].append(group)
    return {
        name: (by_split(items, groups) if 'across' in name else [], groups)
        for name, groups in found.items()
    }


def by_split(
    items: Sequence[sources.Item], groups: Sequence[Sequence[int]]
) -> list[str]:
    """How many pictures of each split are in groups, as texts."""
    splits = (items[place].split for group in groups for place in group)
    return [f'{n:,} of {split}' for split, n in collections.Counter(splits).items()]
