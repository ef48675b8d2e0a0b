"""The words of a command line that trains, read into a config.

    --config=FILE[:ARGUMENT] --config.FIELD=VALUE ... --workdir=FOLDER

Where a word is wrong and a right spelling is near, the message offers that.
"""

import ast
import importlib.util
import inspect
import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from fer_jax import home
from fer_jax.data.quoting import quoted
from fer_jax.errors import Missing, Unusable
from fer_jax.training import fields, schema, spelling

VERBS = ('train', 'selftest')
OPTIONS = {
    'config': str,
    'workdir': str,
    'accept_changes': bool,
    'breaks': int,
    'profile': str,
}
FIELD = re.compile(r'--?(no)?config\.')
YES, NO = ('true', '1', 'yes'), ('false', '0', 'no')
TUPLE = re.compile(r'\s*([(\[].*[)\]]|[-+.\d]+\s*,[-+.\d, ]*)\s*')


class Given(NamedTuple):
    """What a command line asks for."""

    command: str  # one of VERBS
    config: Any  # ConfigDict; None: no --config is given
    workdir: str = ''  # none is given
    accept_changes: bool = False
    breaks: int = 6
    profile: range = range(0)  # steps to trace
    remarks: tuple = ()  # lines about what was set and nobody asked for


def read(words: Sequence[str], commands: Iterable[str] = VERBS) -> Given:
    """The Given of the words of a command, but for those that ask for help.

    Args:
      commands: all that there are, for messages.

    Raises:
      Unusable: one line that says what was found, what was wanted and what is near.
    """
    named = file_named(words)
    config = None if named is None else load(named)
    own, changes, rest = sort(words, config)
    rate = changes.get('noise.rate', [None])[-1]
    if named is not None and rate is not None:
        config = load(named, parse('--config.noise.rate', float, rate))
    if 'profile' in own:
        own['profile'] = steps(own['profile'])
    for word in rest:
        if word not in commands:
            raise Unusable(spelling.of_word(word, named, OPTIONS, commands))
    if len(rest) > 1:
        raise Unusable(f'two commands, {" and ".join(rest[:2])}; give one')
    remarks = () if named is None else change(config, changes, named)
    return Given((*rest, 'train')[0], config, remarks=remarks, **own)


def file_named(words: Sequence[str]) -> str | None:
    """What --config= names; None without it.

    Raises:
      Unusable: it is given twice, without a value, or behind a field of it.
    """
    files, early = [], None
    for word, following in zip(words, [*words[1:], '']):
        if word.startswith('--config=') or word == '--config':
            files.append(word.partition('=')[2] or following)
        elif FIELD.match(word) and not files:
            early = early or word
    if early and files:
        config = f'--config={files[0]}'
        raise Unusable(
            f'{quoted(early)} stands before its config; {config} comes first'
        )
    if early:
        raise Unusable(f'{quoted(early)} needs a config; write --config=FILE {early}')
    if len(files) > 1:
        raise Unusable(f'--config is given {len(files)} times; give one')
    if files and not files[0]:
        raise Unusable('--config has no value; give one, as --config=configs/resup.py')
    return files[0] if files else None


def steps(text: str) -> range:
    """The steps of FROM:TO, as Python counts: from 0 on, and without TO.

    Raises:
      Unusable: other text, or a range without a step.
    """
    match = re.fullmatch(r'([0-9]{1,12}):([0-9]{1,12})', text)
    found = range(int(match[1]), int(match[2])) if match else range(0)
    if not found:
        raise Unusable(
            f'--profile={quoted(text)}: wanted steps FROM:TO, as 20:30, the first of a'
            ' run being 0'
        )
    return found


def load(named: str, rate: float | None = None) -> Any:
    """The config of 'FILE' or 'FILE:ARGUMENT'; FILE may be the name of a shipped one.

    Args:
      rate: a noise rate, which takes the place of that in ARGUMENT, so that all that
        follows the noise rate follows this one. It is for files whose get_config takes
        an `arg`, as those of configs/ have it.

    Raises:
      Unusable: no such file, or one that cannot be run: it is a program.
    """
    file, colon, argument = named.partition(':')
    path = home.config_file(file)
    if path is None:
        near = spelling.of_file(file, colon + argument)
        raise Missing(f'no config file {file}; {near}')
    spec = importlib.util.spec_from_file_location(f'_config_{path.stem}', path)
    if spec is None or spec.loader is None:
        raise Unusable(f'{file}: wanted a Python file, as configs/resup.py')
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        takes = inspect.signature(module.get_config).parameters
        if rate is not None and 'arg' in takes:
            items = [i for i in argument.split(',') if i and not i.startswith('noise=')]
            argument = ','.join((*items, f'noise={rate}'))
        config = module.get_config(argument) if takes else module.get_config()
        config.algorithm.name  # noqa: B018 (there is one)
    except Unusable:
        raise
    except Exception as error:  # a file of the user's can raise anything
        said = ' '.join(f'{type(error).__name__}: {error}'.split())
        raise Unusable(f'{file} gives no config: {said[:200]}') from error
    return config


