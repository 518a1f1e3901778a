"""Does any network come out right? One model of every family, against a slow plain reference.

For each it tells whether it opens, how many layers are found, whether the graphs of its output and of a block in the
middle are computed, and how far nodes and edges are from a loop that runs one image at a time through the module, by
autograd and numpy and nothing of this library; where inputs of a max-pool are equal, they share its gradient there too.
Weights are random: what is checked is arithmetic. The rows are written to docs/coverage.md as they come; what stands
there is not run again.

    nice -n 19 python benchmarks/coverage.py [--only timm] [--again] [--anew] [--large] [--limit 10]
"""

import argparse
import copy
import gc
import re
import tempfile
import time
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from coverage_models import families
from report import machine

import depara_core as depara
from depara_core.errors import DeparaError
from depara_core.extraction.extract import extract
from depara_core.probes import model_input
from depara_core.zoo import OUTPUT, ModelSpec, Network, openclip, timm

OUT = Path(__file__).resolve().parents[1] / "docs" / "coverage.md"
IMAGES = 4
PLAIN_POOL = torch.nn.functional.max_pool2d
LIBRARIES = ("torchvision", "transformers", "open_clip", "timm")
CLOSE = 1e-4  # largest difference of a node's or an edge's number from the reference
HEAD = (
    "| library | family | model | layers | block | nodes differ by | edges differ by | seconds | result |\n"
    "|---|---|---|---|---|---|---|---|---|\n"
)


class Compared(NamedTuple):
    """How far a model's graphs are from the reference, and what there is to say."""

    nodes: float
    edges: float
    right: bool
    said: str


class _TooMuch(Exception):
    """A model is more than this table is made for."""


