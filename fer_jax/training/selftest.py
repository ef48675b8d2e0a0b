"""Does a broken run end as an unbroken one? Asked of this machine and this config.

The run, shortened, is trained twice without a break, then again and again with one:
killed (SIGKILL) or asked to stop (SIGTERM) at a random moment, every third one after
its last step, and started anew in a fresh process. All of them must leave the same
bits: weights, optimiser, batch statistics, label table, flips, memory, score history,
metrics, labels.csv, result.json, audit.html and issues.json, and nothing half-written.
What the clock and the memory say and the run's own name are left out.
"""

import json
import pathlib
import random
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from typing import Any

from fer_jax.errors import Unusable
from fer_jax.training import checkpoint, files, history, measures, seals

SIGNALS = (signal.SIGKILL, signal.SIGTERM)
BATCHES, EPOCHS = 8, 3  # of the shortened run, at most
MEASURED = (*measures.NAMES, 'trained_images_per_second')


def shortened(config: Any) -> list[str]:
    """Flags that make a run of a config short; the network stays as it is."""
    examples = BATCHES * config.batch_size
    if config.data.max_train:
        examples = min(examples, config.data.max_train)
    return [
        f'--config.epochs={min(config.epochs, EPOCHS)}',
        f'--config.data.max_train={examples}',
        '--config.save_every_steps=3',
    ]


def run(
    command: Callable[[pathlib.Path], Sequence[str]],
    workdir: pathlib.Path,
    breaks: int,
    *,
    seed: int = 0,
    say: Callable[[str], object] = print,
) -> bool:
    """Whether all runs agree; says what differs.

    Args:
      command: (workdir) -> arguments of a process that trains the run there.
      workdir: pathlib.Path for the runs; must not exist.
      breaks: how many broken runs.
      seed: draws the moments.

    Raises:
      Unusable: the folder exists, or a process ends with an error, quoted.
    """
    if workdir.exists():
        raise Unusable(f'{workdir} exists; name a new folder for the self-test')
    workdir.mkdir(parents=True)
    unbroken, again = workdir / 'unbroken', workdir / 'unbroken-again'
    say(f'unbroken: {train(command(unbroken)):.1f} s')
    seconds = train(command(again))
    say(f'again, compiled: {seconds:.1f} s')
    equal = [tell(say, 'unbroken again', again, unbroken)]
    last, draw = seals.steps(files.checkpoints(unbroken))[0], random.Random(seed)
    ending = seconds_of_the_end(again, last)
    for number in range(breaks):
        broken = workdir / f'broken-{number + 1}'
        kind, step = SIGNALS[number % len(SIGNALS)], draw.randrange(last)
        delay = draw.random() * seconds / last
        if number % 3 == 2:  # what is written when all is learned
            step, delay = last, draw.random() * ending
        break_once(command(broken), broken, kind, step, delay)
        newest = (*seals.steps(files.checkpoints(broken)), 0)[0]
        train(command(broken))
        name = f'{kind.name} {delay:.2f} s after the save of step {step} or later'
        equal.append(tell(say, f'{name}, newest {newest}', broken, unbroken))
    say(f'{sum(equal)} of {len(equal)} runs equal the unbroken one, to the last bit')
    return all(equal)


def break_once(
    command: Sequence[str],
    workdir: pathlib.Path,
    kind: signal.Signals,
    step: int,
    delay: float,
) -> None:
    """Starts a run and ends it `delay` seconds after a save of `step` or later."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while (*sealed(workdir), 0)[0] < step and process.poll() is None:
            time.sleep(0.005)
        time.sleep(delay)
        process.send_signal(kind)
        code = process.wait()
    if code not in (0, -signal.SIGKILL, -signal.SIGTERM):  # the latter at the very end
        raise Unusable(f'{" ".join(command)} ended with code {code}')


def seconds_of_the_end(workdir: pathlib.Path, last: int) -> float:
    """From the save of the step `last` of a finished run to its last file, or 1."""
    there = files.checkpoints(workdir)
    pages = [workdir / name for name in (files.RESULT, *files.AT_LAST)]
    ended = max(page.stat().st_mtime for page in pages if page.exists())
    return max(1, ended - (there / str(last) / seals.SEAL).stat().st_mtime)


def sealed(workdir: pathlib.Path) -> list[int]:
    """Steps with a finished checkpoint, newest first."""
    there = files.checkpoints(workdir)
    return [
        step for step in seals.steps(there) if (there / str(step) / seals.SEAL).exists()
    ]


def train(command: Sequence[str]) -> float:
    """Runs a process to its end; returns seconds."""
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unusable(f'training ended with code {done.returncode}: {done.stderr}')
    return time.perf_counter() - started


def tell(
    say: Callable[[str], object],
    name: str,
    folder: pathlib.Path,
    unbroken: pathlib.Path,
) -> bool:
    """Says what distinguishes two runs; whether nothing does."""
    differing = differences(folder, unbroken)
    say(f'{name}: {"equal" if not differing else "; ".join(differing[:5])}')
    return not differing


def differences(first: pathlib.Path, second: pathlib.Path) -> list[str]:
    """What distinguishes two finished runs, in words; [] when nothing does."""
    ours, theirs = content(first), content(second)
    return [
        f'{name} differs'
        for name in sorted(ours.keys() | theirs.keys())
        if name not in ours or name not in theirs or ours[name] != theirs[name]
    ]


def content(workdir: pathlib.Path) -> dict[str, Any]:
    """{name: value} of all that a run leaves, but for what is measured and its name.

    Also the names of the files that a process left which died while it wrote.
    """
    rows, result = files.read_rows(workdir), files.read_result(workdir)
    tables = {f'epoch {row["epoch"]}': row for row in rows}
    tables[files.RESULT] = result
    left: dict[str, Any] = {
        f'{name} of {table}': json.dumps(value)
        for table, values in tables.items()
        for name, value in values.items()
        if name not in MEASURED
    }
    left[files.LABELS] = (workdir / files.LABELS).read_text()
    left |= {name: nameless(workdir, name) for name in files.AT_LAST}
    left['.partial'] = [path.name for path in workdir.rglob('.*.partial')]
    past = history.History(workdir, len(rows))
    left |= {name: past.all(name).tobytes() for name in past.names()}
    there = files.checkpoints(workdir)
    newest = seals.steps(there)[0]
    left['step'] = newest, seals.check(there / str(newest))
    for name, leaf in checkpoint.leaves(there, newest).items():
        left[name] = leaf.dtype, leaf.shape, leaf.tobytes()
    return left


def nameless(workdir: pathlib.Path, name: str) -> str | None:
    """The text of a file of a run without the run's own name; None where it is not."""
    path = workdir / name
    if not path.exists():
        return None
    text = path.read_text()
    for own in (str(workdir), workdir.name):
        for spelt in (own, json.dumps(own)[1:-1]):
            text = text.replace(spelt, 'RUN')
    return text
