"""Server time and size of the Why page: every view of two models and a third over 1,000 rooms, and what changes it.

Streamlit's own AppTest runs the page in this process, on the real bundled zoo, without a browser: the times are those
of the script, the sizes those of the messages and pictures that a browser would be sent.
Baseline: the targets the project set itself (700 ms and 3 MB for a view seen before, 250 ms for lambda and a box).

    python benchmarks/why_latency.py [--probes 1000] [--models 3]
"""

import argparse
import logging
import statistics
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from page_latency import PATIENCE_S, ROOT, settle
from report import headline, measure, report
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.testing.v1 import AppTest

import depara_core as depara

EXAMPLE = ("rooms/reshading", "rooms/normal")  # source and target
VIEWS = ("probes", "pairs", "groups", "surfaces", "leave_one_out", "contrast")
LAMS = ("0.5", "2.0", "3.0", "5.0", "10.0")
BOXES = ("0,0.3,0.7,1", "0.2,0.4,0.2,0.4", "0.7,1,0,0.3", "0.5,1,0.5,1", "0.4,0.9,0,0.2")


class Sent:
    """Bytes that went out."""

    bytes = 0


@contextmanager
def counted() -> Iterator[Sent]:
    """Count what the server sends: its messages, and the pictures they point to."""
    sent, enqueue, load = Sent(), ForwardMsgQueue.enqueue, MemoryMediaFileStorage.load_and_get_id

    def heard(self: ForwardMsgQueue, msg: object) -> None:
        sent.bytes += msg.ByteSize()
        enqueue(self, msg)

    def kept(self: MemoryMediaFileStorage, data: object, *args: object, **kwargs: object) -> str:
        sent.bytes += Path(data).stat().st_size if isinstance(data, str) else len(data)
        return load(self, data, *args, **kwargs)

    ForwardMsgQueue.enqueue, MemoryMediaFileStorage.load_and_get_id = heard, kept
    try:
        yield sent
    finally:
        ForwardMsgQueue.enqueue, MemoryMediaFileStorage.load_and_get_id = enqueue, load


def row(app: AppTest, step: str, events: Sequence[dict[str, str]], target: int) -> dict[str, object]:
    """Open the page with each address in turn; milliseconds and megabytes."""
    times, sizes = [], []
    for query in events:
        for name, value in query.items():
            app.query_params[name] = value
        with measure() as watch, counted() as sent:
            app.run()
        if app.exception or app.error:
            sys.exit(f"The page shows an error: {[*app.exception, *app.error]}")
        times.append(1000 * watch.seconds)
        sizes.append(sent.bytes / 1e6)
    median, worst = round(statistics.median(times)), round(max(times))
    return {
        "step": step,
        "events": len(events),
        "median ms": median,
        "worst ms": worst,
        "target ms": target,
        "MB sent": round(max(sizes), 2),
    }


def main() -> None:
    """Compute the comparison once, then time what a reader does."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--probes", type=int, default=1000, help="rooms (default 1,000)")
    parser.add_argument("--models", type=int, default=3, help="models of the zoo, the third as contrast (default 3)")
    asked = parser.parse_args()
    sys.path.insert(0, str(ROOT))  # for `pages`
    logging.disable(logging.WARNING)  # AppTest runs without a browser and says so in every line
    others = [spec.id for spec in depara.list_models("rooms") if spec.bundled and spec.id not in EXAMPLE]
    models = [*EXAMPLE, *others][: max(2, asked.models)]
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE_S)
    app.run()
    for name, value in {
        "models": models,
        "count": str(asked.probes),
        "source": EXAMPLE[0],
        "target": EXAMPLE[1],
    }.items():
        app.query_params[name] = value
    settle(app, "why")
    rows = []
    for view in VIEWS:
        rows.append(row(app, f"{view}, opened for the first time", [{"view": view}], 700))
        rows.append(row(app, f"{view}, seen before", [{}] * 5, 700))
        rows.append(row(app, f"{view}, lambda moved to a new value", [{"lam": lam} for lam in LAMS], 250))
        app.query_params["lam"] = "1.0"
    rows.append(row(app, "pairs, a new box drawn", [{"view": "pairs", "region": box} for box in BOXES], 250))
    rows.append(row(app, "probes, another probe chosen", [{"view": "probes", "probe": str(i)} for i in range(5)], 250))
    title = f"The Why page, {len(models)} models, {asked.probes:,} rooms"
    report(title, rows, ["Baseline: the project's own targets; times are of the script alone."])
    for words, target in (("seen before", 700), ("lambda", 250), ("box", 250)):
        slowest = max(row["median ms"] for row in rows if words in row["step"])
        headline(
            f"Why page, {asked.probes:,} rooms, {words}: server time, slowest median", f"{slowest} ms", f"{target} ms"
        )
    headline("Why page: sent to the browser, at most", f"{max(row['MB sent'] for row in rows):.2f} MB", "3 MB")


if __name__ == "__main__":
    main()
