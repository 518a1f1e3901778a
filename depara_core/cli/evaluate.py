"""`depara evaluate`: does the score tell the truth? Every metric against measured transfer, with intervals."""

from typing import Annotated, Any

import pandas as pd
import typer

import depara_core as depara
from depara_core.benchmark.benchmarks import BENCHMARKS, gather
from depara_core.benchmark.scoring import CONTROLS, assess, score_pairs
from depara_core.benchmark.transfer_table import TransferTable
from depara_core.cli import options as o
from depara_core.cli.output import emit, follow
from depara_core.evaluation import MEASURES, Evaluation, ceiling
from depara_core.files import Progress
from depara_core.formatting import interval, number, score

SHOWN = ("P@1", "P@5", "Spearman", "regret@1")
RIVAL = "rsa"  # what the paper compares itself with
OURS = ("depara", "depara_directed", "local_directed")

app = typer.Typer(add_completion=False)


@app.command()
def evaluate(
    benchmark: Annotated[
        str, typer.Option("--benchmark", "--world", help=f"Where transfer was measured: {', '.join(BENCHMARKS)}.")
    ] = "rooms",
    count: Annotated[int, typer.Option(min=3, help="How many probes.")] = 200,
    seed: Annotated[int, typer.Option(min=0, help="Which probes.")] = 0,
    budget: Annotated[int | None, typer.Option(help="Labels a target had.", show_default="the largest")] = None,
    lam: o.Lam = 1.0,
    device: Annotated[str, typer.Option(help="'auto', 'cpu', 'cuda', ...")] = "auto",
    store: o.StorePath = None,
    store_limit: o.StoreLimit = None,
    as_json: o.Json = False,
) -> None:
    """Check every metric's ranking of sources against measured transfer, with intervals over the targets."""
    if benchmark not in BENCHMARKS:
        raise depara.OptionError(f"The benchmark {benchmark!r} is unknown. Expected one of: {', '.join(BENCHMARKS)}.")
    truth = BENCHMARKS[benchmark].transfer_table
    frame = truth.frame(budget)
    kept = depara.Store(store, store_limit)

    def work(report: Progress) -> dict[str, pd.DataFrame]:
        evidence = gather(BENCHMARKS[benchmark], count=count, seed=seed, device=device, store=kept, progress=report)
        return score_pairs(evidence, lam=lam, store=kept, progress=report)

    scored = follow(work)
    found = assess(scored, frame)
    rows = summary_rows(found)
    compared = [found.compare(name, RIVAL, figure) for name in OURS if name in scored for figure in SHOWN[:3]]
    top = ceiling([truth.frame(budget, split) for split in truth.splits]) if len(truth.splits) > 1 else None
    document = {
        "world": benchmark,
        "budget": budget or truth.budgets[0],
        "probes": {"count": count, "seed": seed},
        "lam": lam,
        "targets": frame.shape[1],
        "sources": frame.shape[0],
        "metrics": rows,
        "random": found.random,
        "ceiling": None if top is None else top["mean"].to_dict(),
        "comparisons": [vars(one) | {"sentence": one.sentence} for one in compared],
        "undefined": {name: list(targets) for name, targets in found.undefined.items()},
        "flagged": list(truth.about.get("flagged", [])),
    }
    emit(document, as_json, _shown(rows, found), _title(document), _notes(document, truth))


def summary_rows(found: Evaluation) -> list[dict[str, Any]]:
    """Return a row a metric, best P@5 first: every figure with its interval, and the chance of a random order."""
    table = found.summary()
    rows: list[dict[str, Any]] = []
    for name in dict.fromkeys(table.index.get_level_values("metric")):
        values = {
            figure: dict(zip(("mean", "low", "high"), map(float, table.loc[(name, figure)]), strict=True))
            for figure in MEASURES
        }
        rows.append({"metric": name, "figures": values, "p_random": found.p_random(name, "P@5")})
    return sorted(rows, key=lambda row: -row["figures"]["P@5"]["mean"])


def _shown(rows: list[dict[str, Any]], found: Evaluation) -> list[dict[str, Any]]:
    def written(value: dict[str, float]) -> str:
        return f"{score(value['mean'])} {interval(value['low'], value['high'])}"

    lines = [
        {"metric": row["metric"] + (" (control)" if row["metric"] in CONTROLS else "")}
        | {figure: written(row["figures"][figure]) for figure in SHOWN}
        | {"p (P@5)": number(row["p_random"], 4)}
        for row in rows
    ]
    return [*lines, {"metric": "random order"} | {f: score(found.random[f]) for f in SHOWN} | {"p (P@5)": ""}]


def _title(document: dict[str, Any]) -> str:
    return (
        f"{document['world']}: {document['sources']} sources, {document['targets']} targets, "
        f"{document['budget']} labels a target, {document['probes']['count']} probes, λ = {document['lam']:g}"
    )


def _notes(document: dict[str, Any], truth: TransferTable) -> list[str]:
    notes = ["In brackets: 95 % intervals over targets. p: how often a random order does as well by P@5."]
    if document["ceiling"]:
        reached = ", ".join(f"{figure} {score(document['ceiling'][figure])}" for figure in SHOWN[:3])
        notes.append(f"Ceiling (one split's truth predicts another's): {reached}.")
    if document["flagged"]:
        notes.append(f"Own encoder not among the best three, so take with care: {', '.join(document['flagged'])}.")
    return [*notes, *(one["sentence"] for one in document["comparisons"])]
