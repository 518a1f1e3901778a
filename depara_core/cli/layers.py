"""`depara layers`: where to cut a source for a target; `list`: its layers; `study`: how well a cut is known."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

import depara_core as depara
from depara_core.cli import options as o
from depara_core.cli.output import emit, progress, records
from depara_core.cli.work import Work, split_layers, with_work
from depara_core.formatting import shape_text

if TYPE_CHECKING:
    import pandas as pd

RANK = "rank"


class RankByDefault(TyperGroup):
    """A group whose first command needs no name: `depara layers MODEL TARGET` is `depara layers rank MODEL TARGET`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the command's name in front where none is there; --help alone describes the group."""
        named = args[:1] and (args[0] in self.commands or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, args if named else [RANK, *args])


app = typer.Typer(cls=RankByDefault, add_completion=False)


@app.callback()
def group() -> None:
    """Where should a network be cut? Score or list a model's layers; or show the measured layer study."""


@app.command(RANK)
@with_work
def layers(
    work: Work,
    source: Annotated[str, typer.Argument(help="The model to cut.")],
    target: Annotated[
        str,
        typer.Argument(help="The model whose task is the target; or as in `depara rank --target`."),
    ],
    lam: o.Lam = 1.0,
    layers: o.Layers = "all",
    as_json: o.Json = False,
) -> None:
    """Score the layers of a source against a target's output, and mark the one to cut at (DEPARA, Eq. 6)."""
    from depara_core.cli.building import build_for_target, finish

    start = work.model(source)
    built, column, rows = build_for_target(work, target, [start], split_layers(layers))
    ranked = records(depara.rank_layers(depara.similarity_matrix(rows, [column], grid=built.grid), lam))
    table = [row | {"feature": list(graph.feature)} for row, graph in zip(ranked, rows, strict=True)]
    shown = [row | {"feature": shape_text(graph.feature)} for row, graph in zip(ranked, rows, strict=True)]
    header = built.header() | {"source": start.id, "target": column.model, "lam": lam}
    title = f"Layers of {start.id} for {column.model}, λ = {lam:g}, {built.title}"
    emit(header | {"layers": table}, as_json, shown, title)
    finish(built)


@app.command("list")
def list_(
    model: Annotated[str, typer.Argument(help="The model; it is opened.")],
    words: Annotated[list[str] | None, typer.Argument(help="Words that a layer's name must hold.")] = None,
    as_json: o.Json = False,
) -> None:
    """List the layers of a model with their depth and the shape of their features."""
    rows = records(depara.list_layers(depara.model(model), words or ()))
    shown = [
        {"depth": f"{row['depth']} of {row['layers']}", "layer": row["layer"], "feature": shape_text(row["feature"])}
        for row in rows
    ]
    emit(rows, as_json, shown, f"Layers of {model}", [] if rows else ["No layer has all these words."])


