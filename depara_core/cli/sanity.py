"""`depara sanity`: what is left of maps and scores when weights are shuffled."""

from dataclasses import asdict
from typing import Annotated

import typer

import depara_core as depara
from depara_core.cli import options as o
from depara_core.cli.output import emit, follow, records
from depara_core.cli.work import Work, with_work
from depara_core.files import Progress

app = typer.Typer(add_completion=False)


@app.command()
@with_work
def sanity(
    work: Work,
    id: Annotated[str, typer.Argument(help="The model.")],
    layer: Annotated[str, typer.Option(help="'output' or another layer.")] = "output",
    target: Annotated[str | None, typer.Option(help="Show S with this model's output too.")] = None,
    steps: Annotated[
        int | None,
        typer.Option(min=1, help="Stages from no weight shuffled to all.", show_default="5, or one a module of fewer"),
    ] = None,
    lam: o.Lam = 1.0,
    as_json: o.Json = False,
) -> None:
    """Do maps and scores rest on what a network learnt? Shuffle its weights from the top down, and see."""
    from depara_core.cli.building import tell_of_skipped

    spec, aim, given = work.model(id), None if target is None else work.model(target), work.given()

    def check(progress: Progress) -> tuple[depara.ProbeSet, depara.SanityCheck]:
        probes = work.load(progress)
        found = depara.sanity_check(
            spec, probes, layer=layer, target=aim, lam=lam, steps=steps, **given, progress=progress
        )
        return probes, found

    probes, found = follow(check)
    tell_of_skipped(probes)
    stages = records(found.stages)
    document = {
        "model": found.model,
        "layer": found.layer,
        "target": target,
        "lam": lam,
        "options": asdict(found.options),
        "probes": {"source": probes.source, "count": len(probes), "digest": probes.digest},
        "stages": stages,
        "other_image": found.other_image,
        "passed": found.passed,
        "sentence": found.sentence,
    }
    title = f"{found.model} · {found.layer}, {found.options.method}, {len(probes)} probes: {probes.source}"
    emit(document, as_json, stages, title, [found.sentence])
