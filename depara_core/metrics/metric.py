"""A transferability metric: a number for two things known about the same probes, with its paper and its conventions."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from depara_core.metrics.checks import checked


@dataclass(frozen=True)
class Metric:
    """One way to score how well a source should transfer to a target; more is always better.

    Symbols: N probes, D or E features, Z source classes, T target numbers. `takes` names the two arguments: "features"
    (N, D) finite numbers, the source's first; "codes" a layer's output with its places, see `as_code`; "labels" (N,)
    integer classes of the target; "probabilities" (N, Z) of the source's own classes; "source_labels" (N,) integer
    classes; "graph" an AttributionGraph.
    """

    name: str
    title: str  # for people
    takes: tuple[str, str]
    paper: str  # authors, venue, year
    note: str  # what exactly is computed, its range, its sign, and what is undefined
    symmetric: bool  # metric(a, b) == metric(b, a)
    isometric: bool  # features may be rotated, or embedded isometrically in another number of columns, at no change
    compute: Callable[[Any, Any], float]  # the mathematics alone, unchecked
    regression: bool = False  # labels may also be numbers (N, T)
    pairs: Callable[[Any, Any], np.ndarray] | None = None  # of sources and targets: all at once, where that is cheaper
    settings: tuple[Any, ...] = ()  # all else that the number depends on: part of what a stored one is found by

    def __call__(self, a: Any, b: Any) -> float:
        """Score `a` (the source) against `b` (the target); raises OptionError for what it cannot take."""
        return float(self.compute(*checked(self.name, self.takes, a, b, regression=self.regression)))