def main() -> None:
    """Run what the table does not hold yet and write the summary."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="one library, or one family")
    parser.add_argument("--again", action="store_true", help="also what was not right the last time")
    parser.add_argument("--anew", action="store_true", help="everything, row by row")
    parser.add_argument("--large", action="store_true", help="also models of minutes and gigabytes")
    parser.add_argument("--limit", type=int, help="so many models and no more")
    given = parser.parse_args()
    warnings.filterwarnings("ignore")
    rows = _read(OUT)
    probes = depara.load_probes("rooms", count=IMAGES, seed=5)
    with tempfile.TemporaryDirectory() as folder:
        ran = 0
        for library, family, wanted, too_much in families(Path(folder)):
            known = rows.get((library, family))
            not_yet = known is None or (given.large and _result(known) == "not run")
            wanting = not_yet or given.anew or (given.again and _result(known) != "right")
            if (given.only or library) not in (library, family) or not wanting:
                continue
            rows[library, family] = _row(library, family, wanted, "" if given.large else too_much, probes)
            rows = {place: rows[place] for place in sorted(rows, key=lambda place: (LIBRARIES.index(place[0]), place))}
            print(rows[library, family], flush=True)
            _write(OUT, rows)
            ran += 1
            if ran == given.limit:
                break
    print(_summary(rows))


def _row(library: str, family: str, wanted: str, too_much: str, probes: depara.ProbeSet) -> str:
    """Run one model and return its row."""
    shown = f"a small {family}" if library == "transformers" else wanted.partition("/")[2]
    start, layers, block, differences, result = time.perf_counter(), "", "", ("", ""), ""
    try:
        if too_much:
            raise _TooMuch(too_much)
        spec = depara.model(wanted)
        names = [name for name in spec.layers if name != OUTPUT]
        layers, block = str(len(spec.layers)), names[len(names) // 2] if names else ""
        compared = _compare(spec, spec.open(), [*([block] if block else []), OUTPUT], probes)
        differences = f"{compared.nodes:.1e}", f"{compared.edges:.1e}"
        result = ("right" if compared.right else "wrong") + (f": {compared.said}" if compared.said else "")
    except _TooMuch as error:
        result = f"not run: {error}"
    except DeparaError as error:
        result = f"refused: {error}"
    except Exception as error:  # noqa: BLE001  whatever a family does is what the table tells
        result = f"crashed: {type(error).__name__}: {error}"
    for source in (timm, openclip):
        source.spec.cache_clear()  # it keeps the modules
    gc.collect()
    seconds = f"{time.perf_counter() - start:.1f}"
    told = re.sub(r"\s+", " ", result.replace("|", "/").replace(wanted, shown))[:400]
    return f"| {library} | {family} | {shown} | {layers} | {block} | {' | '.join(differences)} | {seconds} | {told} |"


def _compare(spec: ModelSpec, network: Network, layers: Sequence[str], probes: depara.ProbeSet) -> Compared:
    """Compute the graphs of some layers and compare them with the reference."""
    found = dict(extract(network, spec, probes, layers, depara.PRESETS["paper"], device="cpu"))
    plain = _reference(spec, network, layers, probes)
    silent = [
        layer for layer in layers if found[layer].note and np.ptp(plain[layer][2]) <= CLOSE * plain[layer][2].max()
    ]
    loud = [layer for layer in layers if layer not in silent]
    nodes = max((float(np.abs(found[layer].nodes - plain[layer][0]).max()) for layer in loud), default=0.0)
    edges = max(float(np.abs(found[layer].edges - plain[layer][1]).max()) for layer in layers)
    said = []
    if silent:
        said.append(f"no nodes at {' and '.join(silent)}, whose norm is the same for every image, and that is said")
    rounding = 0.0
    if nodes > CLOSE:
        wide = replace(network, module=copy.deepcopy(network.module).double())
        exact = _reference(spec, wide, layers, probes, torch.float64)
        rounding = max(float(np.abs(exact[layer][0] - plain[layer][0]).max()) for layer in loud)
        said.append(f"float32 moves the reference itself by {rounding:.1e} from float64")
    return Compared(nodes, edges, max(nodes, edges) <= max(CLOSE, 2 * rounding), "; ".join(said))  # both are rounded


def _reference(
    spec: ModelSpec,
    network: Network,
    layers: Sequence[str],
    probes: depara.ProbeSet,
    dtype: torch.dtype = torch.float32,
) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Return unit rows of x * d||F||/dx, cosines of F and ||F||, by layer: one image at a time, by autograd."""
    nodes: dict[str, list[np.ndarray]] = {layer: [] for layer in layers}
    features: dict[str, list[np.ndarray]] = {layer: [] for layer in layers}
    norms: dict[str, list[float]] = {layer: [] for layer in layers}
    torch.backends.mha.set_fastpath_enabled(False)
    for i in range(len(probes)):
        x = model_input(probes, slice(i, i + 1), spec).to(dtype).requires_grad_()
        twice = torch.cat([x, x])  # torch's batch norm gets the gradient of an image by itself wrong
        for layer, both in _plain_forward(network, layers, twice).items():
            feature = both[0]
            (gradient,) = torch.autograd.grad(feature.norm(), x, retain_graph=True)
            nodes[layer].append(_unit((x * gradient).detach().double().numpy().ravel()))
            features[layer].append(_unit(feature.detach().double().numpy().ravel()))
            norms[layer].append(float(feature.norm()))
    rows = {layer: np.stack(features[layer]) for layer in layers}
    return {layer: (np.stack(nodes[layer]), rows[layer] @ rows[layer].T, np.array(norms[layer])) for layer in layers}


