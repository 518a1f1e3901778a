"""Probe images: the sample of inputs on which networks are compared."""

from depara_core.probes.loading import load_probes
from depara_core.probes.probeset import MINIMUM_PROBES, InputSpec, ProbeSet, model_input, preprocess

__all__ = ["MINIMUM_PROBES", "InputSpec", "ProbeSet", "load_probes", "model_input", "preprocess"]
