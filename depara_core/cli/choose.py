"""`depara choose`: which of many candidates for the task of a folder of images."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import depara_core as depara
from depara_core.cli import options as o
from depara_core.cli.output import emit, follow, records, write_file

if TYPE_CHECKING:
    import pandas

    from depara_core.choice import Choice
    from depara_core.files import Progress

app = typer.Typer(add_completion=False)


@app.command()
def choose(
    models: Annotated[
        list[str], typer.Option("--models", help="Ids or patterns such as 'timm/resnet*'; may be given several times.")
    ],
    images: o.Images,
    target: Annotated[
        str | None,
        typer.Option(
            help="What S compares with: a model, a .csv, one column of it (birds.csv:colour; classes stand in place of "
            "the images' labels), an .npz.",
            show_default="the images' labels",
        ),
    ] = None,
    lam: o.Lam = 1.0,
    measure: Annotated[bool, typer.Option("--measure/--no-measure", help="Measure the frozen transfer too.")] = True,
    folds: Annotated[int, typer.Option(min=2, help="Of the measurement.")] = 5,
    count: o.Count = None,
    seed: Annotated[int, typer.Option(min=0, help="Of folds and resamples, and which images of a larger set.")] = 0,
    stability: Annotated[
        bool, typer.Option("--stability", help="Rank them on parts of the images too: fewer, halves, a class left out.")
    ] = False,
    others: Annotated[
        list[str] | None,
        typer.Option("--other-images", help="Another set of images for the same task to rank them on; repeatable."),
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write all of it as one HTML file too.")] = None,
    split: o.Split = None,
    background: o.Background = "white",
    device: o.Device = "auto",
    executor: o.Executor = None,
    store: o.StorePath = None,
    store_limit: o.StoreLimit = None,
    as_json: o.Json = False,
) -> None:
    """Which of my candidates for my task? Scores, measured accuracy and costs of each, the answer in words.

    Images in a folder a class are enough: no network need be trained on the target. Without labels, give --target.
    """
    from depara_core.choice import stability as rank_on_parts
    from depara_core.choice import verdict
    from depara_core.cli.building import choose_models, say_failures
    from depara_core.exports.choice import SHOWN_SCORES, choice_report, shown_rows, stability_notes
    from depara_core.figures.choice import cost_figure

    failed: dict[str, depara.DeparaError] = {}
    specs, kept = choose_models(models, on_error=failed.__setitem__), depara.Store(store, store_limit)

    def work(progress: "Progress") -> "Choice":
        probes = depara.load_probes(
            images, count=count, seed=seed, split=split, background=background, progress=progress
        )
        chosen, aim = _target(target, probes)
        return depara.choose(
            specs,
            chosen,
            target=aim,
            lam=lam,
            measure=measure,
            folds=folds,
            seed=seed,
            device=device,
            store=kept,
            progress=progress,
            on_error=failed.__setitem__,
            executor=executor,
        )

    def rank(progress: "Progress") -> "pandas.DataFrame":
        sets = [
            depara.load_probes(place, count=count, seed=seed, background=background, progress=progress)
            for place in others or ()
        ]
        return rank_on_parts(choice, others=sets, seed=seed, device=device, store=kept, progress=progress)

    choice = follow(work)
    said = verdict(choice)
    document = _document(choice, said, failed)
    notes = [said, *choice.notes, SHOWN_SCORES]
    if stability or others:
        parts = follow(rank)
        document["stability"] = records(parts)
        notes += ["On parts of the images, and on others, by the mean rank of all scores:", *stability_notes(parts)]
    if report is not None:
        drawn = cost_figure(choice) if choice.quality is not None else None
        left_out = {name: str(error) for name, error in failed.items()}
        file = write_file(report, choice_report(choice, figure=drawn, failed=left_out))
        document["report"] = str(file)
        notes.append(f"The report is in {file}")
    title = f"{len(choice.specs)} candidates, {len(choice.probes)} images of {choice.probes.source}"
    emit(document, as_json, shown_rows(choice), title, notes)
    say_failures(failed)


def _target(
    target: str | None, probes: "depara.ProbeSet"
) -> "tuple[depara.ProbeSet, depara.AttributionGraph | depara.ModelSpec | None]":
    """Return the images, labelled by the column that was asked for, and what S compares with."""
    from depara_core.choice import by_file
    from depara_core.target_files import SUFFIXES, split_target

    if target is None or target == "labels":
        return probes, None
    file, name = split_target(target)
    return by_file(probes, file, target=name) if file.endswith(SUFFIXES) else (probes, depara.model(target))


def _document(choice: "Choice", said: str, failed: dict[str, depara.DeparaError]) -> dict[str, Any]:
    rows = [{name: None if value != value else value for name, value in row.items()} for row in records(choice.table)]
    return {
        "images": {
            "source": choice.probes.source,
            "count": len(choice.probes),
            "digest": choice.probes.digest,
            "skipped": [{"file": file, "reason": reason} for file, reason in choice.probes.skipped],
        },
        "target": None if choice.target is None else choice.target.model,
        "lam": choice.lam,
        "candidates": rows,
        "agreement": choice.agreement,
        "verdict": said,
        "notes": list(choice.notes),
        "failed": [{"model": model, "reason": str(error)} for model, error in failed.items()],
    }
