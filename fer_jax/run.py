"""A run from Python: `train` makes one of pictures at hand, `Run` is what it leaves."""

import contextlib
import dataclasses
import functools
import pathlib
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from fer_jax import doors, home
from fer_jax.analysis import audit, cases
from fer_jax.analysis.verdict import Verdict
from fer_jax.configs import default
from fer_jax.data import in_memory, keeping
from fer_jax.data.quoting import quoted
from fer_jax.deploy.recognizer import Recognizer
from fer_jax.errors import Unusable
from fer_jax.training import (
    command_line,
    fields,
    files,
    front,
    loop,
    setup,
    stopping,
)

DATA = 'pictures'  # of a run's folder: the prepared set that it was given


@dataclasses.dataclass(frozen=True)
class Run:
    """A finished run, read from its folder when something of it is asked for.

        run = fer_jax.Run('runs/first')
        run.recognizer(['face.jpg'])        # probabilities [1, C]
        run.verdict.issues()                # labels that are probably wrong

    Args:
      workdir: folder of the run, of `train` or of the command.
    """

    workdir: pathlib.Path | str

    @functools.cached_property
    def recognizer(self) -> Recognizer:
        """What names the expression on pictures: paths, Pillow images, uint8 arrays."""
        return Recognizer.load(self.workdir)

    @property
    def history(self) -> list[dict[str, Any]]:
        """A row an epoch, the rows of metrics.jsonl: 'epoch' (from 1), 'train/loss',
        'test/accuracy' (in [0, 1]), 'seconds', ..."""
        return files.read_rows(self.workdir)

    @property
    def result(self) -> dict[str, Any]:
        """What result.json says: 'last', 'last5', 'best_on_test' (chosen on the test
        set), 'recalls' of the classes, 'confusion' ...

        Raises:
          Missing: no finished run in the folder.
        """
        return files.read_result(self.workdir)

    @functools.cached_property
    def verdict(self) -> Verdict:
        """Which labels of the training set are wrong, and how sure that is.

        Raises:
          Missing: no finished run in the folder.
        """
        return cases.read(self.workdir)


def train(
    method: str,
    images: Any,
    labels: Any,
    *,
    test: tuple[Any, Any],
    class_names: Sequence[str] | None = None,
    clean_labels: Any = None,
    workdir: pathlib.Path | str | None = None,
    size_px: int | None = None,
    progress: bool = True,
    accept_changes: bool = False,
    **fields: Any,
) -> Run:
    """Trains a method on N pictures whose labels may be wrong, in this process.

    What the command `train` does, of what a program has at hand. Numbers are drawn from
    `seed` and `noise.seed` (fields, both 0) alone: the same call gives the same bits on
    the same device. Ctrl-C saves; the same call, with a `workdir`, goes on.

    Args:
      method: name of a shipped config, as 'resup', or the path of one's own; behind a
        colon what --config takes there, as 'resup:dataset=raf_db'. Without a colon the
        data set is `folder`, any classes.
      images: uint8 [N, h, w, 3] (RGB) or [N, h, w] (grey), values 0 to 255, or a list
        of N paths, Pillow images or such arrays: faces, cut out. Of what is no square
        the largest one in the middle counts.
      labels: [N] whole numbers in [0, C), or names of classes.
      test: (images, labels) of M pictures that nothing is learned from.
      class_names: of the C classes. None: the names that occur, sorted; of numbers
        'class 0', 'class 1', ...
      clean_labels: [N] as `labels`, where the truth is known; only counted against.
      workdir: folder of the run, which keeps the pictures as well. None: a new
        temporary one, which is printed and stays.
      size_px: side of the pictures that are kept. None: that of an array of squares,
        else what the network sees.
      progress: whether lines and a bar say how far it is; in notebooks, too.
      accept_changes: go on although fields differ from those that the run in `workdir`
        was started with; a finished one with more epochs.
      fields: `noise`, `start` and what else may stand behind the colon, and any field
        of a config by its name: epochs=3, **{'optimizer.learning_rate': 1e-3}.
        `fer-jax train --help` lists them.

    Returns:
      The Run: `recognizer`, `history`, `result`, `verdict`, `workdir`.

    Raises:
      Unusable: pictures, labels, a method, a field or a folder that cannot be used; in
        one line.
      FloatingPointError: the loss or a gradient became NaN or infinite.
      KeyboardInterrupt: Ctrl-C; what was learned is saved.

    >>> import numpy as np
    >>> import fer_jax
    >>> draw = np.random.default_rng(0)
    >>> labels = np.arange(60) % 2
    >>> images = draw.integers(0, 99, (60, 24, 24), np.uint8) + np.uint8(150) * (
    ...     labels[:, None, None] == 1).astype(np.uint8)
    >>> run = fer_jax.train(
    ...     'baseline', images, labels, test=(images[:20], labels[:20]),
    ...     class_names=['dark', 'bright'], start='random', seed=0, progress=False,
    ...     epochs=2, batch_size=20, **{
    ...         'data.image_size_px': 24, 'model.backbone': 'resnet18_slim',
    ...         'model.width': 4, 'optimizer.learning_rate': 3e-3})
    >>> len(run.history)
    2
    >>> run.recognizer(list(images[:3])).shape
    (3, 2)
    >>> run.verdict.right.shape
    (60,)
    """
    config = config_of(method, fields)
    given, names = in_memory.labels(labels, class_names)
    pictures = in_memory.Pictures(images, size_px or config.data.image_size_px)
    tested, wanted = pair(test, names, pictures.size_px)
    clean = np.full(len(given), -1)
    if clean_labels is not None:
        clean = in_memory.numbered(clean_labels, names)[0]
    for what, some, many in (
        ('labels', given, pictures),
        ('clean_labels', clean, pictures),
        ('test labels', wanted, tested),
    ):
        if len(some) != len(many):
            raise Unusable(f'{len(many):,} pictures and {len(some):,} {what}')
    folder = pathlib.Path(workdir or tempfile.mkdtemp(prefix='fer_jax-'))
    if workdir is None and progress:
        print(f'the run is in {folder}')
    splits = {
        'train': (pictures, given, clean),
        'test': (tested, wanted, np.full(len(wanted), -1)),
    }
    config.data.dir = str(folder / DATA)
    with spoken_in_python():
        keep(config, splits, names, progress)
        run = setup.prepare(config, folder, accept_changes=accept_changes)
    learn(run, progress)
    return Run(folder)


