"""What a stored result is kept under: a digest of all that its numbers depend on."""

import hashlib
import json
from dataclasses import asdict
from functools import cache
from importlib.metadata import version

from depara_core.attribution.methods import METHODS
from depara_core.attribution.options import Options
from depara_core.probes import ProbeSet
from depara_core.zoo.spec import Identity, ModelSpec

# Raise one when the same inputs come to mean other numbers: what was stored is then computed anew.
GRAPHS_VERSION = 4
FEATURES_VERSION = 2
FIELDS_VERSION = 1


def graph_key(
    spec: ModelSpec, identity: Identity, layer: str, probes: ProbeSet, options: Options, numerics: str
) -> str:
    """Return the sha256 (hex) that the graph of a model's layer is kept under."""
    return _digest(
        {
            "maths": GRAPHS_VERSION,
            "numerics": numerics,
            "options": asdict(options),
            "settings": dict(METHODS[options.method].settings),
            **_origin(spec, identity, layer, probes),
        }
    )


def features_key(spec: ModelSpec, identity: Identity, layer: str, probes: ProbeSet) -> str:
    """Return the sha256 (hex) that the features of a model's layer are kept under."""
    return _digest({"features": FEATURES_VERSION, **_origin(spec, identity, layer, probes)})


def part_key(whole: str, part: str) -> str:
    """Return the sha256 (hex) that a part of what `whole` is the key of is kept under, until the whole is made."""
    return _digest({"whole": whole, "part": part})


def fields_key(spec: ModelSpec, identity: Identity, layer: str, probes: ProbeSet, settings: tuple[int, int]) -> str:
    """Return the sha256 (hex) that the gradient field of a model's layer is kept under."""
    return _digest({"fields": FIELDS_VERSION, "settings": settings, **_origin(spec, identity, layer, probes)})


def _origin(spec: ModelSpec, identity: Identity, layer: str, probes: ProbeSet) -> dict[str, object]:
    return {
        "weights": identity.digest,
        "tap": identity.taps.get(layer, (layer, "output")),
        "input": (spec.input_size, spec.mean, spec.std, *([spec.interpolation] if spec.interpolation else [])),
        "probes": probes.digest,
        "versions": versions("torch", "torchvision"),
    }


@cache
def versions(*libraries: str) -> dict[str, str]:
    """Return the installed versions of what computes: another one may round, resample or pool otherwise."""
    return {library: version(library) for library in libraries}


def _digest(content: dict[str, object]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