@app.command()
def study(
    measure: Annotated[bool, typer.Option("--measure", help="Train and measure what the table lacks.")] = False,
    seeds: Annotated[str, typer.Option(help="Which, separated by commas; 0 is the development seed.")] = "0,1,2,3",
    repetitions: Annotated[int, typer.Option(min=1, help="With other labels and random weights.")] = 8,
    way: Annotated[str, typer.Option(help="The layers after the cut: 'anew' or 'fine-tuned'.")] = "anew",
    photographs: Annotated[
        Path | None, typer.Option(help="Folder of Fashion-MNIST.", show_default="where Debian's package puts it")
    ] = None,
    zoo: Annotated[Path | None, typer.Option(help="Folder of the networks.", show_default="assets/zoo/fashion")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the tables.", show_default="assets/benchmark")] = None,
    as_json: o.Json = False,
) -> None:
    """Show the measured layer study on photographs: which way to choose a cut finds the best one?

    With --measure, networks and cuts that are missing are trained and measured first (Fashion-MNIST is needed), then
    every cut is scored; an interrupted run goes on where it stopped.
    """
    from depara_core.benchmark import layer_table

    if measure:
        _measure(_numbers(seeds), way, repetitions, photographs, zoo, out)
    table = layer_table.read_layer_study(out, way=way)
    scores = layer_table.read_layer_scores(out)
    known = [seed for seed in sorted(set(table["seed"].tolist())) if seed in _numbers(seeds)]
    reported = [seed for seed in known if seed != layer_table.DEVELOPMENT] or known
    chosen = table[table["seed"].isin(reported)]
    best = layer_table.summary(chosen, scores)
    top = layer_table.repetition_ceiling(chosen)["spearman"]
    document: dict[str, Any] = {
        "about": layer_table.about_layer_study(out),
        "way": way,
        "seeds": reported,
        "predictors": best.to_dict("records"),
        "ceiling": float(top.mean()) if len(top) else None,
        "fairness": _plain(layer_table.fairness(table[table["seed"].isin(known)])),
        "choices": layer_table.agreement(chosen, scores).to_dict("records"),
    }
    emit(document, as_json, _shown(best), _title(chosen, reported), _notes(document))


def _measure(
    seeds: list[int], way: str, repetitions: int, photographs: Path | None, zoo: Path | None, out: Path | None
) -> None:
    from depara_core.benchmark.layer_table import ANEW
    from depara_core.training.fashion_data import FOLDER
    from depara_core.training.fashion_scores import record_scores
    from depara_core.training.fashion_study import FashionPlan, record_fashion

    plan, folder = FashionPlan(repetitions=repetitions), photographs or FOLDER
    with progress() as report:
        record_fashion(seeds, way=way, plan=plan, photographs=folder, zoo=zoo, folder=out, progress=report)
        if way == ANEW:
            record_scores(seeds, plan=plan, photographs=folder, zoo=zoo, folder=out, progress=report)


def _numbers(seeds: str) -> list[int]:
    try:
        return [int(part) for part in seeds.split(",") if part.strip()]
    except ValueError:
        raise depara.OptionError(f"Expected seeds as whole numbers separated by commas; {seeds!r} came.") from None


def _plain(frame: "pd.DataFrame") -> list[dict[str, Any]]:
    """Return rows for JSON, which knows no NaN."""
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]


def _shown(best: "pd.DataFrame") -> list[dict[str, Any]]:
    return [
        {
            "predictor": row["predictor"],
            "Spearman": f"{row['spearman']:+.2f} [{row['low']:+.2f}, {row['high']:+.2f}]",
            "regret": f"{100 * row['regret']:.1f}",
            "worst": f"{100 * row['worst_regret']:.1f}",
        }
        for row in _plain(best)
    ]


def _title(table: "pd.DataFrame", seeds: list[int]) -> str:
    return (
        f"Layers on photographs: seeds {', '.join(map(str, seeds))}, {table['k'].max()} cuts, "
        f"{table['repetition'].nunique()} repetitions"
    )


def _notes(document: dict[str, Any]) -> list[str]:
    notes = [
        "Spearman with the measured accuracy over cuts, mean over settings, 95 % intervals over seeds, cuts and "
        "repetitions. Regret: points of accuracy lost by cutting where it says."
    ]
    if document["ceiling"] is not None:
        notes.append(f"Ceiling (one repetition predicts the others): {document['ceiling']:.2f}.")
    for row in document["fairness"]:
        ends = ", ".join(f"over the {end} cut {_lead(row, end)}" for end in ("first", "last"))
        notes.append(
            f"Seed {row['seed']}, {row['source']}, {row['labels']} labels: best after layer {row['best']} "
            f"({row['accuracy']:.1%}); the best inner cut's lead {ends}."
        )
    return notes


def _lead(row: dict[str, Any], end: str) -> str:
    low, high = row[f"over_{end}_low"], row[f"over_{end}_high"]
    interval = "" if low is None else f" [{100 * low:+.1f}, {100 * high:+.1f}]"
    return f"{100 * row[f'over_{end}']:+.1f}{interval}"