def _shared_max(
    input: torch.Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, *more: Any, **named: Any
) -> Any:
    """Stand in for F.max_pool2d: what autograd gives to one of equal inputs goes to all of them, window by window."""
    (h, w), (dy, dx), (py, px) = map(torch.nn.modules.utils._pair, (kernel_size, stride or kernel_size, padding))
    plain = PLAIN_POOL(input, kernel_size, stride, padding, *more, **named)
    rows, columns = plain.shape[2:]
    spare = [max(0, (n - 1) * d + k - side - p) for n, d, k, side, p in (
        (columns, dx, w, input.shape[3], px), (rows, dy, h, input.shape[2], py),
    )]  # fmt: skip
    wide = torch.nn.functional.pad(input, (px, spare[0], py, spare[1]), value=-torch.inf)
    windows = wide.unfold(2, h, dy).unfold(3, w, dx)[:, :, :rows, :columns]
    seen = input.detach()
    level = torch.where(seen.isinf(), 0, seen).abs().amax(dim=(2, 3), keepdim=True) * 1e-5
    won = windows.detach() >= (plain.detach() - level)[..., None, None]
    weights = won / won.sum(dim=(4, 5), keepdim=True)
    return plain.detach() + (torch.where(won, windows - windows.detach(), 0.0) * weights).sum(dim=(4, 5))


def _plain_forward(network: Network, layers: Sequence[str], x: torch.Tensor) -> dict[str, torch.Tensor]:
    """Run the module and return what each layer yields; of a block that yields tokens, those of the patches."""
    seen: dict[str, torch.Tensor] = {}
    handles = []
    for layer in layers:
        path, side = network.taps.get(layer, (layer, "output"))
        module, _, number = path.partition("#")
        turn = [0]

        def read(*given: Any, layer: str = layer, turn: list[int] = turn, wanted: str = number) -> None:
            turn[0] += 1
            value = given[-1]  # a module's arguments before its call, what it yields after it
            while not isinstance(value, torch.Tensor):
                value = next(iter(value.values() if isinstance(value, dict) else value))
            if wanted in ("", str(turn[0])):
                seen[layer] = value.clone()

        part = network.module.get_submodule(module)
        handles.append(part.register_forward_pre_hook(read) if side == "input" else part.register_forward_hook(read))
    torch.nn.functional.max_pool2d = _shared_max
    try:
        network.module(x)
    finally:
        torch.nn.functional.max_pool2d = PLAIN_POOL
    for handle in handles:
        handle.remove()
    for layer, feature in seen.items():
        if layer != OUTPUT and feature.ndim == 3 and network.tokens == "patches" and feature.shape[1] > network.prefix:
            seen[layer] = feature[:, network.prefix :]
    return seen


def _unit(row: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(row)
    return row / length if length else row


def _read(file: Path) -> dict[tuple[str, str], str]:
    """Return the rows that a file holds, by library and family."""
    lines = file.read_text().splitlines() if file.exists() else []
    rows = [line for line in lines if line.startswith("| ") and not line.startswith("| library")]
    return {(cells[1].strip(), cells[2].strip()): row for row in rows for cells in [row.split("|")]}


def _result(row: str) -> str:
    return row.rstrip(" |").rpartition("|")[2].strip().partition(":")[0]


def _summary(rows: dict[tuple[str, str], str]) -> str:
    results = [_result(row) for row in rows.values()]
    counts = {kind: results.count(kind) for kind in ("right", "refused", "wrong", "crashed", "not run")}
    told = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    return f"{len(rows)} families: {told}."


def _write(file: Path, rows: dict[tuple[str, str], str]) -> None:
    text = (
        "# Any network\n\nOne small model of every family, with random weights, on 4 rendered rooms: the graphs of its "
        "output and of a block in\nthe middle, against a loop that runs one image at a time by autograd and numpy. "
        "Where inputs of a\nmax-pool are equal, they share its gradient there too. *Right* is: no number of a node or "
        f"an edge differs by more than\n{CLOSE:g}, or than twice what float32 moves the reference from float64, "
        f"which is then told. Written by\n`benchmarks/coverage.py`.\n\n{_summary(rows)}\n\n{machine()}.\n\n{HEAD}"
    )
    file.write_text(text + "\n".join(rows.values()) + "\n")


if __name__ == "__main__":
    main()
