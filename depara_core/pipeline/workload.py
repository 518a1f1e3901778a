"""What a run will compute and keep, told before it begins."""

from collections.abc import Sequence
from dataclasses import dataclass

from depara_core.zoo.spec import ModelSpec

FLOAT = 4  # bytes of a float32
COLOURS = 3
UNKNOWN_LAYERS = 20  # guessed of a model that is not opened, where all of its layers are asked for


@dataclass(frozen=True)
class Workload:
    """The most that a run computes and keeps; what is stored already costs nothing."""

    layers: int  # of all models together
    attributions: int  # one an image and layer
    bytes: int  # of nodes and edges
    pixels: int  # read by all attributions: what they cost grows with it
    complete: bool  # whether every layer is counted: a model that is not bundled is opened to know its own


def workload(
    specs: Sequence[ModelSpec], count: int, *, every_layer: bool = False, resolution: int | None = None
) -> Workload:
    """Count what graphs of some models over some images will take.

    Parameters
    ----------
    specs
        The models; none is opened.
    count
        How many images, at most.
    every_layer
        Whether all layers of a model are asked for; else its output alone.
    resolution
        Side of the maps kept; None: each model's input.

    Returns
    -------
    Workload
        With one layer for a model whose layers are not known before it is opened.
    """
    layers = [len(spec.layers) if every_layer and spec.bundled else 1 for spec in specs]
    cells = [COLOURS * (resolution or spec.input_size) ** 2 for spec in specs]
    likely = [n if spec.bundled or not every_layer else UNKNOWN_LAYERS for n, spec in zip(layers, specs, strict=True)]
    pixels = count * sum(n * spec.input_size**2 for n, spec in zip(likely, specs, strict=True))
    kept = count * sum(n * (own + count) * FLOAT for n, own in zip(layers, cells, strict=True))
    complete = not every_layer or all(spec.bundled for spec in specs)
    return Workload(sum(layers), count * sum(layers), kept, pixels, complete)
