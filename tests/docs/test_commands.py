"""Every quoted command is one that the program takes, and says where it is run.

`read` gives each to the real reader of its command and stops before the work: a field,
method, door or option that is not there is found. RUN says which test runs a command
of its kind, or why none does.
"""

import importlib
import re

import pytest
from fer_jax.data_prep import __main__ as data_prep

from fer_jax import cli, home
from fer_jax.cli import training
from fer_jax.sweeps import sweep
from fer_jax.training import fields
from tests.docs.quoted import PAGES, ROOT, Quoted, commands, found, joined, parted

QUOTED = [command for path in PAGES for command in commands(path)]
MEASURES = 'measures, for minutes to hours: docs/results.md has what it gave'
RUN = {
    'train': 'tests/test_launch.py',
    'selftest': 'tests/training/test_resume.py',
    'evaluate': 'tests/deploy/test_evaluate.py',
    'predict': 'tests/deploy/test_recognizer.py',
    'export': 'tests/deploy/test_export.py',
    'bench': 'tests/deploy/test_bench.py',
    'audit': 'tests/analysis/test_frozen.py',
    'review': 'tests/review/test_process.py',
    'sweep': 'tests/sweeps/test_sweep.py',
    'export-labels': 'tests/data_prep/test_restoring.py',
    'import-labels': 'tests/exchange/test_programs.py',
    'compare': 'tests/analysis/test_compare.py',
    'relabels': 'tests/analysis/test_relabels.py',
    'reproduce': 'tests/reproduce/test_command.py',
    'configs': 'tests/test_doors.py',
    'affectnet': 'tests/data_prep/test_doors.py',
    'cifar10': 'tests/data_prep/test_cifar.py',
    'cifar100': 'tests/data_prep/test_cifar.py',
    'csv': 'tests/data_prep/test_doors.py',
    'doctor': 'tests/data_prep/test_doctor.py',
    'expw': 'tests/data_prep/test_doors.py',
    'features': 'tests/data/test_features.py',
    'fer2013': 'tests/data_prep/test_fer2013.py',
    'ferplus': 'tests/data_prep/test_ferplus.py',
    'from_tfds': 'tests/data_prep/test_from_tfds.py',
    'image_folder': 'tests/data_prep/test_importing.py',
    'jaffe': 'tests/docs/test_extending.py',
    'noise': 'tests/data_prep/test_noise.py',
    'raf_db': 'tests/data_prep/test_doors.py',
    'sheet': 'tests/data_prep/test_synthetic.py',
    'synthetic': 'tests/data_prep/test_synthetic.py',
    'weights': 'tests/data_prep/test_weights.py',
    'make site': 'tests/docs/test_site.py',
    'make docs': 'tests/training/test_handbook.py',
    'fer_jax.training.handbook': 'tests/training/test_handbook.py',
    'make demo': 'not run: 5 minutes; by hand, docs/results.md has its numbers',
    'make test': 'not run: it is the tests',
    'make lint': 'not run: a check of its own beside the tests',
    'fer_jax.recognisers.train': 'tests/recognisers/test_train.py',
}
STANDS_FOR = {  # what is not meant as it stands -> one of what it means
    '--config=FILE': '--config=configs/resup.py',
    '--config=...': '--config=configs/resup.py',
    '--kfold=K': '--kfold=5',
    '$METHOD': 'resup',
    'METHOD': 'resup',
    '<method>': 'resup',
    '<set>': 'raf_db',
    '<rate>': '0.3',
    '$SEED': '1',
    '$JOB_COMPLETION_INDEX': '1',
}
ADDED = ('configs/smoothing.py', 'jaffe')  # by docs/extend; run in a copy there


def spelled(word):
    """A word with something in the place of what is not meant literally."""
    for text, meant in STANDS_FOR.items():
        word = word.replace(text, meant)
    return word


def key(command):
    """What RUN calls a command: its verb or its door, or the module that is run."""
    words = [word for word in command.words if not word.startswith('-')]
    if command.program == 'make':
        return ' '.join(('make', *words[:1]))
    if 'benchmarks' in command.program:
        return 'benchmarks'
    if command.program.startswith('python -m fer_jax'):
        return command.program.removeprefix('python -m ')
    if command.program == 'python -m data_prep' or words[:1] == ['prepare']:
        words = words[words[:1] == ['prepare'] :]
        return words[0] if words and words[0] != 'DOOR' else 'synthetic'
    verbs = [word for word in words if word in cli.COMMANDS]
    return (*verbs, 'train')[0]


