"""What a benchmark comes to in a sentence's numbers, committed beside the scores that it follows from.

Reading it takes milliseconds and no library, so that an app whose libraries still load can say it.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from depara_core.files import write_whole
from depara_core.paths import assets_folder
from depara_core.zoo.rooms import card

BUNDLED = "rooms"  # the benchmark whose scores are committed


@dataclass(frozen=True)
class Conclusion:
    """How much of the best sources DEPARA finds by P@5, and whether it is better than a rival, over the targets.

    Attributes
    ----------
    targets
        How many targets were measured.
    mean, low, high
        P@5 of DEPARA, mean over the targets with its 95 % interval.
    random
        P@5 of a random order; of size and published ImageNet accuracy too, which tell a zoo's networks not apart.
    dds
        P@5 of DDS (cosine), mean over the targets; None where it was not scored.
    rival, measure
        Title of the rival, and the ranking measure that the two are compared by.
    better
        Whether DEPARA is better than the rival: "yes", "no" or "cannot tell".
    """

    targets: int
    mean: float
    low: float
    high: float
    random: float
    dds: float | None
    rival: str
    measure: str
    better: str


def committed_conclusion(name: str = BUNDLED) -> Conclusion | None:
    """Return the committed conclusion on a zoo; None where it is of other scores, or those are of other weights."""
    try:
        kept = json.loads(_path(name, "-conclusion.json").read_text())
        known = kept["of"] == _sources(name) and weights_are_here(json.loads(_path(name, "-scores.json").read_text()))
        return Conclusion(**kept["conclusion"]) if known else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_conclusion(name: str, conclusion: Conclusion) -> None:
    """Write the conclusion from a zoo's committed scores beside them, with the digests of what it follows from."""
    kept = {"conclusion": asdict(conclusion), "of": _sources(name)}
    write_whole(_path(name, "-conclusion.json"), json.dumps(kept, indent=2) + "\n")


def weights_are_here(about: Mapping[str, Any]) -> bool:
    """Tell whether the bundled networks have the weights that `about` says scores were made with."""
    return all(card(name)["sha256"] == digest for name, digest in about["weights"].items())


def _sources(name: str) -> dict[str, str]:
    files = {"scores": _path(name, "-scores.csv"), "transfer": _path(name, ".csv")}
    return {what: hashlib.sha256(file.read_bytes()).hexdigest() for what, file in files.items()}


def _path(name: str, ending: str) -> Path:
    return assets_folder() / "benchmark" / f"{name}{ending}"
