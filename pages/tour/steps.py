"""The steps of the tour: a task, a node, an edge, a graph, a score by hand, a model, a layer, a why, and the truth."""

from collections.abc import Callable
from dataclasses import dataclass

from pages.tour import choice, edges, graph, images, nodes, task, truth, weight, why
from pages.tour.stage import Place, Stage


@dataclass(frozen=True)
class Step:
    """One step: its short name, the question over the page, what it is about, and what draws it."""

    name: str
    title: str
    gist: str
    draw: Callable[[Stage, Place, Place], None]  # the stage, the place of the view, the place of the question
    asks_for_source: bool = False  # the best source is the answer: it is not told beforehand


STEPS = (
    Step(
        "Task",
        "A task: what does a network do?",
        "Each network has learned to answer one question about an image. A new task may start from what one of them "
        "knows: **which one**, is what a transferability score foretells.",
        task.draw,
    ),
    Step(
        "Images",
        "Images in, feature out",
        "A network turns each image into a *feature*, a long list of numbers. Two images with alike features are alike"
        " **to this network**. No labels are needed.",
        images.draw,
    ),
    Step(
        "Node",
        "A node: which pixels make the feature?",
        "The node of an image is its attribution map, each pixel times its gradient: **x · d‖F(x)‖ / dx**. "
        "It says where the network looks.",
        nodes.draw,
    ),
    Step(
        "Edge",
        "An edge: how alike are two images?",
        "The edge between two images is the cosine of their features, **cos(F(x₁), F(x₂))**: "
        "1 is the same direction, 0 unrelated.",
        edges.draw,
    ),
    Step(
        "Graph",
        "The graph: a network, drawn",
        "Nodes and edges together are the network's *deep attribution graph*. "
        "Two networks see the same images, so their graphs can be compared.",
        graph.draw,
    ),
    Step(
        "s_V",
        "s_V: do they look at the same pixels?",
        "The first half of the score: the mean over the images of the cosine of the two maps.",
        nodes.add_up,
    ),
    Step(
        "s_E",
        "s_E: do they find the same images alike?",
        "The second half: Spearman's correlation of the pairs' ranks. Equal order gives 1, opposite order −1.",
        edges.add_up,
    ),
    Step(
        "λ",
        "λ: how much do edges count?",
        "The score is **S = s_V + λ · s_E**. λ weighs what the networks find alike against where they look; "
        "a choice of yours, not a law.",
        weight.draw,
    ),
    Step(
        "Model",
        "Which model should I start from?",
        "The source whose graph is most like the target's. Images are a sample, so every score has an error bar.",
        choice.model,
        asks_for_source=True,
    ),
    Step(
        "Layer",
        "Which layer should I keep?",
        "Every layer has a graph of its own. Keep the source up to the layer most like the target's output, "
        "train the rest.",
        choice.layer,
    ),
    Step(
        "Why",
        "Why does the score say so?",
        "S is a sum, so it splits over the images exactly: no approximation, nothing left over.",
        why.draw,
    ),
    Step(
        "Truth",
        "Does it work?",
        "A score is a promise. Here transfer was *measured*: every frozen encoder served every task through one small "
        "read-out, learned from labelled scenes and tested on fresh ones.",
        truth.draw,
    ),
)
