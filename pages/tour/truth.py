"""The tour's last step: the order of the sources by S beside that by measured transfer."""

from dataclasses import replace

from depara_core import tour
from depara_core.figures.slopes import slopes
from depara_core.formatting import short_name
from depara_core.rank_changes import RankChanges
from pages.shared import cache, comparisons, selection, text, widgets
from pages.shared.parts import Data, Pair
from pages.tour.stage import Place, Stage, ask, covered, figure

HEADS = ("by S", "measured")


def draw(stage: Stage, view: Place, turn: Place) -> None:
    """Where in the measured order stands the source that S chose?"""
    with view:
        comparison = comparisons.require(selection.read(Data), layers="output")
    goal, target = stage.name(stage.b), stage.b.model
    found = None
    if comparison.graph(target) is not None and len(comparison.models) > 1:
        ranked = cache.ranking(comparison.matrix, target, stage.lam)
        found = tour.measured_places(ranked, cache.measured_transfer(), target)
    if found is None:
        with view:
            what = f"No transfer to {short_name(target)} was measured for these networks."
            widgets.empty(what, "Take the bundled networks, or bring your own results on Evaluate.", page="evaluate")
        return
    sources, places = found
    chosen, place, count = text.model(sources[0]), places[0], len(sources)
    best = text.model(sources[places.index(1)])
    answers = ["the best of all", "among the best three", "among the better half", "among the worse half"]
    right = answers[0 if place == 1 else 1 if place <= 3 else 2 if place <= count / 2 else 3]
    because = (
        f"{chosen}, first by S, is place {place} of {count} by measured transfer to {goal}; the best measured is "
        f"{best}. One target proves nothing: Evaluate counts all of them, with intervals and rivals."
    )
    question = f"By S one should start from **{chosen}** for **{goal}**. How good was it when it was measured?"
    answered = ask(turn, "truth", question, answers, {right}, because)
    reading = (
        f"Places of {count} sources for {goal}: by S on these images, and by measured transfer. Violet: they differ."
    )
    with view, widgets.card("The promise and the measurement", reading, key="card-truth"):
        if not answered:
            covered("The measured order")
            return
        drawn = slopes(RankChanges((stage.lam, stage.lam), sources, places), heads=HEADS, dark=widgets.dark())
        figure(drawn, "tour.truth", because)
        there = replace(selection.read(Pair), target=target)
        selection.link(
            "evaluate", "Does the score tell the truth, over all targets?", there, icon=widgets.ICONS["evaluate"]
        )
