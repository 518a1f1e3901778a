"""The models of one call: refused before anything is computed, opened, and named in whatever goes wrong."""

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from depara_core.errors import Cancelled, DeparaError, ModelError, OptionError
from depara_core.files import Progress
from depara_core.zoo.spec import OUTPUT, ModelSpec, Network

A = TypeVar("A")
T = TypeVar("T")
OnError = Callable[[str, DeparaError], None]  # a model's id, and why it failed
_LOG = logging.getLogger("depara")


def require_different_names(specs: Sequence[ModelSpec]) -> None:
    """Refuse two modules of one name: the id of a named source says what it is, that of a user's module does not."""
    first: dict[str, ModelSpec] = {}
    for spec in specs:
        if first.setdefault(spec.id, spec) is not spec and spec.source == "module":
            raise OptionError(f"Two models are named {spec.name!r}. Give each a name of its own.")


def existing_layers(spec: ModelSpec, layers: str | Sequence[str]) -> tuple[str, ...]:
    """Resolve the layers of a model and refuse those that it has not, before anything is computed."""
    names = spec.resolve_layers(layers if isinstance(layers, str) else list(layers))
    others = [name for name in names if name != OUTPUT and name not in spec.layers]
    if others:  # module paths are layers too, which only the opened model can tell
        require_layers(spec, open_network(spec), others)
    return names


def require_layers(spec: ModelSpec, network: Network, names: Iterable[str]) -> None:
    """Refuse layers that a network has not, naming the model."""
    for name in names:
        try:
            network.tap(name)
        except ModelError as error:
            raise ModelError(f"{spec.id}: {error}") from error


def open_network(spec: ModelSpec, progress: Progress | None = None) -> Network:
    """Open a model; whatever it raises names it."""
    try:
        return spec.open(progress)
    except DeparaError:
        raise
    except Exception as error:
        raise ModelError(f"{spec.id} cannot be opened: {error or type(error).__name__}. Check its weights.") from error


def attempt(on_error: OnError | None, work: Callable[[ModelSpec, A], T], spec: ModelSpec, given: A) -> T | None:
    """Return work(spec, given), or hand its failure to `on_error`, if there is one, and return None.

    A cancellation is no failure.
    """
    try:
        return work(spec, given)
    except Cancelled:
        raise
    except DeparaError as error:
        if on_error is None:
            raise
        on_error(spec.id, error)
        return None


def explained(spec: ModelSpec, error: Exception) -> DeparaError:
    """Name the model in what broke its computing off; what names it already stays, unless the device is the cause."""
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    reason = (str(cause).strip() or type(cause).__name__).splitlines()[0]
    if "CUDA error" in reason and "out of memory" not in reason:
        return ModelError(
            f"{spec.id}: the device was lost. {reason.rstrip('.')}. What was finished is kept: start this program "
            "again to go on from there, or compute with device='cpu'."
        )
    if isinstance(error, DeparaError):
        return error
    _LOG.warning("Computing %s failed.", spec.id, exc_info=error)  # a message has no room for where
    return ModelError(f"{spec.id} cannot be computed: {reason}")
