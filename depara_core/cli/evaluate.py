"""`depara evaluate`: does the score tell the truth? Every metric against measured transfer, with intervals."""

from typing import Annotated, Any

import typer

import depara_core as depara
from depara_core.cli import options as o
from depara_core.cli.choices import BENCHMARKS, READOUTS

app = typer.Typer(add_completion=False)


@app.command()
def evaluate(
    benchmark: Annotated[
        str,
        typer.Option(
            "--benchmark", "--world", help=f"Where transfer was measured: {', '.join(BENCHMARKS)}; or your own .csv."
        ),
    ] = "rooms",
    readout: Annotated[str, typer.Option(help=f"How transfer was measured: {', '.join(READOUTS)}.")] = "closed",
    count: Annotated[int | None, typer.Option(min=3, help="How many probes.", show_default="200")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Which probes.", show_default="0")] = None,
    probes: Annotated[
        str | None,
        typer.Option(
            help="With a .csv: the images that networks are compared on, where a target is one.",
            show_default="the bundled rooms",
        ),
    ] = None,
    budget: Annotated[int | None, typer.Option(help="Labels a target had.", show_default="the largest")] = None,
    lam: o.Lam = 1.0,
    fields: Annotated[
        bool, typer.Option("--fields", help="Score ModelGiF too, whose gradient fields take ten passes a probe.")
    ] = False,
    device: Annotated[str, typer.Option(help="'auto', 'cpu', 'cuda', ...")] = "auto",
    executor: o.Executor = None,
    store: o.StorePath = None,
    store_limit: o.StoreLimit = None,
    as_json: o.Json = False,
) -> None:
    """Check every metric's ranking of sources against measured transfer, with intervals over the targets.

    Your own results: a .csv of the columns model, target and value; a target is a folder of labelled images, or a
    model's id.
    """
    if benchmark.endswith(".csv"):
        from depara_core.cli.own_evaluation import answer_own

        kept = depara.Store(store, store_limit)
        drawn: dict[str, Any] = {"probes": probes, "count": count, "seed": seed or 0, "lam": lam, "fields": fields}
        answer_own(benchmark, **drawn, device=device, executor=executor, store=kept, as_json=as_json)
        return
    if probes is not None:
        raise depara.OptionError("--probes goes with a .csv of your own: a bundled benchmark has its own images.")
    for what, came, known in (("benchmark", benchmark, BENCHMARKS), ("read-out", readout, READOUTS)):
        if came not in known:
            raise depara.OptionError(f"The {what} {came!r} is unknown. Expected one of: {', '.join(known)}.")
    from depara_core.cli.evaluation import answer

    kept = depara.Store(store, store_limit)
    drawn = {"count": count, "seed": seed, "budget": budget, "fields": fields}
    answer(benchmark, readout, **drawn, lam=lam, device=device, executor=executor, store=kept, as_json=as_json)
