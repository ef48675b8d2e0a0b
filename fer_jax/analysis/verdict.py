"""Which of N given labels are wrong, and how sure that is, whatever says so."""

import abc
import dataclasses
import os
import pathlib
from typing import Any

import numpy as np

from fer_jax.analysis import issues, page
from fer_jax.analysis.calibration import Rate
from fer_jax.data import whole
from fer_jax.training import files

PICTURES = 2000


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Verdict(abc.ABC):
    """What is said of N given labels of C classes; row i is label i as it was given.

        verdict.order[:200]                        the least trusted labels
        verdict.right, verdict.suggested           of every label
        verdict.issues()                           the list, for a program
        verdict.page('audit.html')                 the page, for eyes

    `trust` decides about the order, and the rate about nothing but how far
    `right` is from 1.
    """

    name: str  # of the whole, for titles
    class_names: tuple[str, ...]  # of the C classes
    ids: np.ndarray  # [N] str
    given: np.ndarray  # [N] int in [0, C)
    suggested: np.ndarray  # [N] int, the likeliest class; the given one, too
    clean_labels: np.ndarray  # [N] int, for diagnostics only; -1 where unknown
    trust: np.ndarray  # [N], the larger, the more likely a label is right
    right: np.ndarray  # [N] float64 in (0, 1): the probability that it is, calibrated
    rate: Rate  # of wrong labels

    @property
    def known(self) -> np.ndarray:
        """[N] bool: whether the clean label is."""
        return self.clean_labels >= 0

    @property
    def wrong(self) -> np.ndarray:
        """[N] bool: known to be wrong."""
        return self.known & (self.clean_labels != self.given)

    @property
    def order(self) -> np.ndarray:
        """[N] int: rows from the least trusted label on, as the page has them."""
        return np.argsort(self.trust, kind='stable')

    @property
    def place(self) -> np.ndarray:
        """[N] int32: where each label is in `order`, from 0."""
        return np.argsort(self.order).astype(np.int32)

    @property
    def rank(self) -> np.ndarray:
        """[N] int32: the least trusted label has 1."""
        return self.place + 1

    def issues(self) -> list[dict[str, Any]]:
        """The suspected labels, the least trusted first.

        Those that are more probably wrong than right; where the rate is estimated and
        these are fewer than are expected to be wrong, the first ones by rank, as many
        as are expected. So the list is never empty, unless a rate that was given
        leaves none.

        Returns:
          List of {'rank' (from 1), 'row', 'id', 'given_label', 'suggested_label',
          'probability_right'}.
        """
        return issues.listed(
            self.order[: self._suspected().number],
            self.ids, self.given, self.suggested, self.right, self.class_names,
        )  # fmt: skip

    @property
    def never_suggested(self) -> list[str]:
        """Classes of given labels that no example is suggested to be of."""
        lost = np.setdiff1d(self.given, self.suggested).tolist()
        return [self.class_names[label] for label in lost]

    def doubts(self) -> list[str]:
        """Sentences about the rate, and about what cannot be trusted."""
        lost, listed = self.never_suggested, self._suspected().words
        never = (
            f'Never suggested: {", ".join(lost)}.'
            ' Right labels of such a class are doubted like wrong ones. Choose it under'
            ' "Given label", and judge by eye.'
        )
        return [
            self.rate.words(),
            *([listed] if listed != issues.PROBABLE else []),
            *([never] if lost else []),
        ]

    @abc.abstractmethod
    def content(self, pictures: int) -> dict[str, Any]:
        """Everything that the page shows: plain values and arrays, for page.render.

        Args:
          pictures: how many of the least trusted labels get a picture.
        """

    def page(
        self, path: str | os.PathLike = files.PAGE, pictures: int = PICTURES
    ) -> pathlib.Path:
        """Writes the page, one file that a browser opens offline; returns its path.

        Raises:
          OSError: it cannot be written there.
        """
        path = pathlib.Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        whole.write_text(path, self._rendered(self.content(pictures)))
        return path

    def save(
        self, folder: str | os.PathLike, pictures: int = PICTURES
    ) -> list[pathlib.Path]:
        """Writes audit.html, issues.json and labels.csv; returns their paths.

        Raises:
          OSError: they cannot be written there.
        """
        return self.write(pathlib.Path(folder), self.content(pictures))

    def write(self, folder: pathlib.Path, found: dict[str, Any]) -> list[pathlib.Path]:
        """`save` of a content that was gathered already."""
        folder.mkdir(parents=True, exist_ok=True)
        suspected = self._suspected()
        about = found['run'] | {
            'noise': found['summary']['noise'],
            'listed': suspected.words,
            'in_doubt': suspected.in_doubt,
            'never_suggested': self.never_suggested,
        }
        # the page last: its being there means that all is
        return [
            files.write_labels(folder, self.table(), self.class_names),
            files.write_issues(folder, self.issues(), about),
            files.write_page(folder, self._rendered(found)),
        ][::-1]

    @abc.abstractmethod
    def table(self) -> files.Labels:
        """What labels.csv says."""

    def _suspected(self):
        return issues.suspected(self.right[self.order], self.rate.told)

    def _rendered(self, found):
        return page.render(f'Label audit: {self.name}', found)
