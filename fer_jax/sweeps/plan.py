"""Which runs a sweep has: a config, and the values of fields that it goes over.

    algorithm=resup,jocor noise.rate=0.1,0.2 seed=0..4

Each combination of the values is a run. `algorithm` names configs, as --config does;
`seed` is that of the noise as well, unless noise.seed is given or a list is; every
other name is a field. A run is a name and the words of a command line that trains, so
what is planned here is what `train` does with these words.
"""

import hashlib
import itertools
import math
import pathlib
import re
import shlex
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from fer_jax import doors, home
from fer_jax.data.quoting import quoted
from fer_jax.errors import Unusable
from fer_jax.training import command_line, fields

MOST = 10_000  # runs
RANGE = re.compile(r'([0-9]{1,9})\.\.([0-9]{1,9})')
VALUE = re.compile(r'\([^()]*\)|\[[^][]*\]|[^,]+')  # tuples keep their commas
UNSAFE = re.compile(r'[^A-Za-z0-9._+-]+')  # in a name of a folder, on any system
LONGEST = 40  # characters of a value in it


class Planned(NamedTuple):
    """A run that there is to be."""

    name: str  # of its folder, within that of the sweep
    config: str  # FILE or FILE:ARGUMENT, as --config takes it
    fields: tuple[tuple[str, str], ...] = ()  # (path, text), as --config.PATH=TEXT

    @property
    def words(self) -> list[str]:
        """The words of `python launch.py train`, but for --workdir."""
        given = [f'--config.{path}={text}' for path, text in self.fields]
        return [f'--config={self.config}', *given]

    def read(self) -> Any:
        """Its ConfigDict.

        Raises:
          Unusable: a field or value that is none, or that makes no sense.
        """
        config = command_line.read(self.words).config
        fields.check(config)
        return config


def product(
    config: str, over: str, given: Iterable[tuple[str, str]] = ()
) -> list[Planned]:
    """The runs of all combinations of values, those of one method together.

    Args:
      config: FILE or FILE:ARGUMENT.
      over: words NAME=VALUE,VALUE; whole numbers may be FIRST..LAST.
      given: (path, text) of the fields that all runs have.

    Raises:
      Unusable: one line that says what was found, what was wanted and what is near.
    """
    given = tuple(given)
    Planned('', config, given).read()  # what is wrong with all is said of none
    swept = values(over)
    check_once(config, swept, [path for path, _ in given])
    methods = swept.pop('algorithm', [None])
    # the seed is last in names and in order, wherever it is given
    names = sorted(swept, key=lambda name: (name.endswith('seed'), name))
    found = []
    for method in methods:
        file = config if method is None else config_of(method, config)
        for texts in itertools.product(*(swept[name] for name in names)):
            found.append(planned(file, given, dict(zip(names, texts))))
    check_apart(found)
    return found


def values(over: str) -> dict[str, list[str]]:
    """{name: values} of words NAME=VALUE,VALUE.

    Raises:
      Unusable: no such words, a name or a value twice, or too many runs.
    """
    try:
        words = shlex.split(over)
    except ValueError as error:
        raise Unusable(f'--over={quoted(over)}: {error}') from None
    found: dict[str, list[str]] = {}
    for word in words:
        name, equals, text = word.partition('=')
        name = name.removeprefix('--').removeprefix('config.')
        texts = [one for part in VALUE.findall(text) for one in each(name, part)]
        whole = VALUE.sub('', text).count(',') == len(VALUE.findall(text)) - 1
        if not (name and equals and texts and whole):
            raise Unusable(
                f'--over: {quoted(word)}; wanted NAME=VALUE,VALUE, as'
                ' noise.rate=0.1,0.2 or seed=0..4'
            )
        if name in found:
            raise Unusable(f'--over has {quoted(name)} twice; give all its values once')
        found[name] = texts
    if not found:
        raise Unusable(
            '--over is empty; give what differs between the runs, as'
            ' --over="algorithm=resup,jocor noise.rate=0.1,0.2 seed=0..4"'
        )
    runs = math.prod(map(len, found.values()))
    if runs > MOST:
        raise Unusable(f'--over makes {runs:,} runs; at most {MOST:,} are one sweep')
    return found


