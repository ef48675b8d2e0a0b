"""Which process is at which run of a sweep, and which runs failed while it goes on.

SWEEP/.claims/NAME/.lock    held by the process that is at the run
SWEEP/.claims/NAME/failed   why it failed, since the sweep was started last
"""

import contextlib
import pathlib
from collections.abc import Iterable, Iterator

from fer_jax.data import whole
from fer_jax.training import stopping

CLAIMS = '.claims'


@contextlib.contextmanager
def claimed(workdir: pathlib.Path, name: str) -> Iterator[None]:
    """Holds a run, from before anything of it is read; the system lets go of it when
    the process dies.

    Raises:
      AlreadyRunning: another process is at it.
    """
    folder = workdir / CLAIMS / name
    folder.mkdir(parents=True, exist_ok=True)
    with stopping.alone(folder):
        yield


def fail(workdir: pathlib.Path, name: str, why: str) -> None:
    """Says that a run failed, so that no other process tries it as well."""
    whole.write_text(workdir / CLAIMS / name / 'failed', why)


def failed(workdir: pathlib.Path, names: Iterable[str]) -> dict[str, str]:
    """{name: why} of the runs that failed since `forget`."""
    marks = {name: workdir / CLAIMS / name / 'failed' for name in names}
    return {name: path.read_text() for name, path in marks.items() if path.exists()}


def forget(workdir: pathlib.Path, names: Iterable[str]) -> None:
    """Lets failed runs be tried again."""
    for name in names:
        (workdir / CLAIMS / name / 'failed').unlink(missing_ok=True)
