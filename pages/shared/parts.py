"""The parts of the selection that all pages share: which models on which images, which two of them, how maps look."""

from dataclasses import dataclass
from typing import Any

from depara_core.attribution import methods, options
from depara_core.exports.documents import PICTURES
from depara_core.probes.loading import BACKGROUND
from pages.shared.address import Box, Part, choice, number

MAPS = {"signed": "Signed", "magnitude": "Magnitude", "regions": "By region"}
NO_MODEL = "no-model"  # what stands among the models where all were taken away: none at all is the bundled zoo


@dataclass(frozen=True)
class Data(Part):
    """Which models, on which probes, and how their graphs are made."""

    models: tuple[str, ...] = ()  # ids; none: the bundled zoo
    probes: str = "rooms"  # "rooms", "fashion", "upload/<digest>", or the path of a folder or a zip
    count: int = number(100, 3, 5000)  # probes drawn from the source
    seed: int = number(0, 0, 2**31 - 1)
    split: str | None = None  # of a folder's train, val, test; None: all
    background: str = BACKGROUND  # colour under transparent parts
    preset: str = choice("paper", lambda: options.PRESETS)
    method: str | None = choice(None, lambda: methods.METHODS)  # None: the preset's
    objective: str | None = choice(None, lambda: options.OBJECTIVES)
    channels: str | None = choice(None, lambda: options.CHANNELS)
    center: bool | None = None
    resolution: int | None = number(None, 2, 512)  # side of the stored maps, cells; None: the model's input
    layers: tuple[str, ...] = ("output",)  # ("all",): every layer

    @property
    def rooms_seed(self) -> int | None:
        """The seed of the rendered rooms, whose objects are known; None for other images."""
        return self.seed if self.probes == "rooms" else None

    @property
    def drawn(self) -> dict[str, Any]:
        """Which images are drawn from the source, and how they are read, as load_probes takes it."""
        return {name: getattr(self, name) for name in ("count", "seed", "split", "background")}

    @property
    def options(self) -> dict[str, Any]:
        """The options of attribution and of edges, as build_graphs takes them."""
        names = ("preset", "method", "objective", "channels", "center", "resolution")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class Pair(Part):
    """Which source for which target, on which probes; an empty text means "the page chooses"."""

    source: str = ""  # model ids
    source_layer: str = "output"
    target: str = ""  # a model's id, or a target without a network (pages.shared.targets)
    target_layer: str = "output"
    third: str = ""  # the model that the source is held against
    lam: float = number(1.0, 0, 1000)
    probe: int = number(0, 0, 10**6)
    other_probe: int | None = number(None, 0, 10**6)  # the second probe of a pair of probes
    table: str = ""  # an uploaded table or embedding that tells of the images: an upload
    region: Box | None = None  # pairs of probes with ranks in the source and the target within a box


@dataclass(frozen=True)
class Look(Part):
    """How maps, graphs and figures are drawn, on whatever page."""

    maps: str = choice("signed", lambda: MAPS)
    opacity: float = number(0.85, 0, 1)
    scale: str = choice("own", lambda: ("own", "shared"))  # of the maps: each its own, or one for all
    sharp: bool = False  # maps pixel by pixel, not smoothed
    neighbours: int = number(4, 1, 64)  # strongest edges drawn per probe
    drawn: int = number(30, 2, 200)  # probes in a drawn graph
    picture: str = choice("png", lambda: PICTURES)  # what the camera on a figure saves

    @property
    def painted(self) -> dict[str, Any]:
        """How maps are drawn, as `cache.overlays` takes it."""
        shared = self.scale == "shared"
        return {"maps": self.maps, "shared": shared, "smooth": not self.sharp, "opacity": self.opacity}


SHARED: tuple[type[Part], ...] = (Data, Pair, Look)
