"""Which labels of a run are wrong, and how sure that is: one page and lists beside it.

    python launch.py audit --workdir=runs/first
    python launch.py audit --workdir=runs/first --kfold=5
    python launch.py audit --data=data/fer2013 --out=audits/fer2013

    RUN/audit.html    opens in a browser without a network
    RUN/issues.json   the suspected labels, for other programs
    RUN/labels.csv    every label; the probability of its being right is added

With --data and --out in place of --workdir: the same of a prepared set, without
training (see frozen). With --kfold=K: the files that cleanlab takes (training.kfold).
"""

import argparse
import pathlib
from typing import Any

import numpy as np

from fer_jax import doors
from fer_jax.analysis import (
    after,
    by_epoch,
    cases,
    closeup,
    frozen,
    sections,
    verdict,
)
from fer_jax.data import whole
from fer_jax.errors import Unusable
from fer_jax.training import heap, hosts, kfold, stopping

PICTURES = verdict.PICTURES
OF_A_RUN = ('which', 'reviewed', 'kfold')  # options
OF_A_SET = ('max_train', 'features')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this command's options to an argparse parser."""
    parser.add_argument('--workdir', help='folder of a finished run')
    parser.add_argument('--data', help="prepared folder; default: the run's own")
    parser.add_argument(
        '--out',
        help='without a run: folder for what a frozen face network finds in --data',
    )
    parser.add_argument(
        '--max-train', type=int, help='with --out: of this many training faces, drawn'
    )
    parser.add_argument(
        '--features',
        help='with --out: folder of data_prep features; default: OUT/features',
    )
    parser.add_argument(
        '--which', help='checkpoint of the run: last (default), best, STEP'
    )
    parser.add_argument(
        '--rate',
        type=float,
        help='share of wrong labels, where you know it better than the estimate',
    )
    parser.add_argument(
        '--pictures',
        type=int,
        default=PICTURES,
        help='how many of the most suspicious labels get a picture (default: 2000)',
    )
    parser.add_argument(
        '--reviewed',
        metavar='RUN',
        help='of a run with decisions: the run that was reviewed, to be compared with',
    )
    parser.add_argument(
        '--kfold',
        type=int,
        metavar='K',
        help='train K more runs, each without a part, for cleanlab',
    )


def run(options: argparse.Namespace) -> int:
    """Writes the page and the lists; returns 0, and 130 where Ctrl-C stopped folds.

    Raises:
      Unusable: no finished run there, or not its data; neither a run nor a set.
    """
    if options.out and options.data and not options.workdir:
        for name in OF_A_RUN:
            if getattr(options, name) is not None:
                raise Unusable(f'--{name} is of a run: give --workdir, or leave it out')
        return frozen.run(options)
    for name in OF_A_SET:
        if getattr(options, name) is not None and options.workdir and not options.out:
            raise Unusable(
                f'--{name.replace("_", "-")} is of an audit without training: give'
                ' --data and --out in place of --workdir, or leave it out'
            )
    if options.out or not options.workdir:
        raise Unusable(
            'give --workdir=FOLDER of a finished run, or without training'
            ' --data=FOLDER of a prepared set and --out=FOLDER'
        )
    whole.check_folder(options.workdir)
    which = options.which or 'last'
    if options.kfold is not None:
        heap.keep()
        with hosts.asked_to_stop() as stop, stopping.on_ctrl_c() as pressed:
            done = kfold.run(
                options.workdir,
                options.kfold,
                stop,
                data=options.data,
                which=which,
            )
        print(f'written: {done}' if done else 'stopped; the same command goes on')
        return doors.STOPPED if pressed() and not done else 0
    case = cases.read(options.workdir, options.data, options.rate)
    found = gather(case, options.pictures, which, options.reviewed)
    for path in case.write(case.run.folder, found):
        print(f'written: {path}, {path.stat().st_size / 1e6:.1f} MB')
    for line in case.doubts():
        print(line)
    return 0


def in_passing(workdir: pathlib.Path | str) -> str:
    """What a run writes at its end: all that takes no look at the faces by a network.

    Returns:
      What was written and what to doubt of it, a line each; or a line that says why
      nothing was: a finished run has not failed.

    Raises:
      OSError: the disk refuses it; the next start makes it.
    """
    try:
        case = cases.read(workdir, None)
        path = case.save(case.run.folder)[0]
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        said = str(error).splitlines()[:1]
        return f'{workdir}: no audit.html ({type(error).__name__}: {"".join(said)})'
    told = f'which labels are wrong is in {path}'
    return '\n'.join(f'{workdir}: {line}' for line in (told, *case.doubts()))


def gather(
    case: cases.Case,
    pictures: int = PICTURES,
    which: str | None = 'last',
    reviewed: pathlib.Path | str | None = None,
) -> dict[str, Any]:
    """Everything that the page shows: plain values and arrays, as page.render takes it.

    A part that the run has nothing for is a line that says why.

    Args:
      pictures: how many of the most suspicious labels get a picture.
      which: checkpoint for what takes a look at the faces; None: leave that out.
      reviewed: folder of the run whose labels were decided about (after.section).
    """
    suspects = np.arange(min(pictures, len(case.ids)))
    relabels = by_epoch.relabels(case)
    networks = closeup.networks(case, which)
    changed = after.section(case, reviewed)
    chosen = [networks['weighted']['most'], networks['weighted']['least']]
    if isinstance(relabels, dict):
        chosen.append(relabels['unstable'])
    if isinstance(networks['space'], dict):
        chosen.append(networks['space']['chosen'])
    if isinstance(networks['cam'], dict):
        chosen.append(networks['cam'])
    if isinstance(changed, dict):
        chosen.append(changed)
    return {
        'run': sections.about(case),
        'summary': sections.summary(case, which),
        'labels': sections.labels(case),
        'pictures': sections.pictures(case, suspects, [one['rows'] for one in chosen]),
        'curves': by_epoch.curves(case, len(suspects)),
        'after': changed,
        'noise': sections.noise(case),
        'epochs': by_epoch.epochs(case),
        'relabels': relabels,
        'networks': networks,
    }