def keep(
    config: Any, splits: Mapping, class_names: Sequence[str], progress: bool
) -> None:
    """Keeps pictures in config.data.dir and, for heads, what a network sees on them.

    Args:
      splits: of keeping.keep.

    Raises:
      Unusable: a field that makes no sense, before anything is written; a picture that
        cannot be read, or others are there.
    """
    fields.check(config)
    data = keeping.keep(pathlib.Path(config.data.dir), splits, class_names, progress)
    if config.data.source == 'features':
        front.found(config, data, shown=progress)


def config_of(method: str, fields: Mapping[str, Any]) -> Any:
    """The ConfigDict of a method and fields, as `train` takes them.

    Raises:
      Unusable: no such method, field or value.
    """
    named, colon, argument = str(method).partition(':')
    if home.config_file(named) is None:
        near = doors.nearest(named, home.methods())
        meant = f'did you mean {near!r}?' if near else 'fer-jax configs lists them'
        raise Unusable(f'method={quoted(method)} is no config; {meant}')
    behind = {
        name: value
        for name, value in fields.items()
        if name in default.KNOWN
        and (name != 'start' or value in default.STARTS)  # else a folder of weights
    }
    items = [argument] if colon else ['dataset=folder'] * ('dataset' not in behind)
    items += [f'{name}={value}' for name, value in behind.items()]
    words = [f'--config={named}:{",".join(filter(None, items))}']
    for name, value in fields.items():
        if name not in behind:
            words += [f'--config.{name}={text}' for text in texts(value)]
    with spoken_in_python():
        return command_line.read(words).config


@contextlib.contextmanager
def spoken_in_python() -> Iterator[None]:
    """Within it an Unusable says what to do as arguments, not as options."""
    try:
        yield
    except Unusable as error:
        said = str(error)
        for option, argument in (
            ('--config.', ''),
            ('--accept_changes', 'accept_changes=True'),
            ('--', ''),
        ):
            said = said.replace(option, argument)
        raise type(error)(said) from None


def texts(value: Any) -> list[str]:
    """A value of a field as a command line gives it: a text for each item of many."""
    if isinstance(value, str) or not isinstance(value, Iterable):
        return [str(value)]
    return [str(item) for item in value] or ['()']


def pair(
    test: Any, class_names: Sequence[str], size_px: int
) -> tuple[in_memory.Pictures, np.ndarray]:
    """(pictures, labels [M] int32) of a test set, sized like those of training.

    Raises:
      Unusable: no pair, or one that cannot be used.
    """
    if not isinstance(test, tuple | list) or len(test) != 2:
        raise Unusable('test: wanted a pair, (images, labels)')
    images, labels = test
    try:
        tested = in_memory.Pictures(images, size_px)
        wanted, _ = in_memory.numbered(labels, class_names)
    except Unusable as error:
        raise Unusable(f'test: {error}') from None
    if not len(wanted):
        raise Unusable('test: no picture; give some that nothing is learned from')
    tested.size_px = size_px
    return tested, wanted


def learn(run: setup.Run, progress: bool) -> None:
    """Trains a run to its end and writes its page, unless both are there.

    Raises:
      KeyboardInterrupt: Ctrl-C; it is saved.
    """
    if not loop.finished(run):
        with heard() as stop:
            found = loop.train(run, stop, shown=progress)
        if found is None:
            raise KeyboardInterrupt(f'{run.workdir}: saved; the same call goes on')
    if not files.audited(run.workdir):
        told = audit.in_passing(run.workdir)
        if progress:
            print(told)


@contextlib.contextmanager
def heard() -> Iterator[Callable[[], bool]]:
    """Yields stop(): whether Ctrl-C or SIGTERM came. The main thread alone hears."""
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    with stopping.on_sigterm() as stop, stopping.on_ctrl_c():
        yield stop
