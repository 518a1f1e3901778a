"""The models that can be compared: by id from a source, or any module of your own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module

from depara_core.errors import ModelError, OptionError
from depara_core.zoo.spec import OUTPUT, VIEWS, ModelSpec, Network, View

__all__ = ["OUTPUT", "SOURCES", "VIEWS", "ModelSpec", "Network", "Source", "View", "list_models", "model"]


@dataclass(frozen=True)
class Source:
    """A place that models come from; add yours to `SOURCES`.

    Parameters
    ----------
    specs
        Returns its models without building any.
    find
        find(name) -> ModelSpec for names beyond those of `specs`, such as other weights; raises `ModelError`.
    listed
        Whether `list_models()` lists them: long lists only when asked for by name, or searched.
    """

    specs: Callable[[], Sequence[ModelSpec]]
    find: Callable[[str], ModelSpec] | None = None
    listed: bool = True


def _in_module(name: str, *, listed: bool = True) -> Source:
    """Return the source whose module is `name`: imported when it is asked, as most of them bring torch along."""
    path = f"{__name__}.{name}"
    return Source(lambda: import_module(path).specs(), lambda wanted: import_module(path).spec(wanted), listed)


SOURCES: dict[str, Source] = {
    **{name: _in_module(name) for name in ("rooms", "torchvision", "taskonomy", "fashion")},
    "timm": _in_module("timm", listed=False),
    "hf": _in_module("huggingface", listed=False),
    "openclip": _in_module("openclip", listed=False),
    "file": _in_module("checkpoints", listed=False),
    "export": _in_module("exported", listed=False),
    "python": _in_module("python_files", listed=False),
}


def list_models(source: str | None = None) -> list[ModelSpec]:
    """Return every model of a source, or of those with short lists.

    Parameters
    ----------
    source
        An entry of `SOURCES`; None: all sources with short lists.

    Returns
    -------
    list of ModelSpec
        The models that ship with the library first.

    Raises
    ------
    OptionError
        For an unknown source.
    """
    if source is not None and source not in SOURCES:
        raise OptionError(f"The source {source!r} is unknown. Expected one of: {', '.join(SOURCES)}.")
    asked = [one for one in SOURCES.values() if one.listed] if source is None else [SOURCES[source]]
    return sorted((spec for one in asked for spec in one.specs()), key=lambda spec: not spec.bundled)


def model(id: str) -> ModelSpec:
    """Return a model by its id; no weights are read.

    Parameters
    ----------
    id
        "<source>/<name>[@<weights>]", such as "rooms/normal" or "torchvision/resnet18@IMAGENET1K_V1"; with "?view=own"
        behind it, images are shown to the model by its own crop and interpolation (see `ModelSpec.seen`).

    Returns
    -------
    ModelSpec
        The model.

    Raises
    ------
    ModelError
        There is no such source or model.
    OptionError
        For an unknown option.
    """
    plain, view = split_view(id)
    return _found(plain).seen(view)


def split_view(id: str) -> tuple[str, str]:
    """Split an id into the model's and its view: "timm/x?tokens=cls&view=own" -> ("timm/x?tokens=cls", "own")."""
    name, _, query = str(id).partition("?")
    options = query.split("&") if query else []
    views = [option.partition("=")[2] for option in options if option.startswith("view=")]
    rest = "&".join(option for option in options if not option.startswith("view="))
    return f"{name}?{rest}" if rest else name, views[-1] if views else "common"


def _found(id: str) -> ModelSpec:
    source, slash, name = str(id).partition("/")
    if not slash or source not in SOURCES:
        raise ModelError(f"Expected a model id like 'torchvision/resnet18'; {id!r} came. {_suggest(str(id))}")
    if not SOURCES[source].listed and SOURCES[source].find is not None:
        return SOURCES[source].find(name)  # type: ignore[misc]
    for spec in SOURCES[source].specs():
        if id in (spec.id, f"{source}/{spec.name}"):
            return spec
    find = SOURCES[source].find
    try:
        if find is not None:
            return find(name)
    except ModelError as error:
        raise ModelError(f"{error} {_suggest(name)}") from None
    raise ModelError(f"There is no model {id!r}. {_suggest(name)}")


def _suggest(wanted: str) -> str:
    """Return a sentence with the ids closest to what was asked for."""
    by_name: dict[str, list[str]] = {}  # rooms and taskonomy know the same tasks
    for spec in list_models():
        by_name.setdefault(spec.name, []).append(spec.id.partition("@")[0])
    name = wanted.partition("@")[0].rpartition("/")[2].lower()
    near = get_close_matches(name, by_name, n=5, cutoff=0.5)
    ids = [found for match in near for found in by_name[match]]
    return f"Did you mean: {', '.join(ids)}?" if ids else f"The sources are: {', '.join(SOURCES)}; see list_models()."
