"""What `depara evaluate --benchmark my.csv` answers: every score against one's own results, beside static facts."""

import pandas as pd

from depara_core.choice.own_benchmark import STATICS, assess_benchmark, read_benchmark, score_benchmark
from depara_core.cli.evaluation import SHOWN, summary_rows
from depara_core.cli.output import emit, follow, warn
from depara_core.files import Progress
from depara_core.formatting import interval, number, score
from depara_core.store import Store

RIVALS = ("rsa", "dds_cosine", "logme", *STATICS)
COMPARED = ("P@1", "Spearman")


def answer_own(path: str, *, count: int | None, seed: int, device: str, store: Store, as_json: bool) -> None:
    """Score the models of a table for its targets and hold the scores against its values."""
    own = read_benchmark(path)
    left_out: list[str] = []
    for note in own.notes:
        warn(note)

    def work(report: Progress) -> dict[str, pd.DataFrame]:
        return score_benchmark(
            own, count=count, seed=seed, device=device, store=store, progress=report, warn=left_out.append
        )

    frames = follow(work)
    for note in left_out:
        warn(note)
    found = assess_benchmark(own, frames, seed=seed)
    rows = summary_rows(found)
    compared = [found.compare("depara", rival, measure) for rival in RIVALS if rival in frames for measure in COMPARED]
    document = {
        "benchmark": path,
        "targets": own.frame.shape[1],
        "sources": len(next(iter(frames.values()))),
        "relevant": found.relevant,
        "metrics": rows,
        "random": found.random,
        "comparisons": [vars(one) | {"sentence": one.sentence} for one in compared],
        "notes": [*own.notes, *left_out],
    }
    shown = [
        {"metric": row["metric"]}
        | {
            name: f"{score(value['mean'])} {interval(value['low'], value['high'])}"
            for name, value in row["figures"].items()
            if name in SHOWN
        }
        | {"p (P@5)": number(row["p_random"], 4)}
        for row in rows
    ]
    title = f"{document['sources']} models, {document['targets']} targets of {path}"
    static = "static_size: parameters; static_imagenet: published accuracy; static_mean: worth on the other targets."
    emit(document, as_json, shown, title, [static, *(one.sentence for one in compared)])
