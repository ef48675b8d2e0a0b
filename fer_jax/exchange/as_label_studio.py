"""Tasks for Label Studio, and the annotations that it exports as JSON.

    config.xml              the labelling interface: paste it under "Code"
    tasks.json              import it; decided labels are annotations, what is suggested
                            is a prediction
    images/train/0000000.png ...

Label Studio serves the pictures with LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED=true and
LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT=FOLDER. Source: labelstud.io/guide/tasks.
"""

import pathlib
from xml.sax import saxutils

from fer_jax.data import documents
from fer_jax.data.quoting import quoted
from fer_jax.errors import Unusable

from . import Answer, Item, Labelled, text, write_image

LABEL, DROP, IMAGE = 'label', 'drop', 'image'  # names in the interface
NONE = 'none of these, or no face'
MODEL = 'fer_jax'
RESULT = documents.fields({}, {'from_name': documents.TEXT, 'value': documents.ANY})
ANNOTATION = documents.fields(
    {'result': documents.sequence(RESULT)},
    {
        'was_cancelled': documents.either(documents.TRUTH, documents.NOTHING),
        'completed_by': documents.ANY,
        'updated_at': documents.either(documents.TEXT, documents.NOTHING),
    },
)
TASKS = documents.sequence(
    documents.fields(
        {
            'data': documents.fields({'id': documents.TEXT}),
            'annotations': documents.sequence(ANNOTATION),
        }
    )
)
CHOICES = documents.fields({'choices': documents.sequence(documents.TEXT)})
REMEDY = 'export as JSON, not JSON-MIN, of tasks that export-labels wrote'


def write(labelled: Labelled, folder: pathlib.Path) -> None:
    """Writes a task for each picture, dropped ones too, into a folder."""
    (folder / 'config.xml').write_text(interface(labelled.class_names), 'utf-8')
    with open(folder / 'tasks.json', 'w', encoding='utf-8') as file:
        for number, item in enumerate(labelled.items):
            place = f'images/{item.split}'
            name = write_image(labelled.image(number), folder / place, number)
            data = {IMAGE: f'/data/local-files/?d={place}/{name}'}
            task = {
                'data': data | labelled.said(item),
                'annotations': _annotations(labelled, item),
                'predictions': _predictions(labelled, item),
            }
            file.write(f'{"," if number else "["}\n{text(task)}')
        file.write('\n]\n')


def interface(class_names: tuple[str, ...]) -> str:
    """The labelling interface of a set of classes, as XML."""
    choices = ''.join(
        f'    <Choice value={saxutils.quoteattr(c)}/>\n' for c in class_names
    )
    return (
        f'<View>\n  <Image name="{IMAGE}" value="${IMAGE}"/>\n'
        f'  <Choices name="{LABEL}" toName="{IMAGE}" choice="multiple">\n{choices}'
        f'  </Choices>\n  <Choices name="{DROP}" toName="{IMAGE}">\n'
        f'    <Choice value={saxutils.quoteattr(NONE)}/>\n  </Choices>\n</View>\n'
    )


def read(path: pathlib.Path) -> list[Answer]:
    """What people answered, the newest annotation of each task.

    Raises:
      Missing, Unusable: no export of Label Studio, or more than two classes for one.
    """
    answers = []
    for task in documents.read(path, TASKS, REMEDY):
        valid = [one for one in task['annotations'] if not one.get('was_cancelled')]
        if valid:
            newest = max(valid, key=lambda one: one.get('updated_at') or '')
            answers.append(_answer(path, task['data']['id'], newest))
    return answers


def _answer(path, name, annotation):
    chosen = {LABEL: [], DROP: []}
    for result in annotation['result']:
        if result.get('from_name') in chosen:
            where = f'{path}: the annotation of {quoted(name)}'
            value = documents.check(result.get('value'), CHOICES, where, REMEDY)
            chosen[result['from_name']] += value['choices']
    classes = tuple(dict.fromkeys(() if chosen[DROP] else chosen[LABEL]))
    if len(classes) > 2 or not (classes or chosen[DROP]):
        raise Unusable(
            f'{path}: {quoted(name)} is annotated with {len(classes)} classes; wanted'
            f' one, two that fit, or {quoted(NONE)}'
        )
    who = annotation.get('completed_by')
    who = who.get('email', '') if isinstance(who, dict) else who
    time = annotation.get('updated_at') or ''
    time = f'{time[:19]}Z' if time else ''  # it has parts of a second, in UTC
    return Answer(name, classes, '' if who is None else str(who), time)


def _annotations(labelled: Labelled, item: Item) -> list:
    said = item.decision
    if said is None:
        return []
    classes = said.left(item.given)
    names = [labelled.class_names[label] for label in classes]
    made = {'result': [_result(LABEL, names) if names else _result(DROP, [NONE])]}
    return [made | {'was_cancelled': False, 'ground_truth': False}]


def _predictions(labelled: Labelled, item: Item) -> list:
    """The suggestion, with its probability: of another class that the given one is
    wrong."""
    if item.suggested < 0:
        return []
    score = item.right if item.suggested == item.given else 1 - item.right
    result = _result(LABEL, [labelled.class_names[item.suggested]])
    return [{'model_version': MODEL, 'score': score, 'result': [result]}]


def _result(name, choices):
    return {
        'from_name': name,
        'to_name': IMAGE,
        'type': 'choices',
        'value': {'choices': choices},
    }
