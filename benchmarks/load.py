"""The app under a class, from outside: how long a warm view takes each of many people, and what they leave in memory.

Clients of the app's own websocket ask for views as a browser does, without drawing them, so the times are the server's:
from the request to the end of the script. Baselines: one visitor alone on the same server in the same run.

    python benchmarks/load.py [--people 30] [--pause 15] [--rounds 4] [--abandoned 40] [--views 1000]

A class: everybody opens another warm view every --pause seconds, first with nothing else to do, then while a job
computes. Abandoned: so many visitors ask for something that takes long and leave at once; how long does the next one
wait for its own, against the same wait alone? Views: so many different views by one visitor after another.
"""

import argparse
import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from itertools import cycle
from pathlib import Path
from urllib.request import urlopen

import numpy as np
from report import headline, report
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

ROOT = Path(__file__).resolve().parents[1]
TARGETS = ("normal", "reshading", "curvature", "edge_texture", "autoencoding", "class_scene")
VIEWS = [
    *(("models", f"target=rooms/{name}&lam={lam}") for name in TARGETS for lam in (1, 2)),
    *(("why", f"source=rooms/{name}&target=rooms/normal") for name in TARGETS[1:]),
    ("attributions", ""),
    ("graphs", ""),
    ("home", ""),
]
PATIENCE_S = 600.0


class Visitor:
    """One browser's connection."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def ask(self, page: str, query: str) -> None:
        """Ask for a view, as a browser that opens a link does."""
        asked = BackMsg()
        asked.rerun_script.page_name = "" if page == "home" else page
        asked.rerun_script.query_string = query
        await self._socket.send(asked.SerializeToString())

    async def view(self, page: str, query: str) -> float:
        """Ask for a view until nothing of it is being computed any more; return the seconds."""
        start = time.perf_counter()
        while time.perf_counter() - start < PATIENCE_S:
            await self.ask(page, query)
            waits = False
            while True:
                content = await self._socket.recv()
                assert isinstance(content, bytes)
                message = ForwardMsg.FromString(content)
                waits = waits or b"-cancel" in content  # the key of a progress panel's button
                if message.WhichOneof("type") == "script_finished":
                    break
            if not waits:
                return time.perf_counter() - start
            await asyncio.sleep(0.5)
        sys.exit(f"The view {page}?{query} was still computing after {PATIENCE_S:.0f} s.")


class Server:
    """The app in a process of its own, with an empty store."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process, self.port = process, port

    @asynccontextmanager
    async def visitor(self) -> AsyncIterator[Visitor]:
        """Open a connection."""
        place = f"ws://localhost:{self.port}/_stcore/stream"
        own = f"http://localhost:{self.port}"
        async with connect(place, subprotocols=["streamlit"], origin=own, max_size=None) as socket:
            yield Visitor(socket)

    @property
    def megabytes(self) -> float:
        """Memory of the process that is resident."""
        told = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(told.partition("VmRSS:")[2].split()[0]) / 1024


@contextmanager
def serving() -> Iterator[Server]:
    """Start the app and wait until it answers."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as store:
        command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), "--server.port", str(port)]
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "DEPARA_STORE": store},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait_for(f"http://localhost:{port}/_stcore/health")
            yield Server(process, port)
        finally:
            process.terminate()
            process.wait()


def _wait_for(address: str) -> None:
    start = time.monotonic()
    while time.monotonic() - start < PATIENCE_S:
        try:
            with urlopen(address):
                return
        except OSError:
            time.sleep(0.2)
    sys.exit("The app did not start.")


def row(what: str, times: Sequence[float], server: Server) -> dict[str, object]:
    """Return the times of views, and the memory after them."""
    p50, p95 = (float(np.percentile(times, share)) for share in (50, 95))
    return {
        "what": what,
        "views": len(times),
        "p50 s": p50,
        "p95 s": p95,
        "worst s": max(times),
        "MB": server.megabytes,
    }


async def person(server: Server, place: int, people: int, rounds: int, pause: float) -> list[float]:
    """Open a view every `pause` seconds, beginning at a moment of one's own."""
    await asyncio.sleep(pause * place / people)
    times, views = [], cycle(VIEWS[place % len(VIEWS) :] + VIEWS[: place % len(VIEWS)])
    async with server.visitor() as visitor:
        for _ in range(rounds):
            begun = time.perf_counter()
            times.append(await visitor.view(*next(views)))
            await asyncio.sleep(max(0.0, pause - (time.perf_counter() - begun)))
    return times


async def class_of(server: Server, people: int, rounds: int, pause: float) -> list[float]:
    """Let many people view at once; return all their times."""
    all_times = await asyncio.gather(*(person(server, i, people, rounds, pause) for i in range(people)))
    return [one for times in all_times for one in times]


async def computing(server: Server) -> None:
    """Keep a job running: every layer of the zoo on ever other rooms, until cancelled."""
    async with server.visitor() as visitor:
        for seed in range(1000, 2000):
            await visitor.view("models", f"count=200&seed={seed}&layers=all")


async def abandoned(server: Server, count: int) -> tuple[float, float]:
    """Return how long a visitor waits for 100 other rooms, alone and after so many who asked and left at once."""
    async with server.visitor() as visitor:
        alone = await visitor.view("models", "count=100&seed=71")
    for seed in range(count):
        async with server.visitor() as left:
            await left.ask("models", f"count=100&seed={100 + seed}")
            await asyncio.sleep(0.05)
    async with server.visitor() as visitor:
        return alone, await visitor.view("models", "count=100&seed=72")


async def varied(server: Server, count: int) -> list[float]:
    """Open so many different views, each by a visitor who then leaves."""
    times = []
    for number in range(count):
        page, query = VIEWS[number % len(VIEWS)]
        async with server.visitor() as visitor:
            times.append(await visitor.view(page, f"{query}&lam={1 + number / 100:g}&probe={number % 100}"))
    return times


async def measure_load(server: Server, told: argparse.Namespace) -> None:
    """Do all of it and print the tables."""
    async with server.visitor() as visitor:
        for view in VIEWS:
            await visitor.view(*view)  # computed, and kept
        alone = [await visitor.view(*view) for view in VIEWS]
    rows, before = [row("one visitor, warm", alone, server)], server.megabytes
    times = await class_of(server, told.people, told.rounds, told.pause)
    rows.append(row(f"{told.people} people, a view every {told.pause:g} s", times, server))
    job = asyncio.create_task(computing(server))
    busy = await class_of(server, told.people, told.rounds, told.pause)
    job.cancel()
    await asyncio.gather(job, return_exceptions=True)
    rows.append(row("the same while a job computes", busy, server))
    report("A class", rows, [f"Resident before: {before:.0f} MB; no browser draws."])
    headline(
        f"{told.people} people, a view every {told.pause:g} s while a job computes, p95",
        f"{rows[-1]['p95 s']:.2f} s",
        "1.5 s",
    )
    if told.abandoned:
        lone, after = await abandoned(server, told.abandoned)
        headline(
            f"a visit after {told.abandoned} that left at once, against alone", f"{after / lone:.1f} times", "2 times"
        )
    if told.views:
        before = server.megabytes
        times = await varied(server, told.views)
        report("Views, one after another", [row("different views", times, server)], [f"Before: {before:.0f} MB."])


def main() -> None:
    """Measure on the app of this checkout."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=30)
    parser.add_argument("--pause", type=float, default=15.0)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--abandoned", type=int, default=40)
    parser.add_argument("--views", type=int, default=1000)
    told = parser.parse_args()
    with serving() as server:
        asyncio.run(measure_load(server, told))


if __name__ == "__main__":
    main()
