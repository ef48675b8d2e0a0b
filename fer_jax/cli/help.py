"""What --help says of the commands that train, and `configs`."""

from collections.abc import Iterable

from fer_jax import algorithms, doors, home
from fer_jax.data import sets
from fer_jax.training import command_line, schema
from fer_jax.training.handbook import line, summary, wrapped

ARGUMENTS = ('dataset=SET', 'noise=RATE', 'start=random or face')
TRAINING = {
    'train': """\
Trains, or goes on where the run of the folder stopped.

    python launch.py --config=configs/resup.py:dataset=synthetic,noise=0.3 \\
        --workdir=runs/first --config.data.dir=data/synthetic
    python launch.py --config=configs/resup_affectnet.py --workdir=runs/affectnet \\
        --config.data.dir=data/affectnet
    python launch.py --config=configs/resup_affectnet.py --workdir=runs/affectnet \\
        --config.data.dir=data/affectnet --config.epochs=40 --accept_changes""",
    'selftest': """\
Breaks short runs of a config at random moments and compares them with an unbroken one.

    python launch.py selftest --config=configs/resup.py:dataset=synthetic \\
        --workdir=runs/selftest --config.data.dir=data/synthetic --breaks=6""",
}
COMMON = """\
Options
  --config=NAME[:ARGUMENT]   a method, as resup, or the path of a config file
  --workdir=FOLDER           of the run; a new one, or that of a run to go on with
  --config.FIELD=VALUE       any field below, as often as you like"""
OPTIONS = {
    'train': f"""{COMMON}
  --accept_changes           goes on although fields differ from the stored ones
  --profile=FROM:TO          traces the steps FROM to TO - 1, into FOLDER/profile""",
    'selftest': f"""{COMMON}
  --breaks=6                 how many runs are broken""",
}


def overview(commands: str) -> str:
    """What --help says.

    Args:
      commands: text about the commands, with examples of the repository.
    """
    return (
        f'{doors.as_called(commands).strip()}\n\n{methods()}\n\n{data_sets()}\n\n'
        f'{fields_of_all()}'
    )


def training(command: str, commands: Iterable[str]) -> str:
    """What --help says of a command that trains.

    Args:
      commands: the names of all that there are.
    """
    return (
        f'{doors.as_called(TRAINING[command])}\n\n{OPTIONS[command]}\n\n'
        f'{fields_of_all()}\n{methods()}\n\n{data_sets()}\n\n'
        + wrapped('Commands  ', ', '.join(commands))
        + '\n'
    )


def configs() -> str:
    """What --config may name: methods, data sets, and files for a method and a set."""
    shipped = sorted(path.stem for path in home.CONFIGS.glob('*.py'))
    special = [
        name
        for name in shipped
        if name.startswith(tuple(f'{other}_' for other in shipped))
        and name not in algorithms.names()
    ]
    own = sorted({name.rpartition('_')[2] for name in special} - {'c'})
    pairs = {end: [n for n in special if n.endswith(f'_{end}')] for end in own}
    files = '\n'.join(wrapped(f'  {end:22}', ', '.join(pairs[end])) for end in own)
    return (
        doors.as_called(
            'What --config may name, from any folder.\n\n'
            '    python launch.py --config=resup:dataset=folder --workdir=runs/own \\\n'
            '        --config.data.dir=data/own\n\n'
        )
        + f'{methods(shipped)}\n\n{data_sets()}\n\n'
        f'Behind the colon, joined by commas: {", ".join(ARGUMENTS)}\n\n'
        f'For one data set of the papers, or one of their settings\n{files}\n\n'
        'A file of your own: --config=mine.py, as those of'
        f' {home.CONFIGS}\n'
    )


def methods(shipped: Iterable[str] = ()) -> str:
    """The methods, a line each; with those of `shipped` that are a method and more."""
    names = [*algorithms.names()]
    lines = [wrapped(f'  {name:22}', summary(name)) for name in names]
    lines += [
        wrapped(f'  {name:22}', 'with embedding proximity, a centre loss')
        for name in shipped
        if name.removesuffix('_c') in names and name.endswith('_c')
    ]
    return '\n'.join(['Methods, --config=METHOD:dataset=SET,noise=RATE', *lines])


def data_sets() -> str:
    """The data sets, and what a run on each is unless told otherwise."""
    lines = []
    for name in sets.SETS:
        config = command_line.load(f'baseline:dataset={name}')
        preset = (
            f'{config.data.image_size_px} px, {config.model.backbone} of width'
            f' {config.model.width}, {config.epochs} epochs, batches of'
            f' {config.batch_size}, {config.optimizer.name}'
            f' {config.optimizer.learning_rate:g}, start {", ".join(config.start)}'
        )
        lines.append(wrapped(f'  {name:22}', preset))
    return '\n'.join(['Data sets and their presets; methods may differ', *lines])


def fields_of_all() -> str:
    """The fields that all configs have."""
    common = '\n'.join(
        line(path, field, field.default) for path, field in schema.FIELDS.items()
    )
    return (
        f'Fields, --config.FIELD=VALUE: default, meaning, what they may be\n{common}\n'
        "A method's own fields, with all values: --config=METHOD --help\n"
    )
