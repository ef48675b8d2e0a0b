"""What FiftyOne calls a FiftyOneImageClassificationDataset.

    labels.json             classes, and of each picture its label with attributes
    data/0000000.png ...

`fiftyone.Dataset.from_dir(FOLDER, fiftyone.types.FiftyOneImageClassificationDataset)`
reads it; `mistakenness` is the probability that the given label is wrong. Dropped ones
keep the given label, and the decision "drop". Source: docs.voxel51.com.
"""

import pathlib

from . import Item, Labelled, text, write_image


def write(labelled: Labelled, folder: pathlib.Path) -> None:
    """Writes all pictures, dropped ones too, into a folder."""
    with open(folder / 'labels.json', 'w', encoding='utf-8') as file:
        file.write(f'{{"classes": {text(labelled.class_names)}, "labels": {{')
        for number, item in enumerate(labelled.items):
            name = write_image(labelled.image(number), folder / 'data', number)
            label = text(_label(labelled, item))
            file.write(
                f'{"," * bool(number)}\n{text(pathlib.Path(name).stem)}: {label}'
            )
        file.write('\n}}\n')


def _label(labelled: Labelled, item: Item) -> dict:
    said = labelled.said(item)
    said['picture'] = said.pop('id')  # a Classification has an id of its own
    if said['probability_right'] is not None:
        said['mistakenness'] = 1 - said['probability_right']
    label = item.label if item.label >= 0 else item.given
    return {
        'label': labelled.called(label),
        'attributes': {
            name: value for name, value in said.items() if value is not None
        },
    }
