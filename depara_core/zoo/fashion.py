"""The networks of the layer study on photographs: three a seed, trained on Debian's Fashion-MNIST, to be cut anywhere.

Listing them and telling their identities reads their cards only; torch comes when one is opened.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from depara_core.errors import ModelError
from depara_core.paths import assets_folder
from depara_core.zoo.rooms import card, weights_path
from depara_core.zoo.spec import Identity, ModelSpec, Network

SOURCE = "fashion"
ARCHITECTURE = "fashion-vgg-1"
INPUT_SIZE = 28
CUTS = (*(f"conv{number}" for number in range(1, 11)), "output")  # layer k of the paper is CUTS[k - 1]
MEAN, STD = (0.0, 0.0, 0.0), (0.5, 0.5, 0.5)  # pictures in [0, 2]: an empty background carries no attribution


@dataclass(frozen=True)
class FashionNetwork:
    """A network of the study: what it learned to tell apart, of what, and how many logits it gives."""

    name: str
    outputs: int
    summary: str


FASHION_NETWORKS = {
    student.name: student
    for student in (
        FashionNetwork("dnn_source", 5, "Told line drawings of five kinds of clothes apart (the source domain)."),
        FashionNetwork("dnn_rich", 20, "Told photographs of five other kinds, each in four quarter turns, apart."),
        FashionNetwork("dnn_target", 5, "Told photographs of the five kinds of clothes apart (the target domain)."),
    )
}
TARGET = "dnn_target"
FASHION_SOURCES = tuple(name for name in FASHION_NETWORKS if name != TARGET)
EXAMPLE = tuple(f"{SOURCE}/{name}@seed1" for name in (*FASHION_SOURCES, TARGET))  # whose photographs are bundled


def seed_folder(seed: int, folder: Path | None = None) -> Path:
    """Return where a seed's three networks are."""
    return (folder or assets_folder() / "zoo" / "fashion") / f"seed{seed}"


def specs() -> list[ModelSpec]:
    """Return the networks that come with the library."""
    seeds = sorted(int(path.name[4:]) for path in seed_folder(0).parent.glob("seed*"))
    return [
        student_spec(name, seed)
        for seed in seeds
        for name in FASHION_NETWORKS
        if weights_path(name, seed_folder(seed)).exists()
    ]


def spec(name: str) -> ModelSpec:
    """Refuse a name beyond those of `specs`, saying what there is."""
    known = ", ".join(one.id for one in specs())
    there = f"Expected one of: {known}." if known else "None is measured yet: depara layers study --measure makes them."
    raise ModelError(f"There is no model 'fashion/{name}'. {there}")


def student_spec(name: str, seed: int, folder: Path | None = None) -> ModelSpec:
    """Return a network of the study, or that of another zoo in `folder`; weights are read when it is opened."""
    return ModelSpec(
        id=f"{SOURCE}/{name}@seed{seed}",
        name=name,
        source=SOURCE,
        group="layers",
        summary=FASHION_NETWORKS[name].summary,
        input_size=INPUT_SIZE,
        mean=MEAN,
        std=STD,
        bundled=False,
        _layers=lambda: CUTS,
        _open=partial(_open, name, seed, folder),
        _identity=partial(_identity, name, seed, folder),
    )


def _open(name: str, seed: int, folder: Path | None, progress: Callable[[int, int, str], None] | None) -> Network:
    from depara_core.zoo.fashion_network import load_network

    identity = _identity(name, seed, folder)
    return Network(load_network(name, seed, folder), identity.taps, identity.digest)


def _identity(name: str, seed: int, folder: Path | None) -> Identity:
    weights = str(card(name, seed_folder(seed, folder))["sha256"])
    digest = hashlib.sha256(f"{ARCHITECTURE}/{weights}".encode()).hexdigest()
    return Identity({layer: (layer, "output") for layer in CUTS}, digest)
