"""Where this package lies, and what its commands are called there.

In the repository `configs/` and `data_prep/` lie beside `fer_jax/`, in a wheel inside.
Either way they are imported as `fer_jax.configs` and `fer_jax.data_prep`.
"""

import pathlib
import sys

HERE = pathlib.Path(__file__).parent
IN_REPOSITORY = not (HERE / 'configs').is_dir()
CONFIGS = (HERE.parent if IN_REPOSITORY else HERE) / 'configs'
RECOGNISER = HERE / 'recognisers' / 'ferplus'  # an export; its card is README.md
INSTALLED = 'fer-jax'  # the command of a wheel


def config_file(named: str) -> pathlib.Path | None:
    """The file that is meant by a path, or by 'resup' or 'configs/resup.py' anywhere.

    A file of that path comes before what is shipped; None: there is neither.
    """
    path = pathlib.Path(named)
    if path.is_file():
        return path
    folders, last = path.parts[:-1], path.name.removesuffix('.py')
    shipped = CONFIGS / f'{last}.py'
    if folders in ((), ('configs',)) and last.isidentifier() and shipped.is_file():
        return shipped
    return None


def configs(folder: pathlib.Path = CONFIGS) -> set[str]:
    """Names of the files in a folder that --config may name."""
    return {path.stem for path in folder.glob('*.py')} - {'__init__', 'default'}


def methods() -> set[str]:
    """Names of the shipped configs of methods, for all data sets and for one."""
    return configs() - {'stored'}  # that of a run that is there


def program() -> list[str]:
    """Arguments of Python that run the commands in a process of its own."""
    return [str(HERE.parent / 'launch.py')] if IN_REPOSITORY else ['-Pm', 'fer_jax']


def launch() -> str:
    """What a user types for the commands: 'python launch.py' or 'fer-jax'."""
    return 'python launch.py' if _from_repository() else INSTALLED


def prepare() -> str:
    """What a user types to prepare data."""
    return 'python -m data_prep' if _from_repository() else f'{INSTALLED} prepare'


def name() -> str:
    """The command as its own messages begin."""
    return launch().split()[-1]


def _from_repository():
    """Whether the repository's own doors are at hand: not where it is installed."""
    return IN_REPOSITORY and pathlib.Path(sys.argv[0]).name != INSTALLED
