"""What `depara evaluate --benchmark my.csv` answers: every score against one's own results, beside static facts."""

import pandas as pd

import depara_core as depara
from depara_core.choice.own_benchmark import read_benchmark
from depara_core.choice.own_scores import assess_benchmark, score_benchmark
from depara_core.cli.output import emit, follow, warn
from depara_core.exports.own_benchmark import own_document, own_notes, own_rows
from depara_core.files import Progress
from depara_core.store import Store


def answer_own(
    path: str,
    *,
    probes: str | None,
    count: int | None,
    seed: int,
    lam: float,
    fields: bool,
    device: str,
    executor: str | None,
    store: Store,
    as_json: bool,
) -> None:
    """Score the models of a table for its targets and hold the scores against its values."""
    own = read_benchmark(path)
    left_out: list[str] = []
    for note in own.notes:
        warn(note)
    if own.networks and probes is None:
        warn("Networks are compared on the bundled rooms; --probes names images of your own.")

    def work(report: Progress) -> dict[str, pd.DataFrame]:
        images = None if probes is None else depara.load_probes(probes, count=count, seed=seed)
        return score_benchmark(
            own,
            probes=images,
            lam=lam,
            fields=fields,
            count=count,
            seed=seed,
            device=device,
            store=store,
            progress=report,
            warn=left_out.append,
            executor=executor,
        )

    frames = follow(work)
    for note in left_out:
        warn(note)
    document = own_document(path, own, frames, assess_benchmark(own, frames, seed=seed), left_out)
    title = f"{document['sources']} models, {document['targets']} targets of {path}"
    emit(document, as_json, own_rows(document), title, own_notes(document))
