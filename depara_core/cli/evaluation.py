"""What `depara evaluate` answers: the scores of every metric against measured transfer, as a document and in lines."""

from typing import Any

import pandas as pd

import depara_core as depara
from depara_core.benchmark.benchmarks import BENCHMARKS, gather
from depara_core.benchmark.held_out import HELD_OUT, held_out_scores
from depara_core.benchmark.scoring import CONTROLS, assess, score_pairs
from depara_core.benchmark.transfer_table import READOUTS, TransferTable, load_transfer_table, read_json, table_path
from depara_core.cli.output import emit, follow
from depara_core.evaluation import Evaluation, PairedComparison, ceiling
from depara_core.exports.measures import summary_rows
from depara_core.files import Progress
from depara_core.formatting import interval, number, score
from depara_core.rooms import TASKS
from depara_core.store import Store

SHOWN = ("P@1", "P@5", "Spearman", "regret@1")
RIVAL = "rsa"  # what the paper compares itself with
OURS = ("depara", "depara_directed")
BEST, BEATS = "local_directed", ("rsa", "cka", "dds_cosine", "dds_pearson", "dds_laplacian", "logme", "static_mean")
KINDS = ("pixel", "vector", "class")  # of a target's label


def answer(
    benchmark: str,
    readout: str,
    *,
    count: int | None,
    seed: int | None,
    budget: int | None,
    lam: float,
    fields: bool,
    device: str,
    executor: str | None,
    store: Store,
    as_json: bool,
) -> None:
    """Score every metric's pairs, hold them against the measured transfer, and say what came of it."""
    truth = load_transfer_table(benchmark + READOUTS[readout])
    frame = truth.frame(budget)
    if benchmark == HELD_OUT:
        scored, probes = _committed(lam, count, seed)
    else:
        probes = {"count": count or 200, "seed": seed or 0}

        def work(report: Progress) -> dict[str, pd.DataFrame]:
            evidence = gather(
                BENCHMARKS[benchmark],
                count=probes["count"],
                seed=probes["seed"],
                fields=fields,
                device=device,
                store=store,
                progress=report,
                executor=executor,
            )
            return score_pairs(evidence, lam=lam, store=store, progress=report)

        scored = follow(work)
    found = assess(scored, frame)
    rows = summary_rows(found)
    compared = _comparisons(found, scored)
    top = ceiling([truth.frame(budget, split) for split in truth.splits]) if len(truth.splits) > 1 else None
    document = {
        "benchmark": benchmark,
        "world": benchmark,
        "readout": readout,
        "budget": budget or truth.budgets[0],
        "probes": probes,
        "lam": lam,
        "targets": frame.shape[1],
        "sources": frame.shape[0],
        "metrics": rows,
        "kinds": by_kind(found),
        "random": found.random,
        "ceiling": None if top is None else top["mean"].to_dict(),
        "comparisons": [vars(one) | {"sentence": one.sentence} for one in compared],
        "undefined": {name: list(targets) for name, targets in found.undefined.items()},
        "flagged": list(truth.about.get("flagged", [])),
    }
    emit(document, as_json, _shown(rows, found), _title(document), _notes(document, truth))


def _committed(lam: float, count: int | None, seed: int | None) -> tuple[dict[str, pd.DataFrame], dict[str, int]]:
    """Return the scores of the zoo whose weights are not bundled, and the probes that they were computed on."""
    probes = read_json(table_path(f"{HELD_OUT}-scores").with_suffix(".json"))["probes"]
    if (count or probes["count"], probes["seed"] if seed is None else seed) != (probes["count"], probes["seed"]):
        raise depara.OptionError(
            f"The weights of {HELD_OUT} are not bundled: its scores were computed on {probes['count']} rooms of seed "
            f"{probes['seed']}. Leave --count and --seed out, or train that zoo (see benchmarks/truth.py)."
        )
    return held_out_scores(lam)[0], probes


def _comparisons(found: Evaluation, scored: dict[str, pd.DataFrame]) -> list[PairedComparison]:
    """Return DEPARA and its directed companion against RSA, and the local directed score against every rival."""
    pairs = [(name, RIVAL, figure) for name in OURS if name in scored for figure in SHOWN[:3]]
    known = {*scored, *CONTROLS}
    pairs += [(BEST, rival, figure) for rival in BEATS if {BEST, rival} <= known for figure in SHOWN[1:3]]
    return [found.compare(*pair) for pair in pairs]


def by_kind(found: Evaluation) -> list[dict[str, Any]]:
    """Return a row a metric: Spearman's correlation by the kind of target (pixel, vector, class), where it has one."""
    table = found.per_target.assign(task=found.per_target["target"].str.rpartition("/")[2])
    table = table[table["task"].isin(TASKS)]
    kinds = table["task"].map(lambda name: TASKS[name].kind)
    means = table.groupby(["metric", kinds], sort=False)["Spearman"].mean().unstack()
    return [
        {"metric": str(name)} | {str(kind): float(value) for kind, value in row.dropna().items()}
        for name, row in means.iterrows()
    ]


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
    for kind in KINDS:
        known = {row["metric"]: row[kind] for row in document["kinds"] if kind in row}
        values = ", ".join(f"{name} {known[name]:.2f}" for name in (BEST, *OURS, *BEATS) if name in known)
        notes += [f"Spearman on {kind} targets: {values}."] if values else []
    return [*notes, *(one["sentence"] for one in document["comparisons"])]
