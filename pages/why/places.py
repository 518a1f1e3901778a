"""The Why page's evidence of a direction: where in the pictures the source knows what the target needs."""

import hashlib
import json

import depara_core as depara
from depara_core.figures import contributions, tiles
from depara_core.files import Progress
from depara_core.formatting import number, share_of
from depara_core.pipeline import places as pipeline
from depara_core.png import to_png
from pages.shared import cache, jobs, text, widgets
from pages.shared.image_table import ContributionRow, contribution_table
from pages.shared.jobs import Computation
from pages.why.batches import batch, pager
from pages.why.explained import Explained
from pages.why.probes import select

Answer = depara.LocalScore | str  # the score, or why these two layers have none


def knowledge(pair: Explained) -> Computation:
    """Return what reads both layers and finds the local directed score of the pair."""
    content = json.dumps([pair.source.digest, pair.target.digest, pair.source.label, pair.target.label])
    specs = {spec.id: spec for spec in pair.comparison.specs}
    source, target = ((specs[graph.model], graph.layer) for graph in (pair.source, pair.target))

    def make(progress: Progress) -> Answer:
        try:
            return pipeline.explain_places(source, target, pair.probes, progress=progress)
        except depara.OptionError as error:
            return str(error)

    key = "places-" + hashlib.sha256(content.encode()).hexdigest()[:24]
    return Computation(key, f"what {pair.names[0]} knows of {pair.names[1]}, cell by cell", make)


def draw(pair: Explained) -> None:
    """List the tested probes by what the source knows of the target's code in them, with the places."""
    found = jobs.require(knowledge(pair))
    if isinstance(found, str):
        widgets.empty("These layers have no places to compare.", found)
        return
    a, b = map(text.plain, pair.names)
    told = (
        f"How much of what *{b}* says of each cell follows from what *{a}* says around it: R² = "
        f"**{number(found.score, 3)}** of 1, on {len(found.probes)} images that the fit has not seen. **Asked**: "
        f"where the target's code varies. **Known**: green where {a} foretells it, purple where it misleads. The rows "
        "add up to R², in per cent of what is asked. Unlike S this has a direction. Click a row to select its image."
    )
    with widgets.card("Where the source knows what the target needs", told, key="card-places"):
        clicked = _list(pair, found)
    select(clicked)


def _list(pair: Explained, found: depara.LocalScore) -> int | None:
    """List one batch of the tested probes with what was asked and known; return the probe just clicked."""
    ranked = found.to_frame()
    shown = batch(ranked)
    at = [found.place(probe) for probe in shown.probes]
    maps = [found.asked[i] for i in at] + [found.known[i] for i in at]
    drawn = contributions.agreement_tiles(pair.probes.images, maps, shown.probes * 2, dark=widgets.dark())
    pictures = [to_png(tile, tiles.COLOURS) for tile in drawn]
    rows = [
        ContributionRow(
            str(place),
            (cache.thumbnail(pair.probes, entry["probe"], 112), asked, known),
            (name := pair.probes.names[entry["probe"]], f"{name}: asked", f"{name}: known"),
            (("S", entry["known"]),),
            (share_of(entry["known"], 1.0), share_of(entry["asked"], 1.0)),
            f"{name}, place {place}: known {share_of(entry['known'], 1.0)} of {share_of(entry['asked'], 1.0)} asked",
        )
        for place, entry, asked, known in zip(
            shown.places, shown.rows.to_dict("records"), pictures[: len(at)], pictures[len(at) :], strict=True
        )
    ]
    clicked = contribution_table(
        "why.places",
        rows,
        pictures=("image", "asked", "known"),
        bar="share of R²",
        texts=("known", "asked"),
        extent=contributions.bar_extent(ranked["known"]),
        selected=shown.selected,
        gap=shown.gap,
        label="Images by what the source knows of the target's code",
    )
    pager("why.places", shown)
    return None if clicked is None else shown.probes[clicked]
