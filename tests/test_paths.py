"""Folders of any name: a run, its data and its export are the same there."""

import csv
import shutil

from PIL import Image

import launch
from fer_jax.training import files, loop, selftest, setup

NAME = (  # tests/training/test_checkpoint.py has more
    'runs [a]/back\\slash *'
    '/la\u0308ufe l\u00e4ufe 10:30 #1 %20 {x}? ~ :+1: ]b[ $HOME "\' <b>&amp;'
)


def used(config, picture, folder):
    """Trains with a stop, goes on, audits, predicts and exports, all in `folder`.

    Returns:
      {what: value} of what came out, without the name of the folder.
    """
    folder.mkdir(parents=True)
    config = config.copy_and_resolve_references()
    config.data.dir = str(shutil.copytree(config.data.dir, folder / 'faces'))
    workdir, export = folder / 'run', folder / 'export'
    asked = iter(range(99))
    assert loop.train(setup.prepare(config, workdir), lambda: next(asked) > 2) is None
    assert loop.train(setup.prepare(config, workdir)) is not None
    found = selftest.content(workdir)
    del found['config of result.json']  # has data.dir
    picture = shutil.copy(picture, folder / 'a [1] \\b.png')
    for words in (
        ['audit', f'--workdir={workdir}'],
        ['predict', f'--workdir={workdir}', picture, f'--csv={folder}/own.csv'],
        ['export', f'--workdir={workdir}', f'--out={export}', '--formats=orbax'],
        ['predict', f'--workdir={export}', picture, f'--csv={folder}/its.csv'],
    ):
        assert launch.main(['launch.py', *map(str, words)]) == 0
    for name in ('own.csv', 'its.csv'):
        with open(folder / name, newline='', encoding='utf-8') as file:
            _, (path, *answer) = csv.reader(file)
        assert path == str(picture)
        found[name] = answer
    assert files.audited(workdir)
    return found


def test_it_is_the_same_everywhere(short, hopper, tmp_path):
    config = short('baseline', 'cnn7')
    config.model.width = 4
    config.batch_size = 16
    config.data.max_train = 48
    picture = tmp_path / 'face.png'
    Image.fromarray(hopper).save(picture)
    plain = used(config, picture, tmp_path / 'plain')
    assert plain['own.csv'] == plain['its.csv']
    assert used(config, picture, tmp_path / NAME) == plain
