"""The Python behind a view: a short script that computes it again with the public API."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from depara_core.errors import OptionError
from depara_core.exports.provenance import versions
from depara_core.grids import Grid
from depara_core.zoo.spec import ModelSpec

Ends = Sequence[tuple[ModelSpec, str]]  # (model, layer)
UPLOADED = "upload/"  # images that lie nowhere on the reader's disk


def python_of(
    view: str,
    ends: Ends,
    *,
    target: str = "",
    lam: float = 1.0,
    probes: str = "rooms",
    count: int | None = None,
    seed: int = 0,
    digest: str = "",
    options: Mapping[str, Any] | None = None,
    grid: Grid | None = None,
    neighbours: int = 8,
) -> str:
    """Return a script that computes a view again, one of VIEWS, from its (model, layer) ends.

    "models": all pairs, and the ends ranked as sources of the model `target`. "layers": all layers of the first end
    against the last end. "graphs": one or two graphs, for networkx. "why": two ends and the shares of S.
    "attributions": maps, and their cosines with those of the first end.
    `options` are those of `build_graphs` (None: left to it); `digest` is that of the probes (`ProbeSet.digest`); `grid`
    is what the view compares maps on (None: the common one of the graphs at hand).
    """
    if view not in VIEWS:
        raise OptionError(f"The view {view!r} is unknown. Expected one of: {', '.join(VIEWS)}.")
    least, most, write = VIEWS[view]
    if not least <= len(ends) <= most:
        raise OptionError(f"The view {view!r} needs {least} to {most} ends (model, layer); {len(ends)} came.")
    given = {name: value for name, value in (options or {}).items() if value is not None}
    lines = [
        f'"""Computes a view of DEPARA Explorer {versions()["depara"]} again."""',
        "",
        "import depara_core as depara",
        "",
        *_probes(probes, count, seed, digest),
        f"options = {given!r}",
        *([] if grid is None else [f"grid = {tuple(grid)!r}  # channels, height, width: what maps are compared on"]),
        "",
        *_constructor([spec for spec, _ in ends]),
        *write(ends, target, lam, neighbours, "" if grid is None else ", grid=grid"),
    ]
    return "\n".join(lines) + "\n"


def _probes(source: str, count: int | None, seed: int, digest: str) -> list[str]:
    """Write where the images come from, and how to notice that they are others."""
    place = "path/to/the/uploaded/images" if source.startswith(UPLOADED) else source
    lines = [f"probes = depara.load_probes({place!r}, count={count!r}, seed={seed!r})"]
    if place != source:
        lines.insert(0, "# the view's images were uploaded: put the folder or the .zip that holds them here")
    if digest:
        lines += [f"if probes.digest != {digest!r}:", '    print("These are other images than the view\'s.")']
    return lines


def _constructor(specs: Sequence[ModelSpec]) -> list[str]:
    """Write the place for what makes a network that no id leads to, where there is one."""
    if all(spec.source != "module" for spec in specs):
        return []
    return [
        "",
        "def module_called(name):",
        '    """Return a network that was handed over as an object, with its weights."""',
        '    raise NotImplementedError(f"Put the call here that makes {name!r}.")',
        "",
        "",
    ]


def _spec(spec: ModelSpec) -> str:
    if spec.source != "module":
        return f"depara.model({spec.id!r})"
    shape = f"input_size={spec.input_size}, mean={spec.mean!r}, std={spec.std!r}"
    return f"depara.model_from_module(module_called({spec.name!r}), name={spec.name!r}, {shape})"


def _models(ends: Ends, target: str, lam: float, neighbours: int, on: str) -> list[str]:
    return [
        "models = [",
        *(f"    {_spec(spec)}," for spec, _ in ends),
        "]",
        "graphs = depara.build_graphs(models, probes, **options)",
        f"matrix = depara.similarity_matrix(graphs{on})",
        f"print(matrix.to_frame({lam!r}))  # S = s_V + lam * s_E, all pairs",
        f"ranking = depara.rank_sources(matrix, {target!r}, {lam!r})  # with 95 % intervals over the probes",
        "print(ranking)",
    ]


def _layers(ends: Ends, target: str, lam: float, neighbours: int, on: str) -> list[str]:
    (source, _), (goal, layer) = ends[0], ends[-1]
    return [
        f"goal = depara.build_graphs({_spec(goal)}, probes, layers={layer!r}, **options)",
        f'layers = depara.build_graphs({_spec(source)}, probes, layers="all", **options)',
        f"ranking = depara.rank_layers(depara.similarity_matrix(layers, goal{on}), {lam!r})",
        "print(ranking)  # best: the layer to cut at",
    ]


def _graphs(ends: Ends, target: str, lam: float, neighbours: int, on: str) -> list[str]:
    lines = []
    for name, (spec, layer) in zip("ab", ends, strict=False):
        lines += [
            f"[{name}] = depara.build_graphs({_spec(spec)}, probes, layers={layer!r}, **options)",
            f"graph_{name} = depara.to_networkx({name}, neighbours={neighbours})  # an edge's weight: the cosine",
            f"print({name}.label, graph_{name})",
        ]
    if len(ends) == 2:
        lines += [f"similarity = depara.similarity(a, b{on})", "print(similarity.node, similarity.edge)  # s_V, s_E"]
    return lines


def _why(ends: Ends, target: str, lam: float, neighbours: int, on: str) -> list[str]:
    return [
        *(
            f"[{name}] = depara.build_graphs({_spec(spec)}, probes, layers={layer!r}, **options)"
            for name, (spec, layer) in zip("ab", ends, strict=True)
        ),
        f"why = depara.explain(a, b, {lam!r}{on})",
        "shares = why.probe_node + why.probe_edge  # of each probe; their sum is S, exactly",
        "print(shares.sum())",
        "for probe in shares.argsort()[::-1][:10]:",
        "    print(probes.names[probe], shares[probe])",
    ]


def _attributions(ends: Ends, target: str, lam: float, neighbours: int, on: str) -> list[str]:
    """Write the maps of models, or of the layers of one, against those of the first end."""
    specs = {spec.id: spec for spec, _ in ends}
    layers = list(dict.fromkeys(layer for _, layer in ends))
    first, layer = ends[0]
    return [
        "models = [",
        *(f"    {_spec(spec)}," for spec in specs.values()),
        "]",
        f"graphs = depara.build_graphs(models, probes, layers={layers!r}, **options)",
        f"chosen = ({first.id!r}, {layer!r})",
        "[reference] = [graph for graph in graphs if (graph.model, graph.layer) == chosen]",
        "maps, cosines = {}, {}",
        "for graph in graphs:",
        "    maps[graph.label] = graph.maps  # (N, C, H, W), each probe's of norm 1",
        "    # of each probe's map and the reference's; their mean is s_V",
        f"    cosines[graph.label] = depara.explain(graph, reference, 0.0{on}).probe_node * len(graph)",
        "    print(graph.label, cosines[graph.label].mean())",
    ]


def evaluation_python(
    benchmark: str,
    *,
    lam: float = 1.0,
    budget: int | None = None,
    measure: str = "P@5",
    probes: str = "rooms",
    count: int | None = None,
    seed: int = 0,
    digest: str = "",
) -> str:
    """Return a script that checks every metric against the measured transfer of a benchmark again.

    `budget`: labelled images of the target that the measured transfer learned from; None: the most.
    """
    own = probes == "rooms"
    given = f"count={count!r}, seed={seed!r}" if own else "probes=probes"
    lines = [
        f'"""Checks scores against measured transfer again, as DEPARA Explorer {versions()["depara"]} did."""',
        "",
        "import depara_core as depara",
        "",
        *([] if own else [*_probes(probes, count, seed, digest), ""]),
        f"benchmark = depara.BENCHMARKS[{benchmark!r}]",
        f"evidence = depara.gather(benchmark, {given})",
    ]
    if own and digest:
        lines += [f"if evidence.graphs[0].probes != {digest!r}:",
                  '    print("These are other images than the view\'s.")']  # fmt: skip
    lines += [
        "scores = depara.score_pairs(evidence)",
        f'scores["depara"] = depara.similarity_matrix(evidence.graphs).to_frame({lam!r})  # S = s_V + lam * s_E',
        f"measured = benchmark.transfer_table.frame({budget!r})  # measured transfer, source x target",
        "result = depara.assess(scores, measured)",
        f'print(result.summary().xs({measure!r}, level="measure"))  # with 95 % intervals over the targets',
    ]
    return "\n".join(lines) + "\n"


VIEWS: dict[str, tuple[int, int, Callable[[Ends, str, float, int, str], list[str]]]] = {
    "models": (2, 10_000, _models),
    "layers": (2, 2, _layers),
    "graphs": (1, 2, _graphs),
    "why": (2, 2, _why),
    "attributions": (1, 10_000, _attributions),
}
