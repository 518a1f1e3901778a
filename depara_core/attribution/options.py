"""How a graph is computed: method, objective, channels, centring, resolution; presets of the paper and its code."""

from dataclasses import dataclass, replace

from depara_core.attribution.methods import METHODS
from depara_core.errors import OptionError

OBJECTIVES: tuple[str, ...] = ("l2_norm", "mean")
CHANNELS: tuple[str, ...] = ("none", "mean", "abs_mean")


@dataclass(frozen=True)
class Options:
    """How a graph is computed; equal options mean comparable graphs.

    Parameters
    ----------
    method
        An entry of `METHODS`.
    objective
        What is attributed of a feature F: "l2_norm", ||F||_2 (DEPARA, Eq. 3), or "mean", mean(F) (its released code).
    channels
        The map's colour channels: "none" keeps them, "mean" averages them, "abs_mean" their absolute values.
    center
        Whether the mean feature of the probes is subtracted before the cosines of Eq. 4.
    resolution
        Side of the square grid, in pixels, that maps are averaged to; None: each model's input size.
    """

    method: str = "input_x_gradient"
    objective: str = "l2_norm"
    channels: str = "none"
    center: bool = False
    resolution: int | None = None


PRESETS: dict[str, Options] = {
    "paper": Options("input_x_gradient", "l2_norm", "none", False, None),
    "released_models": Options("input_x_gradient", "mean", "mean", True, None),
    "released_layers": Options("input_x_gradient", "mean", "abs_mean", False, None),
}


def resolve_options(
    preset: str = "paper",
    *,
    method: str | None = None,
    objective: str | None = None,
    channels: str | None = None,
    center: bool | None = None,
    resolution: int | None = None,
) -> Options:
    """Take a preset's options, replace those given by keyword, and refuse what is not among the valid choices."""
    if preset not in PRESETS:
        raise OptionError(f"The preset {preset!r} is unknown. Expected one of: {', '.join(PRESETS)}.")
    given = {"method": method, "objective": objective, "channels": channels, "center": center, "resolution": resolution}
    options = replace(PRESETS[preset], **{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    for name, choices in (("method", tuple(METHODS)), ("objective", OBJECTIVES), ("channels", CHANNELS)):
        value = getattr(options, name)
        if value not in choices:
            raise OptionError(f"The {name} {value!r} is unknown. Expected one of: {', '.join(choices)}.")
    if not isinstance(options.center, bool):
        raise OptionError(f"center should be True or False; {options.center!r} came.")
    side = options.resolution
    if side is not None and (isinstance(side, bool) or not isinstance(side, int) or side < 1):
        raise OptionError(f"resolution should be a whole number of pixels, 1 or more, or None; {side!r} came.")
    return options
