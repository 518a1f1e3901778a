"""The Why page's evidence of a direction: where in the pictures the source knows what the target needs."""

import hashlib
import json

import depara_core as depara
from depara_core.figures import contributions, tiles
from depara_core.files import Progress
from depara_core.pipeline import places as pipeline
from depara_core.png import to_png
from pages.shared import cache, jobs, text, widgets
from pages.shared.image_table import ContributionRow, contribution_table
from pages.shared.jobs import Computation
from pages.why import evidence
from pages.why.reasons import Ends

Answer = depara.LocalScore | str  # the score, or why these two layers have none


def knowledge(ends: Ends) -> Computation:
    """Return what reads both layers and finds the local directed score of the pair."""
    content = json.dumps([ends.a.digest, ends.b.digest, ends.a.label, ends.b.label])
    specs = {spec.id: spec for spec in ends.comparison.specs}
    source, target = ((specs[graph.model], graph.layer) for graph in (ends.a, ends.b))

    def make(progress: Progress) -> Answer:
        try:
            return pipeline.explain_places(source, target, ends.probes, progress=progress)
        except depara.OptionError as error:
            return str(error)

    key = "places-" + hashlib.sha256(content.encode()).hexdigest()[:24]
    return Computation(key, f"what {ends.names[0]} knows of {ends.names[1]}, cell by cell", make)


def places(ends: Ends) -> None:
    """List the tested probes by what the source knows of the target's code in them, with the places."""
    found = jobs.require(knowledge(ends))
    if isinstance(found, str):
        widgets.empty("These layers have no places to compare.", found)
        return
    a, b = map(widgets.plain, ends.names)
    told = (
        f"How much of what *{b}* says of each cell follows from what *{a}* says around it: R² = "
        f"**{text.number(found.score, 3)}** of 1, on {len(found.probes)} probes that the fit has not seen. **Asked**: "
        f"where the target's code varies. **Known**: green where {a} foretells it, purple where it misleads. The rows "
        "add up to R². Unlike S this has a direction. Click a row to select the probe."
    )
    with widgets.card("Where the source knows what the target needs", told, key="card-places"):
        indices, clicked = _listed(ends, found)
    evidence.select(indices, clicked)


def _listed(ends: Ends, found: depara.LocalScore) -> tuple[tuple[int, ...], int | None]:
    ranked = found.to_frame()
    shown = evidence.batch(ranked)
    at = [found.place(int(i)) for i in shown.rows["probe"]]
    indices = tuple(int(i) for i in shown.rows["probe"])
    maps = [found.asked[i] for i in at] + [found.known[i] for i in at]
    drawn = contributions.agreement_tiles(ends.probes.images, maps, (*indices, *indices), dark=widgets.dark())
    pictures = [to_png(tile, tiles.COLOURS) for tile in drawn]
    rows = [
        ContributionRow(
            str(place),
            (cache.thumbnail(ends.probes, entry.probe, 112), asked, known),
            (name := ends.probes.names[entry.probe], f"{name}: asked", f"{name}: known"),
            (("S", entry.known),),
            (contributions.thousandths(entry.known), contributions.thousandths(entry.asked)),
            f"{name}, place {place}: known {contributions.thousandths(entry.known)} of "
            f"{contributions.thousandths(entry.asked)} asked",
        )
        for place, entry, asked, known in zip(
            shown.places, shown.rows.itertuples(), pictures[: len(at)], pictures[len(at) :], strict=True
        )
    ]
    clicked = contribution_table(
        "why.places",
        rows,
        pictures=("image", "asked", "known"),
        bar="share of R²",
        texts=("known", "asked"),
        extent=contributions.bar_extent(0 * ranked["known"].to_numpy(), ranked["known"].to_numpy()),
        selected=shown.selected,
        gap=shown.gap,
        label="Probes by what the source knows of the target's code",
    )
    evidence.pager("why.places", shown)
    return indices, clicked
