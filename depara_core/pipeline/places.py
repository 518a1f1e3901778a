"""Where in the pictures a source knows what a target needs: the local directed score of two models' layers."""

import os

from depara_core.files import Progress
from depara_core.metrics.local_directed import LocalScore, explain_local
from depara_core.pipeline.features import build_features
from depara_core.probes import ProbeSet
from depara_core.store import Store
from depara_core.zoo.spec import ModelSpec

End = tuple[ModelSpec, str]  # a model and one of its layers


def explain_places(
    source: End,
    target: End,
    probes: ProbeSet,
    *,
    device: str = "auto",
    progress: Progress | None = None,
    store: str | os.PathLike[str] | Store | None = None,
) -> LocalScore:
    """Read both layers over the probes, from the store where it has them, and return where the score comes from.

    Raises OptionError where one of the layers has no places, and as `build_features` does.
    """
    codes = []
    for place, (spec, layer) in enumerate((source, target)):
        if progress is not None:
            progress(place, 2, f"{spec.name}: the code of {layer}")
        codes += [one.code for one in build_features(spec, probes, layer=layer, device=device, store=store)]
    return explain_local(*codes)
