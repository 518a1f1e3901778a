"""`depara curves`: deletion and insertion curves of maps."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

import depara_core as depara
from depara_core.cli import options as o
from depara_core.cli.output import emit, follow, records
from depara_core.cli.work import Work, with_work
from depara_core.files import Progress

app = typer.Typer(add_completion=False)


@app.command()
@with_work
def curves(
    work: Work,
    ids: o.Models = None,
    layer: Annotated[str, typer.Option(help="'output' or another layer.")] = "output",
    steps: Annotated[int, typer.Option(min=2, help="Steps from no pixel to all.")] = 10,
    as_json: o.Json = False,
) -> None:
    """Do maps show what a feature rests on? Take pixels away from the strongest on, and put them in."""
    from depara_core.cli.building import choose_models, say_failures, tell_of_skipped
    from depara_core.pipeline.models import attempt

    failed: dict[str, depara.DeparaError] = {}
    specs, given = choose_models(ids or [], work.view, failed.__setitem__), work.given()

    def measure(progress: Progress) -> tuple[depara.ProbeSet, list[depara.PerturbationCurves]]:
        probes = work.load(progress)

        def of(spec: depara.ModelSpec, layer: str) -> depara.PerturbationCurves:
            return depara.perturbation_curves(spec, probes, layer=layer, steps=steps, **given, progress=progress)

        found = [attempt(failed.__setitem__, of, spec, layer) for spec in specs]
        return probes, [one for one in found if one is not None]

    probes, found = follow(measure)
    tell_of_skipped(probes)
    rows: list[dict[str, Any]] = [{"model": one.model, **one.areas()} for one in found]
    document = {
        "layer": layer,
        "options": asdict(work.options()),
        "probes": {"source": probes.source, "count": len(probes), "digest": probes.digest},
        "failed": [{"model": model, "reason": str(error)} for model, error in failed.items()],
        "models": [row | {"curves": records(one.to_frame())} for row, one in zip(rows, found, strict=True)],
    }
    title = f"Mean area under the curves, layer {layer}, {work.options().method}, {len(probes)} probes: {probes.source}"
    notes = ["A map that shows what the feature rests on has less deletion than random, and more insertion."]
    emit(document, as_json, rows, title, notes)
    say_failures(failed)
