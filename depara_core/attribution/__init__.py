"""Attribution: what in the input a layer's feature rests on, by named methods and options."""

from depara_core.attribution.methods import METHODS, Method, reduce_channels
from depara_core.attribution.options import CHANNELS, OBJECTIVES, PRESETS, Options, resolve_options

__all__ = ["CHANNELS", "METHODS", "OBJECTIVES", "PRESETS", "Method", "Options", "reduce_channels", "resolve_options"]
