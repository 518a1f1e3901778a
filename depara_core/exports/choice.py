"""A choice among candidates, as rows for people, as one HTML file, and as the Python and the command that make it."""

import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from depara_core.benchmark.titles import title
from depara_core.choice import Choice, verdict
from depara_core.exports.documents import document, drawn_figure
from depara_core.exports.provenance import versions
from depara_core.exports.scripts import ScriptProbes, ScriptTarget
from depara_core.exports.templates import fill_python
from depara_core.formatting import counted, number, percent, signed, significant
from depara_core.probes.loading import BACKGROUND

SHOWN_SCORES = (
    "Scores stand as ranks, 1 the best, with their 95 % interval over the images. Consensus: the mean of these ranks. "
    "Pareto: no other candidate is as good at less work."
)


def shown_rows(choice: Choice) -> list[dict[str, str]]:
    """Return a row a candidate, every number written; what is unknown is a dash."""
    return [_row(choice, row) for _, row in choice.table.iterrows()]


def _row(choice: Choice, row: pd.Series) -> dict[str, str]:
    written = {"model": str(row["model"])}
    if "accuracy" in row:
        spread = f"{percent(row['accuracy_low'])} to {percent(row['accuracy_high'])}"
        written["accuracy"] = f"{percent(row['accuracy'], 1)} ({spread})"
    if "consensus" in row:
        written["consensus"] = f"{number(row['consensus'], 1)} ({_span(row, 'consensus')})"
    for name in choice.scores:
        written[title(name)] = f"{row[f'{name}_rank']:.0f} ({_span(row, f'{name}_rank')})"
    known = row["imagenet"] == row["imagenet"]
    written |= {
        "parameters": f"{number(row['parameters'] / 1e6, 1)} M",
        "GFLOPs": significant(row["gflops"]),
        "input": f"{row['input_size']:.0f}",
        "ImageNet": f"{number(row['imagenet'], 1)} %" if known else "–",
        "images/s": significant(row["throughput"]),
    }
    return written if choice.quality is None else written | {"Pareto": "yes" if row["pareto"] else ""}


def _span(row: pd.Series, name: str) -> str:
    low, high = number(row[f"{name}_low"], 0), number(row[f"{name}_high"], 0)
    return low if low == high else f"{low} to {high}"


def agreement_rows(choice: Choice) -> list[dict[str, str]]:
    """Return a row a score and static fact, the most telling first: how well it orders what was measured."""
    told = sorted(choice.agreement.items(), key=lambda one: -one[1])
    return [{"score": _name(name), "correlation": signed(value)} for name, value in told]


def stability_rows(table: pd.DataFrame) -> list[dict[str, str]]:
    """Return a row a part of the images, every number written (see `stability`)."""
    return [
        {
            "images": f"{row['part']} ({row['images']})",
            "best": str(row["best"]),
            "best kept": percent(row["kept"]),
            "Spearman": signed(row["spearman"]),
        }
        for row in table.to_dict("records")
    ]


def stability_notes(table: pd.DataFrame) -> list[str]:
    """Return a sentence a part of the images, or another set of them (see `stability`)."""
    return [
        f"{row['images']}: best {row['best']}, kept {row['best kept']}, Spearman {row['Spearman']}"
        for row in stability_rows(table)
    ]


def fine_tuned_rows(choice: Choice, table: pd.DataFrame) -> list[dict[str, str]]:
    """Return a row a fine-tuned candidate, every number written (see `fine_tune`), beside its frozen accuracy."""
    frozen = choice.table.set_index("model")["accuracy"]
    return [
        {
            "model": str(row["model"]),
            "fine-tuned": f"{percent(row['accuracy'], 1)} ({percent(row['low'])} to {percent(row['high'])})",
            "frozen": percent(frozen[row["model"]], 1),
            "epochs": str(row["epochs"]),
            "tested on": counted(int(row["images"]), "image"),
        }
        for row in table.to_dict("records")
    ]


def choice_report(choice: Choice, *, figure: go.Figure | None = None, failed: Mapping[str, str] | None = None) -> str:
    """Return a choice as one HTML file that is read offline: the answer, the table, the costs, the settings.

    `figure` shows quality against cost in light colours; `failed` maps what was left out to the reason.
    """
    written, rows = datetime.now(UTC), shown_rows(choice)
    source = choice.probes.source
    origin = choice_origin(choice, written)
    return document(
        "choice.html",
        f"Candidates for {source}",
        origin,
        verdict=verdict(choice),
        written=f"{written:%Y-%m-%d %H:%M}",
        headings=list(rows[0]),
        rows=[list(row.values()) for row in rows],
        reading=SHOWN_SCORES,
        figures=[] if figure is None else [drawn_figure(figure, 1)],
        agreement=[list(row.values()) for row in agreement_rows(choice)],
        notes=[*choice.notes, *(f"{model} was left out: {reason}" for model, reason in (failed or {}).items())],
        settings=[[name, str(value)] for name, value in origin.items() if name != "versions"]
        + [[f"versions: {name}", value] for name, value in origin["versions"].items()],
    )


def choice_python(
    models: Sequence[str],
    probes: ScriptProbes,
    *,
    target: str | None = "labels",
    goal: ScriptTarget | None = None,
    lam: float = 1.0,
    measure: bool,
) -> str:
    """Return a script that makes a choice again; `target` is "labels", a model's id, or None: neither.

    A `goal`, what a file tells, stands in the target's place.
    """
    return fill_python(
        "choose.py.jinja",
        version=versions()["depara"],
        models=models,
        target=target,
        goal=goal,
        lam=lam,
        measure=measure,
        probes=probes,
    )


def choice_command(
    models: Sequence[str],
    probes: ScriptProbes,
    *,
    target: str | None = "labels",
    goal: ScriptTarget | None = None,
    lam: float = 1.0,
    measure: bool,
) -> str:
    """Return the command that makes a choice again; without labels and target there is nothing that it could do."""
    words = ["depara", "choose", *(word for name in models for word in ("--models", name))]
    words += ["--images", probes.place, "--seed", str(probes.seed)]
    words += [] if probes.count is None else ["--count", str(probes.count)]
    words += [] if probes.split is None else ["--split", probes.split]
    words += [] if probes.background == BACKGROUND else ["--background", probes.background]
    if goal is not None:
        column = goal.name.partition(": ")[2]
        words += ["--target", goal.place + (f":{column}" if column else "")]
    words += [] if target in (None, "labels") else ["--target", str(target), "--lam", f"{lam:g}"]
    return shlex.join([*words, *([] if measure else ["--no-measure"])])


def choice_origin(choice: Choice, written: datetime | None = None) -> dict[str, Any]:
    """Return what the numbers of a choice rest on, ready for JSON."""
    written = written or datetime.now(UTC)
    return {
        "images": choice.probes.source,
        "count": len(choice.probes),
        "digest of the images": choice.probes.digest,
        "target": "none" if choice.target is None else choice.target.model,
        "lambda": choice.lam,
        "written": written.isoformat(timespec="seconds"),
        "versions": versions(),
    }


def _name(name: str) -> str:
    return {"parameters": "parameters (static)", "gflops": "GFLOPs (static)", "imagenet": "ImageNet (static)"}.get(
        name, title(name)
    )
