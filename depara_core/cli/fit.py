"""`depara fit`: what frozen features, and on request whole networks, reach on the images' own labels, measured."""

from typing import Annotated

import typer

import depara_core as depara
from depara_core.cli import options as o
from depara_core.cli.choices import HEADS
from depara_core.cli.output import emit, follow, records
from depara_core.formatting import percent

app = typer.Typer(add_completion=False)


@app.command()
def fit(
    images: o.Images,
    ids: o.Models = None,
    count: o.Count = None,
    folds: Annotated[int, typer.Option(min=2, help="Parts that are tested in turn.")] = 5,
    seed: Annotated[int, typer.Option(min=0, help="Of the folds, and which images of a larger set.")] = 0,
    head: Annotated[str, typer.Option(help=f"One of: {', '.join(HEADS)}.")] = "ridge",
    fine_tune: Annotated[
        int, typer.Option("--fine-tune", min=0, metavar="N", help="Fine-tune the N best wholly too: minutes each.")
    ] = 0,
    split: o.Split = None,
    background: o.Background = "white",
    device: o.Device = "auto",
    executor: o.Executor = None,
    store: o.StorePath = None,
    store_limit: o.StoreLimit = None,
    as_json: o.Json = False,
) -> None:
    """Measure what each model's frozen features reach on labelled images: a linear head, cross-validated."""
    from depara_core.cli.building import choose_models, say_failures
    from depara_core.files import Progress

    failed: dict[str, depara.DeparaError] = {}
    specs, kept = choose_models(ids or [], on_error=failed.__setitem__), depara.Store(store, store_limit)

    def work(report: Progress) -> tuple[depara.ProbeSet, list[dict[str, object]], list[dict[str, object]], list[str]]:
        probes = depara.load_probes(images, count=count, seed=seed, split=split, background=background, progress=report)
        table = depara.fit(
            specs,
            probes,
            folds=folds,
            seed=seed,
            head=head,
            device=device,
            progress=report,
            store=kept,
            on_error=failed.__setitem__,
            executor=executor,
        )
        table = table.sort_values("accuracy", ascending=False, kind="stable")
        known = {spec.id: spec for spec in specs}
        if not fine_tune:
            return probes, records(table), [], table.attrs["notes"]
        best = [known[name] for name in table["model"][:fine_tune]]
        tuned = depara.fine_tune(
            best, probes, seed=seed, device=device, progress=report, store=kept, on_error=failed.__setitem__
        )
        return probes, records(table), records(tuned), table.attrs["notes"]

    probes, rows, tuned, notes = follow(work)
    header = {
        "images": {"source": probes.source, "count": len(probes), "digest": probes.digest},
        "folds": folds,
        "seed": seed,
        "head": head,
        "notes": notes,
        "failed": [{"model": model, "reason": str(error)} for model, error in failed.items()],
    }
    written = {
        row["model"]: f"{percent(row['accuracy'], 1)} ({percent(row['low'])} to {percent(row['high'])})"
        for row in tuned
    }
    shown = [
        {"model": row["model"]}
        | {name: percent(row[name], 1) for name in ("accuracy", "low", "high")}
        | ({"fine-tuned": written.get(row["model"], "")} if fine_tune else {})
        for row in rows
    ]
    if tuned:
        notes = [
            *notes,
            f"Fine-tuned wholly, stopped early, tested on {tuned[0]['images']} images that trained nothing.",
        ]
    title = f"Accuracy of a {head} head on frozen features, {len(probes)} images of {probes.source}, {folds} folds"
    emit(
        header | {"models": rows, "fine_tuned": tuned},
        as_json,
        shown,
        title,
        [*notes, "low, high: 95 % interval over the images."],
    )
    say_failures(failed)
