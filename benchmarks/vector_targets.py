"""Why does the local directed score serve vector targets less well than DEPARA, and does a pooled part mend it?

Each variant's Spearman correlation with measured transfer, by kind of target, on the bundled zoo (where the choice
would be made) or, with --zoo, on another zoo against the second zoo's table.

    python benchmarks/vector_targets.py [--zoo ZOO]
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from report import report

import depara_core as depara
from depara_core.benchmark.held_out import HELD_OUT
from depara_core.benchmark.transfer_table import load_transfer_table
from depara_core.cli.evaluation import KINDS, by_kind
from depara_core.evaluation import Evaluation
from depara_core.metrics.codes import as_code
from depara_core.metrics.directed import directed
from depara_core.metrics.local_directed import local_directed_pairs
from depara_core.rooms import TASKS
from depara_core.zoo import rooms


def main() -> None:
    """Print a row a variant."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--zoo", type=Path, help="folder of the second zoo's weights")
    zoo = parser.parse_args().zoo
    world, name = depara.BENCHMARKS["rooms"], "rooms" if zoo is None else HELD_OUT
    specs = None if zoo is None else [rooms.spec(task, zoo) for task in TASKS]
    evidence = depara.gather(world, seed=0 if zoo is None else 1, models=specs)
    ids = [graph.model for graph in evidence.graphs]
    codes = [as_code(evidence.code(one)) for one in ids]
    scores = depara.score_pairs(evidence, ["depara", "nodes", "edges", "directed", "local_directed", "depara_local"])
    made = {one: frame.to_numpy() for one, frame in scores.items()} | variants(codes)
    frames = {one: pd.DataFrame(values, ids, ids) for one, values in made.items()}
    found = depara.assess(frames, load_transfer_table(name).frame())
    overall = found.summary()["mean"].unstack()
    rows = [
        {"score": row["metric"]}
        | {kind: f"{row[kind]:.2f}" for kind in KINDS}
        | {one: f"{overall.loc[row['metric'], one]:.2f}" for one in ("P@1", "P@5", "Spearman")}
        for row in by_kind(found)
    ]
    report(f"{name}: Spearman by kind of target, and overall", rows, [own(found, frames)])


def variants(codes: list[np.ndarray]) -> dict[str, np.ndarray]:
    """Return scores with a part that looks at the picture as a whole."""
    pooled = [np.concatenate([code.mean((2, 3)), code.std((2, 3))], axis=1).astype(float) for code in codes]
    flat = [code.reshape(len(code), -1).astype(float) for code in codes]
    local = local_directed_pairs(codes, codes)
    whole = np.array([[directed(x, y) for y in pooled] for x in flat])
    alone = np.array([[directed(x, y) for y in pooled] for x in pooled])
    means = [np.broadcast_to(code.mean((2, 3), keepdims=True), code.shape) for code in codes]
    context = [np.concatenate([code, mean], axis=1) for code, mean in zip(codes, means, strict=True)]
    return {
        "pooled target by the whole code": whole,
        "pooled target by pooled source": alone,
        "local, and the source's mean code in every cell": local_directed_pairs(context, codes),
        "local + pooled / 2": _standard(local) + _standard(whole) / 2,
        "local + pooled": _standard(local) + _standard(whole),
    }


def own(found: Evaluation, frames: dict[str, pd.DataFrame]) -> str:
    """Say which sources the score of vector targets puts too high or too low."""
    parts = []
    for task in (name for name in TASKS if TASKS[name].kind == "vector"):
        target = f"rooms/{task}"
        rows = found.per_target[found.per_target["target"] == target].set_index("metric")["Spearman"]
        best = frames["local_directed"][target].drop(target).nlargest(3).index
        parts.append(
            f"{task}: local {rows['local_directed']:.2f}, DEPARA {rows['depara']:.2f}, nodes {rows['nodes']:.2f}, "
            f"edges {rows['edges']:.2f}; local's first three {', '.join(one.partition('/')[2] for one in best)}"
        )
    return "; ".join(parts)


def _standard(values: np.ndarray) -> np.ndarray:
    others = values[~np.eye(len(values), dtype=bool)]
    return (values - others.mean()) / others.std()


if __name__ == "__main__":
    main()
