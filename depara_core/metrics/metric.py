"""A transferability metric: a number for two things known about the same probes, with its paper and its conventions."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from depara_core.metrics.checks import checked


@dataclass(frozen=True)
class Metric:
    """One way to score how well a source should transfer to a target; more is always better.

    Add yours to `METRICS`.

    Parameters
    ----------
    name
        What `metric(name)` and `--metric` take.
    title
        The name for people.
    takes
        What the two arguments are, the source's first: "features" (N, D) finite numbers; "codes" a layer's output with
        its places, see `as_code`; "field" a gradient field (N, K, P), see `build_fields`; "labels" (N,) whole-number
        classes of the target; "probabilities" (N, Z) of the source's own Z classes; "source_labels" (N,) whole-number
        classes; "graph" an AttributionGraph.
    paper
        Authors, venue, year.
    note
        What exactly is computed, its range, its sign, and what is undefined.
    symmetric
        Whether metric(a, b) == metric(b, a).
    isometric
        Whether features may be rotated, or embedded isometrically in another number of columns, at no change.
    compute
        compute(a, b): the mathematics alone, unchecked.
    regression
        Whether labels may also be numbers (N, T).
    pairs
        pairs(sources, targets) -> (S, T), all at once, where that is cheaper; else None.
    settings
        All else that the number depends on: part of what a stored one is found by.
    """

    name: str
    title: str
    takes: tuple[str, str]
    paper: str
    note: str
    symmetric: bool
    isometric: bool
    compute: Callable[[Any, Any], float]
    regression: bool = False
    pairs: Callable[[Any, Any], np.ndarray] | None = None
    settings: tuple[Any, ...] = ()

    def __call__(self, a: Any, b: Any) -> float:
        """Score a source against a target.

        Parameters
        ----------
        a, b
            What `takes` says, over the same N probes.

        Returns
        -------
        float
            More is better; see `note` for the range.

        Raises
        ------
        OptionError
            For what the metric cannot take.
        """
        return float(self.compute(*checked(self.name, self.takes, a, b, regression=self.regression)))