def each(name: str, part: str) -> list[str]:
    """['0', '1', '2'] of '0..2'; other text as it is."""
    match = RANGE.fullmatch(part)
    if not match:
        return [part]
    first, last = int(match[1]), int(match[2])
    if not 0 <= last - first < MOST:
        raise Unusable(
            f'--over: {quoted(name)} from {first} to {last}; wanted FIRST..LAST, as'
            f' 0..4, and at most {MOST:,} of them'
        )
    return [str(number) for number in range(first, last + 1)]


def check_once(config: str, swept: Iterable[str], given: Sequence[str]) -> None:
    """Raises Unusable when a field is swept and given as well."""
    argument = config.partition(':')[2].split(',')
    rate = next((item for item in argument if item.startswith('noise=')), None)
    for name in swept:
        where = f'--config.{name}' if name in given else None
        if name == 'noise.rate' and rate:
            where = f'{rate} of --config'
        if name == 'algorithm.name':
            raise Unusable('--over goes over methods by algorithm=resup,jocor')
        if where:
            raise Unusable(f'{name} is in --over and in {where}; give it once')


def config_of(method: str, config: str) -> str:
    """FILE:ARGUMENT of another method than that of `config`, the argument the same.

    Raises:
      Unusable: there is no such config.
    """
    file, colon, argument = config.partition(':')
    path = pathlib.Path(file)
    for named in (str(path.with_name(method + path.suffix)), method):
        if home.config_file(named) is not None:
            return f'{named}{colon}{argument}'
    near = doors.nearest(method, home.methods())
    meant = f'did you mean {near}?' if near else f'{home.launch()} configs lists them'
    raise Unusable(f'--over: algorithm={quoted(method)} is no config; {meant}')


def planned(
    file: str, given: tuple[tuple[str, str], ...], swept: dict[str, str]
) -> Planned:
    """The run of a config with these values, {path: text}, and what is given to all."""
    method = pathlib.Path(file.partition(':')[0]).stem
    run = Planned(method, file, (*given, *swept.items()))
    try:
        config = run.read()
    except Unusable as error:
        which = ' '.join([method, *(f'{name}={text}' for name, text in swept.items())])
        said = str(error).replace('--config.', '')
        raise type(error)(f'--over, {which}: {said}') from None
    known = fields.flat(config.to_dict())
    told = {path for path, _ in run.fields}
    extra: tuple[tuple[str, str], ...] = ()
    if 'seed' in swept and 'noise.seed' not in told and not config.noise.list:
        extra = (('noise.seed', swept['seed']),)
    parts = [method, *(f'{name}={part_of_name(known[name])}' for name in swept)]
    return Planned(','.join(parts), file, run.fields + extra)


def part_of_name(value: Any) -> str:
    """A value as it stands in the name of a folder, the same however it was written.

    What a file system may refuse, or is long, has a digest in its place.
    """
    items = value if isinstance(value, list | tuple) else [value]
    text = '+'.join(map(str, items))
    safe = UNSAFE.sub('-', text)
    if safe == text and 0 < len(text) <= LONGEST:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    return f'{safe[-LONGEST + 9 :].strip("-.")}-{digest}'


def check_apart(plan: Sequence[Planned]) -> None:
    """Raises Unusable when two runs are the same, or of different data sets."""
    count = Counter(run.name.casefold() for run in plan)  # as some systems compare
    for run in plan:
        if count[run.name.casefold()] > 1:
            raise Unusable(f'--over has the run {run.name} twice; give each value once')
    last = {run.config: run for run in plan}.values()  # the config alone names the set
    sets = {run.read().data.name: run.name for run in last}
    if len(sets) > 1:
        kinds = ', '.join(f'{name} of {kind}' for kind, name in sets.items())
        raise Unusable(
            f'runs on different data sets do not compare ({kinds}); write the set'
            ' behind the colon, as --config=configs/resup.py:dataset=raf_db'
        )


def check_folders(plan: Iterable[Planned], workdir: pathlib.Path) -> None:
    """Raises Unusable when a folder of the sweep holds another run than is planned."""
    for run in plan:
        folder = workdir / run.name
        if not folder.exists():
            continue
        config = run.read()
        fields.check_method(config, folder)
        fields.check_same(config, folder)
