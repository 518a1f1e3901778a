"""The options that commands share."""

from pathlib import Path
from typing import Annotated

import typer

Models = Annotated[
    list[str] | None, typer.Argument(help="Ids or patterns such as 'rooms/*'.", show_default="the bundled zoo")
]
Json = Annotated[bool, typer.Option("--json", help="Write JSON to standard output.")]
Layers = Annotated[str, typer.Option(help="'output', 'all', or names separated by commas.")]


def _weight(lam: float) -> float:
    """Refuse a weight that is none before anything is computed."""
    from depara_core.similarity import check_lam  # late: it brings torch along

    return check_lam(lam)


Lam = Annotated[
    float, typer.Option("--lam", help="Weight of the edges in S = s_V + lam * s_E, 0 or more.", callback=_weight)
]
StorePath = Annotated[
    Path | None,
    typer.Option("--store", help="Where results are kept.", show_default="$DEPARA_STORE or the cache folder"),
]
StoreLimit = Annotated[
    str | None,
    typer.Option(
        "--store-limit",
        help="The most that is kept, such as 40GB.",
        show_default="$DEPARA_STORE_LIMIT or half of the disk's free room, 2 to 100 GB",
    ),
]
