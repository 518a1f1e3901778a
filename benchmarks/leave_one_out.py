"""S without each probe in turn: exactly, edges ranked anew each time, and with the ranks among all edges kept.

The page Why ranks anew up to 120 probes and keeps the ranks beyond. Baseline: the exact way. The error is that of a
probe's change of S, the greatest one beside the greatest change; "first ten" counts how many of the ten probes that
change S most both ways name.

    python benchmarks/leave_one_out.py [--probes 100 200 400]
"""

import argparse

import numpy as np
from report import headline, measure, report
from scipy.stats import spearmanr

import depara_core as depara
from depara_core.explanation import influence

PAIR = ("rooms/reshading", "rooms/normal")
TEN = 10


def row(count: int) -> dict[str, object]:
    """Return times, their ratio and the error for so many probes."""
    probes = depara.load_probes("rooms", count=count)
    a, b = depara.build_graphs([depara.model(name) for name in PAIR], probes)
    a.ranks, b.ranks  # noqa: B018 - both ways need them: held with the graph
    with measure() as slow:
        exact = influence(a, b, 1.0).change
    with measure() as fast:
        kept = influence(a, b, 1.0, exact=False).change
    first = [set(np.argsort(-np.abs(changes))[:TEN].tolist()) for changes in (exact, kept)]
    return {
        "probes": count,
        "exact s": round(slow.seconds, 3),
        "ranks kept s": round(fast.seconds, 4),
        "times faster": round(slow.seconds / fast.seconds),
        "greatest change": float(np.abs(exact).max()),
        "greatest error": float(np.abs(kept - exact).max()),
        "Spearman": float(spearmanr(exact, kept).statistic),
        "first ten": len(first[0] & first[1]),
    }


def main() -> None:
    """Compare both ways for growing numbers of probes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--probes", type=int, nargs="+", default=[100, 200, 400], help="rooms (default 100 200 400)")
    rows = [row(count) for count in parser.parse_args().probes]
    report("S without each probe", rows, [f"{PAIR[0]} for {PAIR[1]}, lambda 1. Baseline: edges ranked anew."])
    most = rows[-1]
    headline(
        f"leave-one-out at {most['probes']} probes, ranks kept", f"{most['times faster']} times faster", "10 times"
    )
    error = most["greatest error"] / most["greatest change"]
    headline(f"leave-one-out at {most['probes']} probes, greatest error by the greatest change", f"{error:.3f}", "0.05")


if __name__ == "__main__":
    main()
