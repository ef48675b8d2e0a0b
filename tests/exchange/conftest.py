"""A small set whose ids and classes are what no path should be, and a review of it."""

import numpy as np
import pytest

from fer_jax import cli
from fer_jax.analysis import judgements
from fer_jax.data import corrections, prepared, records, writing
from fer_jax.data.corrections import Decision

NAMES = ('=1+1', '../..', 'a,b "c"', 'fear')


@pytest.fixture(scope='session')
def ugly(faces, tmp_path_factory):
    """A set of 12 + 4 faces."""
    source = prepared.load(faces).train.records()
    images = [records.decode_example(source[i])[1] for i in range(16)]
    ids = ['../../x', '/etc/passwd', 'a\nb', '=cmd()', 'é\u202e', 'x,"y"', '.', 'CON']
    ids += [f'plain {i}' for i in range(8)]
    examples = [
        writing.Example(name, image, i % 4)
        for i, (name, image) in enumerate(zip(ids, images))
    ]
    return writing.write(
        tmp_path_factory.mktemp('ugly') / 'set', set_name='folder', class_names=NAMES,
        image_size_px=24, recipe={},
        splits={'train': examples[:12], 'test': examples[12:]},
    )  # fmt: skip


@pytest.fixture(scope='session')
def decided(ugly):
    """Decisions of each kind, about its first four faces."""
    first, second, third, fourth = ugly.train.ids[:4].tolist()
    return [
        Decision(first, 'relabel', (3,), 'anna', '2026-11-28T19:40:02Z'),
        Decision(second, 'drop', (), 'anna'),
        Decision(third, 'ambiguous', (1, 2), 'anna'),
        Decision(fourth, 'keep'),
    ]


@pytest.fixture(scope='session')
def reviewed(ugly, decided, tmp_path_factory):
    """The folder of a review of it: a judgement and those decisions."""
    folder = tmp_path_factory.mktemp('review')
    data, count = ugly.train, len(ugly.train.ids)
    judgements.write(
        folder,
        judgements.Judgement(
            data.ids, np.linspace(-1, 1, count), np.linspace(0.1, 0.9, count),
            ((data.labels + 1) % 4).astype(np.int32), np.eye(4, dtype=np.float32),
        ),
        ugly.digest,
    )  # fmt: skip
    text = corrections.text(decided, NAMES)
    (folder / corrections.FILE).write_text(text)
    return folder


@pytest.fixture
def exported(ugly, reviewed, tmp_path, capsys):
    """exported(form): the folder that the command writes."""

    def export(form, *options):
        out = tmp_path / 'out' / form
        words = f'export-labels --data={ugly.folder} --review={reviewed} --as={form}'
        words = [*words.split(), f'--out={out}', *options]
        assert cli.main(['launch.py', *words]) == 0, capsys.readouterr()
        assert [path.name for path in out.parent.iterdir()] == [form]
        return out

    return export
