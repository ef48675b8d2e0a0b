"""Where the rows of a run go beside its folder, if config.log.sinks names it.

MLflow and Weights & Biases: the run's config once, then each epoch's numbers. A run
that goes on goes on there too, under the id in `sinks.json`; a sink that is new to it
gets the rows that there are. Their own variables say where the server is and who one is
(MLFLOW_TRACKING_URI, MLFLOW_EXPERIMENT_NAME; WANDB_MODE, WANDB_PROJECT, WANDB_API_KEY).
"""

import contextlib
import importlib.util
import json
import math
import os
import pathlib
import re
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from fer_jax.data import documents, whole
from fer_jax.data.quoting import printable
from fer_jax.errors import Unusable

NAMES = ('mlflow', 'wandb')  # as their packages
IDS = 'sinks.json'
PROJECT = 'fer_jax'
LONGEST = 500  # characters of a parameter, which MLflow limits
MANY = 100  # parameters of a call, which MLflow limits
KIND = documents.mapping(documents.TEXT)


class Sink(Protocol):
    """Takes numbers."""

    def log(self, numbers: dict[str, float], step: int) -> None: ...

    def close(self) -> None: ...


class MLflow:
    """A run in MLflow: in the folder of the run, unless MLFLOW_TRACKING_URI says else.

    Args:
      workdir: of the run.
      own: id of the run there; begun anew where it is not there yet.
      fields: {path: value} of the config.
    """

    def __init__(self, workdir: pathlib.Path, own: str, fields: dict[str, Any]) -> None:
        import mlflow
        from mlflow.entities import Param

        there = os.environ.get('MLFLOW_TRACKING_URI') or database(workdir)
        self._client = mlflow.MlflowClient(there)
        name = os.environ.get('MLFLOW_EXPERIMENT_NAME', PROJECT)
        known = self._client.get_experiment_by_name(name)
        experiment = (
            known.experiment_id if known else self._client.create_experiment(name)
        )
        begun = self._client.search_runs([experiment], f"tags.fer_jax_id = '{own}'")
        if begun:
            self._run = begun[0].info.run_id
            self._client.set_terminated(self._run, 'RUNNING')
            return
        tags = {'fer_jax_id': own, 'folder': str(workdir.absolute())}
        made = self._client.create_run(experiment, tags=tags, run_name=workdir.name)
        self._run = made.info.run_id
        params = [Param(key, str(value)[:LONGEST]) for key, value in fields.items()]
        for first in range(0, len(params), MANY):
            self._client.log_batch(self._run, params=params[first : first + MANY])

    def log(self, numbers: dict[str, float], step: int) -> None:
        from mlflow.entities import Metric

        now = int(1000 * time.time())
        metrics = [
            Metric(re.sub(r'[^\w./ -]', '_', name), value, now, step)
            for name, value in numbers.items()
        ]
        self._client.log_batch(self._run, metrics=metrics)

    def close(self) -> None:
        self._client.set_terminated(self._run)


class WandB:
    """A run in Weights & Biases, whose own files lie in the folder of the run.

    Arguments as MLflow's.
    """

    def __init__(self, workdir: pathlib.Path, own: str, fields: dict[str, Any]) -> None:
        import wandb

        self._run = wandb.init(
            project=os.environ.get('WANDB_PROJECT', PROJECT),
            name=workdir.name,
            id=own,
            resume='allow',
            dir=workdir,
            config=fields,
            settings=wandb.Settings(silent=True, console='off'),
        )

    def log(self, numbers: dict[str, float], step: int) -> None:
        self._run.log(numbers, step=step)

    def close(self) -> None:
        self._run.finish()


def database(workdir: pathlib.Path) -> str:
    """Where MLflow keeps the numbers of the run in `workdir`, if nobody says else.

    Raises:
      Unusable: MLflow would take the path for another one.
    """
    path = str(workdir.absolute())
    if re.search('[%?#]', path):
        raise Unusable(
            'its database cannot lie below a path with %, ? or #; MLFLOW_TRACKING_URI'
            ' names another place'
        )
    return f'sqlite:///{path}/mlflow.db'


MAKERS: dict[str, Callable[..., Sink]] = {'mlflow': MLflow, 'wandb': WandB}


def check(names: Sequence[str]) -> None:
    """Raises Unusable when the package of one of NAMES is not installed."""
    for name in names:
        if importlib.util.find_spec(name) is None:
            raise Unusable(
                f'log.sinks has {name}, which is not installed; pip install'
                f" 'fer_jax[{name}]', or leave it out"
            )


@contextlib.contextmanager
def opened(
    names: Sequence[str],
    workdir: pathlib.Path,
    fields: dict[str, Any],
    rows: Sequence[dict[str, Any]],
    say: Callable[[str], object],
) -> Iterator[Callable[[dict[str, Any]], None]]:
    """A function that gives a row of metrics.jsonl to the sinks of these names.

    One that fails is told of and left out: training does not depend on it.

    Args:
      workdir: of the run.
      fields: {path: value} of its config.
      rows: of the epochs that there are.

    Raises:
      Unusable: one does not start.
    """
    sinks: dict[str, Sink] = {}
    own = ids(workdir)

    def start(name):
        new = name not in own
        own[name] = own.get(name) or uuid.uuid4().hex[:16]
        try:
            sinks[name] = MAKERS[name](workdir, own[name], fields)
            for row in rows if new else ():
                sinks[name].log(numbers(row), row['step'])
        except Exception as error:  # of other people's programs: any
            raise Unusable(
                f'log.sinks: {name} does not start ({said(error)}); put that right, or'
                ' leave it out'
            ) from None
        # at once: if the next one does not start, this one goes on here another time
        whole.write_text(workdir / IDS, json.dumps(own) + '\n')

    def attempt(call, *arguments):
        for name in [*sinks]:
            try:
                getattr(sinks[name], call)(*arguments)
            except Exception as error:
                del sinks[name]
                say(f'{name} takes no more rows ({said(error)}); training goes on')

    try:
        for name in names:
            start(name)
        yield lambda row: attempt('log', numbers(row), row['step'])
    finally:
        attempt('close')


def ids(workdir: pathlib.Path) -> dict[str, str]:
    """{name of a sink: the run's id there}, of those that it had before."""
    if not (workdir / IDS).exists():
        return {}
    return documents.read(workdir / IDS, KIND, 'remove it to begin anew there')


def numbers(row: dict[str, Any]) -> dict[str, float]:
    """{name: value} of the finite numbers of a row, but for the step."""
    return {
        name: value
        for name, value in row.items()
        if isinstance(value, int | float) and math.isfinite(value) and name != 'step'
    }


def said(error: Exception) -> str:
    """What an error says, in a few words of one line."""
    return printable(' '.join(str(error).split()))[:200] or type(error).__name__
