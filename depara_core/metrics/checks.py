"""What metrics may be given: every argument is checked once, here, so that the mathematics stays undisturbed."""

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from depara_core.errors import OptionError
from depara_core.graphs import AttributionGraph
from depara_core.metrics.codes import as_code

FEWEST = 3  # probes: with two, every correlation is 1 or -1
LARGEST = 1e60  # beyond float32 by far; fourth powers and their sums stay finite
ROUNDING = 1e-3  # by which probabilities, perhaps of half precision, may miss the sum 1


def checked(name: str, takes: tuple[str, str], a: Any, b: Any, *, regression: bool) -> tuple[Any, Any]:
    """Return both arguments of the metric called `name`, features and probabilities as float64, labels as 0 .. K-1.

    Raises OptionError when one is not of the kind that `takes` says or they are not about the same number of probes.
    """
    kinds = tuple("targets" if kind == "labels" and regression else kind for kind in takes)
    first = KINDS[kinds[0]](a, f"The first argument of {name}")
    second = KINDS[kinds[1]](b, f"The second argument of {name}")
    if kinds == ("field", "field") and first.shape != second.shape:
        raise OptionError(
            f"{name} compares fields over the same probes, points and cells; got shapes {first.shape} and "
            f"{second.shape}. Build both with the same `points` and `side`."
        )
    if "graph" not in kinds and len(first) != len(second):
        raise OptionError(
            f"{name} compares over the same probes: expected as many rows in both arguments, got {takes[0]} of shape "
            f"{np.shape(a)} and {takes[1]} of shape {np.shape(b)}."
        )
    return first, second


def _features(value: Any, what: str) -> Float[np.ndarray, "N D"]:
    array = _numbers(value, what, "features (probes, columns)")
    if array.ndim != 2 or array.shape[1] < 1:
        raise OptionError(
            f"{what} should be features of shape (probes, columns); got shape {array.shape}. Flatten each probe first."
        )
    return _enough(array, what)


def _field(value: Any, what: str) -> Float[np.ndarray, "N K P"]:
    array = _numbers(value, what, "a gradient field (probes, points, cells)")
    if array.ndim != 3 or 0 in array.shape:
        raise OptionError(f"{what} should be a gradient field (probes, points, cells); got shape {array.shape}.")
    return _enough(array, what)


def _codes(value: Any, what: str) -> Float[np.ndarray, "N C H W"]:
    array = np.asarray(value)
    if array.ndim < 2 or 0 in array.shape:
        raise OptionError(
            f"{what} should be a layer's output: (probes, channels, height, width), (probes, tokens, channels) or, "
            f"without space, (probes, columns); got shape {array.shape}."
        )
    kept = array.dtype if array.dtype.kind == "f" else np.dtype(np.float64)
    return as_code(_enough(_numbers(array, what, "a layer's output").astype(kept, copy=False), what))


def _labels(value: Any, what: str) -> Int[np.ndarray, " N"]:
    codes = _source_labels(value, what)
    if codes.max() < 1:
        raise OptionError(f"{what} should have at least two classes; all {len(codes)} labels are of one class.")
    return codes


def _source_labels(value: Any, what: str) -> Int[np.ndarray, " N"]:
    array = np.asarray(value)
    if array.ndim != 1 or array.dtype.kind not in "iub":
        raise OptionError(
            f"{what} should be integer class labels of shape (probes,); got {array.dtype} of shape {array.shape}."
        )
    return np.unique(_enough(array, what), return_inverse=True)[1]


def _targets(value: Any, what: str) -> Int[np.ndarray, " N"] | Float[np.ndarray, "N T"]:
    array = np.asarray(value)
    if array.dtype.kind in "iub" and array.ndim == 1:
        return _labels(array, what)
    array = _numbers(array, what, "integer labels (probes,) or numbers (probes, targets)")
    array = array[:, None] if array.ndim == 1 else array
    if array.ndim != 2 or array.shape[1] < 1:
        raise OptionError(
            f"{what} should be integer labels (probes,) or numbers (probes, targets); got shape {array.shape}."
        )
    return _enough(array, what)


def _probabilities(value: Any, what: str) -> Float[np.ndarray, "N Z"]:
    array = _features(value, what)
    sums = array.sum(axis=1)
    if array.min() < 0 or np.abs(sums - 1).max() > ROUNDING:
        raise OptionError(
            f"{what} should be probabilities (probes, source classes), none negative, each row with sum 1; got values "
            f"from {array.min():.3g} and row sums from {sums.min():.3g} to {sums.max():.3g}. Apply softmax first."
        )
    return array


def _graph(value: Any, what: str) -> AttributionGraph:
    if not isinstance(value, AttributionGraph):
        raise OptionError(f"{what} should be an AttributionGraph; got {type(value).__name__}. See build_graphs.")
    return value


KINDS: dict[str, Callable[[Any, str], Any]] = {
    "features": _features,
    "codes": _codes,
    "field": _field,
    "labels": _labels,
    "targets": _targets,
    "probabilities": _probabilities,
    "source_labels": _source_labels,
    "graph": _graph,
}


def _numbers(value: Any, what: str, expected: str) -> Float[np.ndarray, "..."]:
    array = np.asarray(value)
    if array.dtype.kind not in "iubf":
        raise OptionError(f"{what} should be {expected}; got an array of {array.dtype}, shape {array.shape}.")
    array = array.astype(np.float64)
    bad = np.count_nonzero(~(np.abs(array) <= LARGEST))
    if bad:
        raise OptionError(
            f"{what} should be finite numbers of at most {LARGEST:g}; {bad} of {array.size} in shape {array.shape} are "
            "not. Leave out the probes or columns that hold them."
        )
    return array


def _enough(array: np.ndarray, what: str) -> np.ndarray:
    if len(array) < FEWEST:
        raise OptionError(f"{what} should cover at least {FEWEST} probes; got {len(array)}, shape {array.shape}.")
    return array
