"""What was probably meant: the right spelling that is nearest to a wrong word."""

import difflib
import pathlib
from collections.abc import Iterable, Mapping

from fer_jax import algorithms, home
from fer_jax.data.quoting import quoted
from fer_jax.doors import nearest, plain
from fer_jax.settings import Field
from fer_jax.training import schema


def of_file(file: str, argument: str) -> str:
    """The config that was meant by the path of a file that is not there.

    Args:
      argument: what follows it, with its colon.
    """
    path = pathlib.Path(file)
    folder = path.parent if path.parent.name else pathlib.Path('configs')
    there = home.configs(folder)
    if folder == pathlib.Path('configs'):
        there |= home.configs()
    near = nearest(path.name.removesuffix('.py'), there)
    if near is None:
        return 'give one of configs/, as configs/resup.py'
    return f'did you mean --config={folder / near}.py{argument}?'


def of_field(
    path: str, text: str | None, known: Iterable[str], entries: Mapping[str, Field]
) -> str:
    """What is said of a field that is not there.

    Args:
      path: as given, without config.
      text: its value, or None.
      known: paths of all fields of the config.
      entries: {path: Field}.
    """
    inside = [name for name in known if name.startswith(f'{path}.')]
    value = '' if text is None else f'={text}'
    if path in schema.FORMER:
        now = schema.FORMER[path]
        return f'{path} is called {now} now; write --config.{now}{value}'
    if not inside:
        near = fields_like(path, known)
        if not near:
            return (
                f'no field {quoted(path)}; {home.launch()} --config=FILE --help lists'
                ' them'
            )
        parent = path.rpartition('.')[0]
        names = [name.removeprefix(f'{parent}.') if parent else name for name in near]
        meant = ' or '.join(f'"{name}"' for name in names)
        return (
            f'no field {quoted(path)}. Did you mean {meant}?'
            f' Write --config.{near[0]}{value}'
        )
    if path == 'algorithm' and text in algorithms.names():
        return f'the method is that of the config; write --config=configs/{text}.py'
    for name in inside:
        words = entries[name].range if name in entries else None
        if words is not None and not isinstance(words, str) and text in words:
            return f'{path} is a group of fields; write --config.{name}{value}'
    names = ', '.join(name.removeprefix(f'{path}.') for name in inside)
    return f'{path} is a group of fields, and X one of {names} in --config.{path}.X'


def fields_like(path: str, known: Iterable[str]) -> list[str]:
    """Fields that `path` may stand for, the likeliest first; at most two.

    By their last part, by its initials (lr is learning_rate), or by their looks.
    """
    last = plain(path.rpartition('.')[2])
    ends = {name: name.rpartition('.')[2] for name in known}
    same = [name for name in known if plain(ends[name]) == last]
    initials = [
        name
        for name in known
        if '_' in ends[name] and ''.join(w[0] for w in ends[name].split('_')) == last
    ]
    alike = difflib.get_close_matches(path, known, 1, 0.75)
    near = difflib.get_close_matches(last, ends.values(), 1, 0.7)
    like = [name for name in known if ends[name] in near]
    return [*dict.fromkeys((*same, *initials, *alike, *like))][:2]


def of_option(name: str, text: str | None, options: Iterable[str]) -> str:
    """What is said of an option that there is not."""
    value = f'={text}' if text else ''
    near = nearest(name, options)
    if near is None:
        near = next(
            (f'config.{path}' for path in fields_like(name, schema.FIELDS)), None
        )
    meant = f'did you mean --{near}{value}?' if near else f'see {home.launch()} --help'
    return f'unknown option {quoted("--" + name)}; {meant}'


def of_word(
    word: str, named: str | None, options: Iterable[str], commands: Iterable[str]
) -> str:
    """What is said of a word that is neither an option nor a command that trains.

    Args:
      named: FILE:ARGUMENT of the config, or None.
      options: all that there are.
      commands: all that there are.
    """
    key, equals, value = word.partition('=')
    if equals and key in ('dataset', 'noise'):
        config = (named or 'configs/resup.py').rstrip(',:')
        joined = f'{config}{"," if ":" in config else ":"}{word}'
        return f'{quoted(word)} stands alone; without a blank, write --config={joined}'
    if equals:
        return of_option(key, value, options).replace("'--", "'")
    near = nearest(word, commands)
    if near:
        return f'unknown command {quoted(word)}; did you mean {near}?'
    file, colon, argument = word.partition(':')
    if pathlib.Path(file).is_file():
        return f'{quoted(word)} is no command; did you mean --config={word}?'
    config = of_file(file, colon + argument)
    if config.startswith('did'):
        return f'{quoted(word)} is no command; {config}'
    return f'unknown command {quoted(word)}; there are: {", ".join(commands)}'
