"""Which layers a network has: their depth and the shape of their features, from one forward of one image."""

from collections.abc import Sequence

import pandas as pd

from depara_core.attribution.passes import read_features
from depara_core.pipeline.models import explained, open_network
from depara_core.zoo.behaviour import example_images
from depara_core.zoo.spec import ModelSpec


def list_layers(spec: ModelSpec, words: str | Sequence[str] = ()) -> pd.DataFrame:
    """Return the layers of a network whose names hold every word, from input to output.

    Parameters
    ----------
    spec
        The model; it is opened, and run on one image.
    words
        Text with spaces, or a list; upper and lower case are one. None: all layers.

    Returns
    -------
    pandas.DataFrame
        `layer`; `depth`, its place from 1; `layers`, how many there are; `feature`, the shape of one image's feature.

    Raises
    ------
    ModelError
        The model cannot be opened or run.
    """
    network = open_network(spec)
    try:
        names = spec.layers
        seen = read_features(network, names, example_images(spec.input_size, 1) - 0.5)
    except Exception as error:
        raise explained(spec, error) from error
    wanted = [word.lower() for word in (words.split() if isinstance(words, str) else words)]
    rows = [
        {"layer": name, "depth": depth, "layers": len(names), "feature": tuple(seen[name].shape[1:])}
        for depth, name in enumerate(names, 1)
        if all(word in name.lower() for word in wanted)
    ]
    return pd.DataFrame(rows, columns=["layer", "depth", "layers", "feature"])
