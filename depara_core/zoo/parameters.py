"""How many numbers a model's weights hold, told without reading them."""

from collections.abc import Callable
from functools import cache
from importlib import import_module

from depara_core.errors import ModelError
from depara_core.zoo import model, split_view

SMALL = ("rooms", "fashion")  # sources whose models are soon opened
# Source -> its module, whose `count` tells of a name
COUNTERS = {name: name for name in ("torchvision", "timm", "openclip")} | {"hf": "huggingface", "file": "checkpoints"}


@cache
def count_parameters(id: str) -> int | None:
    """Return how many parameters a model has, built without memory for its weights, which takes a tenth of a second.

    Parameters
    ----------
    id
        As `model` takes it.

    Returns
    -------
    int or None
        The encoder's parameters (torchvision: the classifier's too); None where only opening the model can tell.

    Raises
    ------
    ModelError
        There is no such model.
    """
    spec = model(id)
    if spec.source in SMALL:
        return spec.open().parameters
    if spec.source not in COUNTERS:
        return None
    count: Callable[[str], int] = import_module(f"depara_core.zoo.{COUNTERS[spec.source]}").count
    try:
        return count(split_view(spec.id)[0].partition("/")[2])
    except ModelError:
        raise
    except Exception:  # noqa: BLE001  a few need numbers while they are built, and here are none
        return None
