"""The options that commands share."""

from pathlib import Path
from typing import Annotated

import typer

Models = Annotated[
    list[str] | None, typer.Argument(help="Ids or patterns such as 'rooms/*'.", show_default="the bundled zoo")
]
Target = Annotated[
    str,
    typer.Option(
        help="The model whose task is the target; or 'labels' (those of the images), a .csv of image names and labels, "
        "one column of it (birds.csv:colour), an .npz of an embedding ('features' and 'names') or of 'masks'."
    ),
]
Images = Annotated[str, typer.Option("--images", "--probes", help="A folder of a folder a class, a .zip, .csv, ...")]
Count = Annotated[int | None, typer.Option(min=3, help="How many images.", show_default="every image")]
Split = Annotated[str | None, typer.Option(help="Only this split of a folder, such as 'val'.", show_default="all")]
Background = Annotated[str, typer.Option(help="Colour under transparent parts, a name or '#rrggbb'.")]
Device = Annotated[str, typer.Option(help="'auto', 'cpu', 'cuda', ...")]
Executor = Annotated[
    str | None, typer.Option(help="'ray' or 'ray://host:10001': models are tasks of a cluster.", show_default="here")
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
