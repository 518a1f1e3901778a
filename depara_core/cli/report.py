"""`depara report`: a comparison in one file."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

import depara_core as depara
from depara_core.cli import options as o
from depara_core.cli.output import emit, write_file
from depara_core.cli.work import Work, with_work

app = typer.Typer(add_completion=False)


@app.command()
@with_work
def report(
    work: Work,
    target: Annotated[str, typer.Option(help="The model whose task is the target.")],
    ids: o.Models = None,
    lam: o.Lam = 1.0,
    out: Annotated[Path, typer.Option(help="The file to write.")] = Path("depara-report.html"),
    as_json: o.Json = False,
) -> None:
    """Compare models and write one HTML file that is read offline: ranking, matrix, tree, settings."""
    from depara_core.cli.building import build, choose_models, finish
    from depara_core.exports import comparison_report, python_of
    from depara_core.figures import matrices, trees

    aim = work.model(target)
    wrong: dict[str, depara.DeparaError] = {}
    others = choose_models(ids or [], work.view, wrong.__setitem__)
    specs = [aim, *(spec for spec in others if spec.id != aim.id)]
    built = build(work, [(specs, "output")], wrong)
    if aim.id not in [graph.model for graph in built.graphs] or len(built.graphs) < 2:
        raise depara.ModelError(f"Nothing is left to report on {aim.id}: give at least one other model that works.")
    matrix = depara.similarity_matrix(built.graphs, grid=built.grid)
    models = [graph.model for graph in built.graphs]
    kept = [spec for spec in specs if spec.id in models]
    tree, groups = depara.task_tree(matrix, lam), [spec.group for spec in kept]
    figures = {
        "In the order of the tree. Bright = likely to transfer; the target's row is framed.": (
            matrices.similarity_heatmap(
                matrix.total(lam),
                models,
                order=trees.tree_order(tree),
                target=0,
                groups=dict(zip(models, groups, strict=True)),
                parts={"s_V": matrix.node, "s_E": matrix.edge},
                axes=("target", "source"),
            )
        ),
        "Models that join further right are more alike.": trees.dendrogram(tree, models, groups, target=0),
    }
    script = python_of(
        "models",
        [(spec, "output") for spec in kept],
        target=aim.id,
        lam=lam,
        probes=work.probes,
        count=work.count,
        seed=work.seed,
        digest=built.probes.digest,
        options=asdict(built.options),
        grid=built.grid,
    )
    page = comparison_report(matrix, aim.id, lam, probes=built.probes, figures=figures, script=script)
    file = write_file(out, page)
    document = built.header() | {"target": aim.id, "lam": lam, "file": str(file)}
    emit(document, as_json, notes=[f"The report is in {file}"])
    finish(built)
