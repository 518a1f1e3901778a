"""The transfer recipe: plain PyTorch that freezes a source up to the chosen layer and fine-tunes the rest."""

from collections.abc import Callable
from typing import Any

from depara_core.errors import OptionError
from depara_core.exports.provenance import versions
from depara_core.exports.templates import fill_python
from depara_core.formatting import slug
from depara_core.zoo.spec import OUTPUT, ModelSpec

_AUXILIARY = ("googlenet", "inception_v3")  # answer with several logits while they train


def transfer_recipe(spec: ModelSpec, layer: str, classes: int) -> str:
    """Return a PyTorch script that transfers a source, cut at `layer`, to a task of `classes` classes.

    The script loads the source, freezes every parameter that the layer's output depends on (batch norm statistics too),
    puts a new classifier in, fine-tunes the rest on a folder of images with one subfolder a class, and saves the best
    weights by validation accuracy. A torchvision source needs nothing of this library; a module of your own needs the
    call that makes it put in.
    """
    if isinstance(classes, bool) or not isinstance(classes, int) or classes < 2:
        raise OptionError(f"Expected at least 2 classes to tell apart; {classes!r} came.")
    spec = spec.seen("common")  # the script resizes and crops by itself
    kind, values = _KINDS.get(spec.source, _wrapped)(spec, layer)
    file = slug("transfer", spec.name, layer)
    return fill_python(
        f"recipe_{kind}.py.jinja",
        **values,
        id=spec.id,
        cut=layer,
        version=versions()["depara"],
        file=file,
        classes=classes,
        size=spec.input_size,
        mean=tuple(spec.mean),
        std=tuple(spec.std),
        out=file + (".pt" if kind == "torchvision" else ".safetensors"),
        torchvision=kind == "torchvision",
    )


def _torchvision(spec: ModelSpec, layer: str) -> tuple[str, dict[str, Any]]:
    """Return what loads a torchvision model; its layers are the paths of its modules."""
    if layer not in spec.layers:
        spec.open().tap(layer)  # a module's path is a layer too, which only the opened model can tell
    name, _, weights = spec.id.partition("/")[2].partition("@")
    return "torchvision", {
        "library": False,
        "layer": None if layer == OUTPUT else layer,
        "name": name,
        "random": weights == "none",
        "weights": None if weights == "none" else weights,
        "several": name in _AUXILIARY,
    }


def _wrapped(spec: ModelSpec, layer: str) -> tuple[str, dict[str, Any]]:
    """Return what loads any other source, and where the feature is that the classifier reads."""
    network = spec.open()
    network.tap(layer)
    path = network.taps.get(layer, (layer, "output"))[0]
    return "wrapped", {
        "library": spec.source != "module",
        "layer": None if layer == OUTPUT else f"source.{path}",
        "name": spec.name,
        "feature": network.taps[OUTPUT][0],
    }


_KINDS: dict[str, Callable[[ModelSpec, str], tuple[str, dict[str, Any]]]] = {"torchvision": _torchvision}
