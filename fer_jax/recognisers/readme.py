"""The card of a recogniser that ships: README.md, all numbers from model.json."""

import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from fer_jax.data import coordinates
from fer_jax.deploy.card import percent

BINS = 10  # of the confidence

TEXT = """# {name}: a recogniser of facial expressions to try

{classes} classes: {class_names}. On {count:,} faces that it has not
learned from it agrees with the majority of people in **{accuracy}** (95 % interval
{low} to {high}).

```
python launch.py predict photo.jpg
```

From Python it is `Recognizer.load()`. Every face of a photograph is found, turned
upright, cut out as the faces of the set are, made grey as they are, and shown to the
network with its mirror image. (The detector's weights have terms of their own:
THIRD_PARTY.md.)

## What it is

dlib's face-recognition network, frozen, sha256 {sha256}... . It is read from the
installed package and is no part of this folder. {licence}

What is here are heads on its means over stages and parts of a face: {axes} learned
axes of {columns:,} columns, a hidden layer of {width}, {classes} classes; float16.
The labels taught them, and what two larger heads said ({large} on the same test
faces); a tenth of the training faces set the temperature, {temperature:.2f}.

```
python -m data_prep fer2013 --source=DOWNLOADS --labels=ferplus_majority7 \\
    --test=public --drop-test-duplicates --out=data/ferplus
python -m fer_jax.recognisers.train --data=data/ferplus --out=DIR
```

make the folder again (set {digest}...).

## Data, and whose pictures these are

{train:,} training faces of FER2013 (Goodfellow et al. 2013), 48 px, grey, with the
label that more than half of ten people gave for FERPlus (Barsoum et al. 2016; single
votes left out). Faces without such a majority, pictures without a face, and contempt
(119 faces to learn from, 10 to test on) are left out, so contempt is never the
answer. The test faces are those of PublicTest by the same rule, without those that
are also in Training; the heads' settings were chosen without them.

FER2013's pictures come from a web search and were given to researchers. The people on
them were not asked, and the rights of people and photographers are not cleared. No
picture is in this repository. Whether heads made from them may be a part of a product
is a question that this card cannot answer. FERPlus' votes are under the MIT licence.

## Numbers

| class | test faces | recall |
|---|---|---|
{recalls}

Balanced accuracy {balanced}. Expected calibration error {ece:.3f} (15 bins).

| confidence | faces | mean confidence | accuracy |
|---|---|---|---|
{reliability}

The true class down, the answer across:

| | {heading} |
|---|{rule}|
{confusion}

## What it must not be used for

A face is not a feeling. The classes are what most of ten people call the expression
on a picture; what a person feels, thinks or intends they do not say, and the network
cannot know. So never for decisions about people: not about work, school, police,
borders, courts, credit, insurance, health, therapy or lies, and not for watching
people who have not agreed. The European Union forbids to infer emotions at work and
in schools (Regulation 2024/1689, article 5). It is there to try this program, to sort
pictures that a person then looks at, and for research on wrong labels.

Not tested, and likely to be worse: children and old people, skin colours and cultures
(the set does not say which it has), profiles, glasses, masks, drawings, video, bad
light. The rarest classes are few ({rarest} test faces), so their recalls are hardly
known."""


def text(name: str, card: dict[str, Any]) -> str:
    """README.md, in Markdown."""
    found, names, about = card['metrics'], card['class_names'], card['features']
    counts = [sum(row) for row in found['confusion']]
    low, high = found['accuracy_interval']
    named = [f'{name} {count}' for count, name in sorted(zip(counts, names))[:2]]
    first = [i / BINS for i in range(BINS)]
    filled = TEXT.format(
        name=name,
        classes=len(names),
        class_names=', '.join(names),
        count=found['test_examples'],
        accuracy=percent(found['accuracy']),
        low=percent(low),
        high=percent(high),
        licence=about['licence'],
        sha256=about['weights_sha256'][:12],
        axes=about['shape'][-1],
        columns=coordinates.columns_of(about['columns'], 1).size,
        width=card['backbone']['width'],
        large=percent(found['large_accuracy']),
        temperature=found['temperature'],
        digest=card['data']['digest'][:12],
        train=card['data']['train_examples'],
        recalls=rows(
            (name, f'{count:,}', f'{recall:.2f}')
            for name, count, recall in zip(names, counts, found['recalls'])
        ),
        balanced=percent(found['balanced_accuracy']),
        ece=found['calibration_error'],
        reliability=rows(
            (
                f'{a:.1f} to {a + 1 / BINS:.1f}',
                f'{n:,.0f}',
                f'{sure:.2f}',
                f'{right:.2f}',
            )
            for a, (n, sure, right) in zip(first, found['reliability'])
            if n
        ),
        heading=' | '.join(names),
        rule='|'.join(['---'] * len(names)),
        confusion=rows(
            (name, *map(str, row)) for name, row in zip(names, found['confusion'])
        ),
        rarest=', '.join(named),
    )
    return '\n\n'.join(map(wrapped, filled.strip().split('\n\n'))) + '\n'


def wrapped(part: str) -> str:
    """A part of a Markdown text in lines of 88 columns, if it is a paragraph."""
    if part.startswith(('#', '|', '```')):
        return part
    lines = textwrap.wrap(part, 88, break_long_words=False, break_on_hyphens=False)
    return '\n'.join(lines)


def rows(cells: Iterable[Sequence[str]]) -> str:
    """Lines of a Markdown table."""
    return '\n'.join(f'| {" | ".join(each)} |' for each in cells)