def sort(
    words: Sequence[str], config: Any
) -> tuple[dict[str, Any], dict[str, list], list[str]]:
    """({option: value}, {path of a field: texts}, other words) of a command line."""
    known = {} if config is None else fields.flat(config.to_dict())
    kinds = OPTIONS | {f'config.{path}': type(now) for path, now in known.items()}
    own: dict[str, Any] = {}
    changes: dict[str, list] = {}
    rest: list[str] = []
    words = list(words)
    while words:
        word = words.pop(0)
        if not word.startswith('-'):
            rest.append(word)
            continue
        name, equals, text = word.lstrip('-').partition('=')
        if not equals and kinds.get(name) is bool:
            equals, text = '=', 'true'
        elif not equals and name[:2] == 'no' and kinds.get(name[2:]) is bool:
            name, equals, text = name[2:], '=', 'false'
        elif not equals and words and not words[0].startswith('-'):
            equals, text = '=', words.pop(0)
        if name.startswith('config.'):
            path = name.removeprefix('config.')
            changes.setdefault(path, []).append(text if equals else None)
        elif name not in OPTIONS:
            raise Unusable(spelling.of_option(name, text, OPTIONS))
        elif not equals:
            raise Unusable(f'--{name} has no value; write --{name}=...')
        elif name in own:
            raise Unusable(f'--{name} is given twice; give it once')
        elif name != 'config':
            own[name] = parse(f'--{name}', OPTIONS[name], text)
    return own, changes, rest


def without(words: Sequence[str], option: str) -> list[str]:
    """The words without an option and its value."""
    kept: list[str] = []
    for word, before in zip(words, ['', *words]):
        name = word.partition('=')[0]
        if name != f'--{option}' and before != f'--{option}':
            kept.append(word)
    return kept


def change(config: Any, changes: dict[str, list], named: str) -> tuple[str, ...]:
    """Sets the fields that a command line gives, and what follows from them.

    Args:
      changes: {path of a field: texts, more than one for the items of a tuple}.
      named: FILE:ARGUMENT of the config, for messages.

    Returns:
      Lines about fields that follow from others and are not what they were.

    Raises:
      Unusable: no such field, or no such value.
    """
    epochs = config.epochs
    for path, texts in changes.items():
        put(config, path, texts, named)
    given = [path for path in changes if path.endswith('decay_epochs')]
    return scale(config, epochs, given)


def put(config: Any, path: str, texts: list[str], named: str) -> None:
    """Sets the field at `path`; see `change`."""
    known = fields.flat(config.to_dict())
    if path not in known:
        raise Unusable(spelling.of_field(path, texts[-1], known, schema.of(config)))
    flag, now = f'--config.{path}', known[path]
    if texts[-1] is None:
        raise Unusable(f'{flag} has no value; write {flag}={now}')
    if isinstance(now, tuple | list):
        kind = schema.of(config)[path].items
        items = [item for text in texts for item in items_of(text)]
        value = tuple(parse(flag, kind, item) for item in items)
    else:
        value = parse(flag, type(now), texts[-1])
    if path in ('algorithm.name', 'data.name') and value != now:
        file = named.partition(':')[0]
        of = f'{file}:dataset={value}' if 'data' in path else f'configs/{value}.py'
        raise Unusable(f'{flag}: other fields follow from it; write --config={of}')
    holder, _, name = path.rpartition('.')
    (fields.field(config, holder) if holder else config)[name] = value


def items_of(text: str) -> list[str]:
    """['15', '24'] of '(15,24)' or '15,24'; any other text is one item."""
    if not TUPLE.fullmatch(text):
        return [text]
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return [text]
    return [
        str(item) for item in (value if isinstance(value, tuple | list) else [value])
    ]


def parse(flag: str, kind: type | None, text: str) -> Any:
    """`text` as a bool, an int, a float, or as it is.

    Raises:
      Unusable: what was wanted.
    """
    if kind is bool:
        if text.lower() not in YES + NO:
            raise Unusable(f'{flag}={quoted(text)}: wanted True or False')
        return text.lower() in YES
    if kind not in (int, float):
        return text
    try:
        return kind(text)
    except ValueError:
        wanted = 'a whole number' if kind is int else 'a number'
        raise Unusable(f'{flag}={quoted(text)}: wanted {wanted}') from None


def scale(config: Any, before: int, given: Sequence[str]) -> tuple[str, ...]:
    """Lets decay epochs follow the number of epochs, where that was changed.

    Args:
      before: the number of epochs that the decay epochs are for.
      given: paths of those that stay as they are.

    Returns:
      A line about each that is another now.
    """
    said = []
    for name in ('decay_epochs', 'classifier_decay_epochs'):
        was: tuple[int, ...] = tuple(config.optimizer[name])
        now: list[int] = []
        if f'optimizer.{name}' in given:
            continue
        for epoch in was:
            wanted = max(1, round(epoch * config.epochs / before))
            now.append(max(wanted, now[-1] + 1) if now else wanted)
        if tuple(now) != was:
            config.optimizer[name] = tuple(now)
            said.append(
                f'epochs is {config.epochs} instead of {before}: optimizer.{name} is'
                f' {tuple(now)} instead of {was}; give it to choose'
            )
    return tuple(said)