def read(command, monkeypatch):
    """The exit code of a command that stops before its work."""
    words = [spelled(word) for word in command.words]
    # of those it is what --help leads through that knows the options
    through = {*words} & {'compare', 'relabels', 'reproduce'}
    partial = not command.whole or '...' in words or through
    words = [word for word in words if word != '...' and word[0] != '$']
    if partial:
        words.append('--help')
    if command.program == 'python -m data_prep':
        words = ['prepare', *words]

    def checked(given, *_):
        if given.config.data.dir:
            fields.check(given.config)
        return 0

    monkeypatch.setattr(training, 'train', checked)
    monkeypatch.setattr(training, 'self_test', checked)
    monkeypatch.setattr(sweep, 'carry_out', lambda runs, workdir, jobs: 0)
    for name in cli.USES:
        module = importlib.import_module(cli.module_of(name))
        monkeypatch.setattr(module, 'run', lambda options: 0)
    for name in data_prep.DOORS.values():
        module = importlib.import_module(f'fer_jax.data_prep.{name}')
        monkeypatch.setattr(module, 'run', lambda options: 0)
    try:
        return cli.main([home.INSTALLED, *words])
    except SystemExit as end:  # of --help
        return end.code


OURS = [
    command
    for command in QUOTED
    if command.program in ('python launch.py', 'python -m data_prep', 'fer-jax')
    and not any(added in ' '.join(command.words) for added in ADDED)
    and 'stored.py' not in ' '.join(command.words)  # of a run that is there
]


@pytest.mark.parametrize('command', OURS, ids=lambda c: f'{c.where} {key(c)}')
def test_the_program_takes_it(command, monkeypatch, capsys):
    assert read(command, monkeypatch) == 0, capsys.readouterr().err


def test_it_is_said_where_each_is_run():
    asked = {key(command) for command in QUOTED} - {'benchmarks', 'make'}
    assert asked <= RUN.keys()
    for kind, said in RUN.items():
        if not said.startswith('not run: '):
            word = '--workdir' if kind == 'train' else re.split(r'[ .]', kind)[-1]
            assert word in (ROOT / said).read_text(), (kind, said)


def test_benchmarks_are_there():
    for command in QUOTED:
        if key(command) == 'benchmarks':
            name = re.search(r'benchmarks[./](\w+)', command.program)[1]
            assert (ROOT / 'benchmarks' / f'{name}.py').is_file(), command.where


def test_the_doors_of_users_are_quoted():
    """A command that no page shows is one that nobody finds."""
    shown = {key(command) for command in QUOTED}
    assert {*cli.COMMANDS, *data_prep.DOORS} - shown <= {'prepare'}


PAGE = """
    python launch.py audit --workdir=a \\
        --kfold=5   # why

Text with `python launch.py export
--out=b` in it, and `make`.

```python
run('python launch.py bench')
```

```
for X in 1 2; do
  .venv/bin/python -m data_prep doctor '$X y' && srun fer-jax train; done
ssh --command='
  cd a && fer-jax predict b --csv=c'
```
"""


def test_commands_are_found():
    code, prose = parted(PAGE)
    whole = [one for number, line in joined(code) for one in found('', line, True)]
    assert [(one.program, *one.words) for one in whole] == [
        ('python launch.py', 'audit', '--workdir=a', '--kfold=5'),
        ('python -m data_prep', 'doctor', '$X y'),
        ('fer-jax', 'train'),
        ('fer-jax', 'predict', 'b', '--csv=c'),
    ]
    assert [line.count('`') for _, line in prose if line] == [4]


@pytest.mark.parametrize(
    ('words', 'wanted'),
    [
        ('--config=configs/resup.py --workdir=a --config.epoch=3', 'epochs'),
        ('--config=configs/resub.py --workdir=a', 'resup'),
        ('predict --workdir=a --cvs=b c.png', '--csv'),
        ('prepare raf_bd --source=a --out=b', 'raf_db'),
        ('prepare raf_db --source=a', '--out'),
        ('--config=configs/resup.py --workdir=a --config.data.dir=b'
         ' --config.batch_size=0', 'batch_size'),
    ],
)  # fmt: skip
def test_wrong_ones_are_seen(words, wanted, monkeypatch, capsys):
    assert read(Quoted('', 'fer-jax', tuple(words.split()), True), monkeypatch) == 2
    assert wanted in capsys.readouterr().err
