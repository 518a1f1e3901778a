"""The tour's step about tasks: what three networks say of one image, and which of them is the target."""

from zlib import crc32

import depara_core as depara
from pages.shared import cache, selection, text, widgets
from pages.shared.image_table import Cell, Heading, image_table
from pages.shared.parts import Data
from pages.tour.stage import Place, Stage, ask, image, strip


def draw(stage: Stage, view: Place, turn: Place) -> None:
    """Show three networks' answers to one image; which one is the target's?"""
    graphs = sorted((stage.a, stage.b, stage.c), key=lambda graph: crc32(graph.model.encode()))
    models = [graph.model for graph in graphs]
    labels, goal = dict(zip(models, ("A", "B", "C"), strict=True)), stage.name(stage.b)
    does = {model: text.plain(cache.summary(model)) or "No description is known." for model in models}
    drawn = _answers(stage, tuple(models))
    told = " ".join(f"**{labels[graph.model]}** is {stage.name(graph)}: {does[graph.model]}" for graph in graphs)
    if len(drawn) == len(models):
        question = f"**{goal}** is asked: *{does[stage.b.model]}* Which of the three answers is its own?"
        answered = ask(turn, "task", question, list(labels.values()), {labels[stage.b.model]}, told)
    else:
        question = f"What has **{goal}** learned to do?"
        answered = ask(turn, "task", question, list(does.values()), {does[stage.b.model]}, told)
    reading = "One image, three trained networks. Click another image."
    with view, widgets.card("Three answers", reading, key="card-task"):
        strip(stage, "tour.six")
        _table(stage, graphs, labels, drawn, answered)


def _answers(stage: Stage, models: tuple[str, ...]) -> dict[str, tuple[bytes, bytes, bytes]]:
    """Return what each network read, said and should have said: of the framed room, or of one where there are none."""
    seed = selection.read(Data).rooms_seed
    scene = 0 if seed is None else stage.six[stage.place]
    return cache.answer_tiles(models, scene, seed or 0, size=160, dark=widgets.dark())


def _table(
    stage: Stage,
    graphs: list[depara.AttributionGraph],
    labels: dict[str, str],
    drawn: dict[str, tuple[bytes, bytes, bytes]],
    answered: bool,
) -> None:
    """Draw the image and the answers side by side, with their names once they are known; below, what is right."""
    shown = [graph for graph in graphs if graph.model in drawn]
    if not shown:
        return
    whole = drawn[shown[0].model][0] if selection.read(Data).rooms_seed is None else None
    picture = whole or cache.thumbnail(stage.probes, stage.six[stage.place], 160)
    names = [f"{labels[graph.model]}: {stage.name(graph)}" if answered else labels[graph.model] for graph in shown]
    says = [Cell(picture, "", image(stage.place))]
    says += [Cell(drawn[graph.model][1], "", f"{name} says") for graph, name in zip(shown, names, strict=True)]
    rows = [says]
    if answered:
        right = [Cell(drawn[graph.model][2], "", f"right for {name}") for graph, name in zip(shown, names, strict=True)]
        rows.append([Cell(None, "right"), *right])
    headings = [Heading("image"), *map(Heading, names)]
    image_table("tour.task", headings, rows, size=96, largest=150, label="What three networks say")
