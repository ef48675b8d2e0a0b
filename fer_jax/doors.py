"""How a command begins and ends: its options, and its exit code whatever happens."""

import argparse
import difflib
import inspect
import os
import re
import sys
import textwrap
import traceback
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn

from fer_jax import home
from fer_jax.data import limits, whole
from fer_jax.data.quoting import quoted
from fer_jax.errors import Unusable

HELP = ('--help', '-h', 'help')
# a value follows
TAKING = ('--workdir', '--config', '--over', '--out', '--source', '--data')
# exit codes; docs/design.md has all
UNUSABLE, FULL, FAULT, STOPPED, UNREAD = 2, 4, 70, 130, 141


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, with the right spelling where one is near."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **{'allow_abbrev': False} | options)

    def parse_known_args(
        self, words: Any = None, namespace: Any = None
    ) -> Any:  # of actions of a door, too
        words = sys.argv[1:] if words is None else words
        options = self._option_string_actions
        known = [name for name in options if name.startswith('--')]
        given: list[argparse.Action] = []
        for word in () if self._subparsers else words:
            name, equals, value = word.partition('=')
            if name == '--':
                break
            if name.startswith('--') and name not in known:
                near = nearest(name, known)
                meant = f'; did you mean {near}{equals}{value}?' if near else ''
                self.error(f'no option {quoted(name)}{meant}')
            if name in options and options[name] in given:
                self.error(f'{name} is given twice; give it once')
            if name in options and options[name].nargs is None:
                given.append(options[name])
        return super().parse_known_args(words, namespace)

    def format_help(self) -> str:
        """What it does, examples, options, and the rest of its description."""
        said = inspect.cleandoc(self.description or '')
        self.description = None
        options = super().format_help().rstrip()
        self.description = said
        first, *parts = said.split('\n\n')
        shown = [part for part in parts if is_example(part)]
        rest = [part for part in parts if not is_example(part)]
        shown = [textwrap.indent(textwrap.dedent(part), '    ') for part in shown]
        return as_called('\n\n'.join([first, *shown, options, *rest])) + '\n'

    def _check_value(self, action, value):  # argparse's own repeats all of it
        if action.choices is None or value in action.choices:
            return
        known = [str(choice) for choice in action.choices]
        near = nearest(str(value), known)
        meant = f'; did you mean {near}?' if near else ''
        said = f'no {quoted(value)}; there are: {", ".join(known)}{meant}'
        raise argparse.ArgumentError(action, said)

    def _get_value(self, action, text):  # argparse's own speaks of Python
        try:
            return super()._get_value(action, text)
        except argparse.ArgumentError:
            kind = 'a whole number' if action.type is int else 'a number'
            said = f'{quoted(text)}; wanted {kind}'
            raise argparse.ArgumentError(action, said) from None

    def error(self, message: str) -> NoReturn:
        raise Unusable(f'{message[:500]}; {self.prog} --help lists the options')


def command(words: Sequence[str], known: Iterable[str]) -> tuple[str, list[str]]:
    """(the one of `known` among words, the others); ('', words) without one.

    It may stand behind options, but not where one of these has its value, and behind
    `help`.
    """
    if words[:1] == ['help']:  # help COMMAND
        words = [*words[1:], '--help']
    for number, word in enumerate(words):
        before = words[number - 1] if number else ''
        value = before in TAKING or re.fullmatch(r'--config\.[^=]*', before)
        if word in known and not value:
            return word, [*words[:number], *words[number + 1 :]]
    return '', list(words)


def run(name: str, command: Callable[[], int | None]) -> int:
    """command() -> its exit code; what goes wrong is said on stderr, in one line.

    Only what a user can mend is: other exceptions are faults of this program and keep
    their traceback.

    Args:
      name: of the command, for messages.
    """
    code = _ended(name, command)
    try:
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return code or _refused(name, error)
    return code


def _ended(name, command):
    """The exit code of `run`."""
    try:
        limits.moved()  # a wrong one is said here, and not of each file
        return command() or 0
    except Unusable as error:
        return failed(name, error, UNUSABLE)
    except KeyboardInterrupt as stop:
        return failed(name, str(stop) or 'stopped', STOPPED)
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:  # of the system
            return _refused(name, error)
        device = lacking_device()
        if device:
            return failed(name, device, UNUSABLE)
        traceback.print_exc()
        return failed(name, 'a fault of this program; please report the above', FAULT)


def _refused(name, error):
    """The exit code of what the system refuses, with a line that says so."""
    if isinstance(error, BrokenPipeError):  # who read the output has seen enough
        return UNREAD
    return failed(name, error, FULL if error.errno in whole.FULL else UNUSABLE)


def failed(name: str, error: object, code: int) -> int:
    """Says what went wrong, in one line; returns the exit code."""
    print(f'{name}: {error}', file=sys.stderr)
    return code


def lacking_device() -> str | None:
    """What to say when JAX_PLATFORMS asks for what is not here; else None."""
    jax: Any = sys.modules.get('jax')
    asked = jax and jax.config.jax_platforms
    if not asked:
        return None
    try:
        jax.devices()
    except Exception:  # of several kinds, some without a word
        return (
            f'JAX_PLATFORMS={asked}: there is no such device here, or JAX lacks what'
            ' drives it; unset JAX_PLATFORMS to take what is there, or set it to cpu'
        )
    return None


def is_example(paragraph: str) -> bool:
    """Whether a paragraph of a docstring is commands."""
    return re.match(r' *python (launch\.py|-m data_prep)\b', paragraph) is not None


def as_called(text: str) -> str:
    """A text with the commands of the repository as they are called here."""
    text = text.replace('python -m data_prep', home.prepare())
    return text.replace('python launch.py', home.launch())


def plain(name: str) -> str:
    """A name without what is easily mistaken: case, hyphens, underscores, blanks."""
    return re.sub(r'[-_ ]', '', name).lower()


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The one of `known` that looks like `word`; None where none does."""
    names = {plain(name): name for name in known}
    near = difflib.get_close_matches(plain(word), names, 1)
    return names[near[0]] if near else None
