"""How many numbers a model's weights hold, told without reading them."""

from functools import cache

import torch

from depara_core.zoo import model
from depara_core.zoo.library import require

SMALL = ("rooms", "fashion")  # sources whose models are soon opened


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
    name = spec.id.partition("/")[2].partition("?")[0].partition("@")[0]
    if spec.source in SMALL:
        return spec.open().parameters
    if spec.source == "torchvision":
        from torchvision import models

        return int(next(iter(models.get_model_weights(name))).meta["num_params"])
    if spec.source != "timm":
        return None
    timm = require("timm", "timm")
    try:
        with torch.device("meta"):
            module = timm.create_model(name.partition(".")[0], num_classes=0)
    except Exception:  # noqa: BLE001  a few need numbers while they are built, and here are none
        return None
    return sum(parameter.numel() for parameter in module.parameters())
