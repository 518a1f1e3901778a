"""The tour's first half: from images to one node, one edge, a graph, and both similarities by hand."""

import streamlit as st

from depara_core import tour
from depara_core.drawings import nearest
from depara_core.figures import probe_graphs
from depara_core.figures import tour_steps as pictures
from depara_core.formatting import number, short_name
from depara_core.grids import grid_text
from pages.shared import cache, selection, widgets
from pages.shared.image_table import Cell, Heading, image_grid, image_table, legend
from pages.shared.selection import Pair
from pages.tour.selection import Tour
from pages.tour.step import SIX, Place, Stage, Step, ask, covered, figure, image, strip

OFFERED = 24  # images to choose from


def feature(stage: Stage, view: Place, turn: Place) -> None:
    """Step 1: six images of the learner's choice, and which of them a network finds alike."""
    small, place = stage.small(stage.b), stage.place
    near = nearest(small, place)[:SIX].tolist()
    cosines = [float(small.edges[place, other]) for other in near]
    best = {image(other) for other, cosine in zip(near, cosines, strict=True) if cosine == cosines[0]}
    answered = ask(
        turn,
        "feature",
        f"Which of the other images does **{stage.name(stage.b)}** find most like {image(place)}?",
        [image(other) for other in sorted(near)],
        best,
        f"the feature of {image(near[0])} has cosine {number(cosines[0], 3)} with that of {image(place)}; "
        f"the next, {image(near[1])}, has {number(cosines[1], 3)}.",
    )
    with view, widgets.card("Your six images", "Click an image to put it in the frame.", key="card-six"):
        strip(stage, "tour.six")
        with st.expander("Exchange the framed image for another one"):
            _offer(stage)
    reading = f"From the most to the least alike to {image(place)}, each with the cosine of the two features."
    with view, widgets.card("Which images does each network find alike?", reading, key="card-near"):
        if not answered:
            covered("The order of the images")
            return
        rows = []
        for graph in (stage.b, stage.a):
            part = stage.small(graph)
            row = [
                Cell(
                    cache.thumbnail(stage.probes, stage.six[other], 112),
                    f"{other + 1} · {number(part.edges[place, other], 3)}",
                    image(other),
                )
                for other in nearest(part, place)[:SIX].tolist()
            ]
            rows.append([Cell(None, short_name(graph.model)), *row])
        headings = [Heading("network"), *(Heading(f"{k + 1}.") for k in range(len(near)))]
        image_table("tour.near", headings, rows, size=64, largest=96, label="Images in order of likeness")


def _offer(stage: Stage) -> None:
    offered = [probe for probe in tour.spread(len(stage.probes), OFFERED) if probe not in stage.six]
    pngs = [cache.thumbnail(stage.probes, probe, 96) for probe in offered]
    names = [stage.probes.names[probe] for probe in offered]
    clicked = image_grid("tour.offer", pngs, alts=names, size=72, label="Images to choose from")
    if clicked is not None:
        six = list(stage.six)
        six[stage.place] = offered[clicked]
        selection.update(Tour, images=tuple(map(str, six)))
        selection.update(Pair, probe=offered[clicked])
        st.rerun()


def node(stage: Stage, view: Place, turn: Place) -> None:
    """Step 2: one image's attribution in three networks."""
    place, sources = stage.place, (stage.a, stage.c)
    cosines = [
        float(tour.node_table(graph, stage.b, stage.six, grid=stage.grid)["cosine"].iloc[place]) for graph in sources
    ]
    told = [f"{stage.name(graph)} {number(cosine, 3)}" for graph, cosine in zip(sources, cosines, strict=True)]
    answered = ask(
        turn,
        "node",
        f"Whose map of {image(place)} is more like that of **{stage.name(stage.b)}**?",
        [stage.name(graph) for graph in sources],
        {stage.name(graph) for graph, cosine in zip(sources, cosines, strict=True) if cosine == max(cosines)},
        f"the cosine with the map of {stage.name(stage.b)} is {told[0]} and {told[1]}. "
        "1 would be the same pixels with the same signs, 0 unrelated ones.",
    )
    with (
        view,
        widgets.card(
            "One image, three nodes",
            "Green pixels lengthen the feature, purple ones shorten it, grey ones do not matter. Click another image.",
            key="card-node",
        ),
    ):
        strip(stage, "tour.six")
        probe, dark = stage.six[place], widgets.dark()
        graphs = (stage.b, *sources)
        tiles = cache.overlays(
            stage.probes, graphs, (probe,), signed=True, shared=True, smooth=True, opacity=0.9, dark=dark
        )[0]
        notes = ["the target", *(f"cosine {number(cosine, 3)}" if answered else "cosine ?" for cosine in cosines)]
        cells = [
            Cell(png, note, f"{image(place)} in {graph.model}, {note}", missing=png is None)
            for png, note, graph in zip(tiles, notes, graphs, strict=True)
        ]
        headings = [Heading("image"), *(Heading(short_name(graph.model)) for graph in graphs)]
        whole = Cell(cache.thumbnail(stage.probes, probe, 160), str(place + 1), image(place))
        image_table(
            "tour.maps",
            headings,
            [[whole, *cells]],
            size=104,
            largest=190,
            legend=legend(signed=True, dark=dark),
            label="Attribution maps of one image",
        )


def edge(stage: Stage, view: Place, turn: Place) -> None:
    """Step 3: the cosine of two images' features in two networks, and its rank among all pairs."""
    with view:
        card = widgets.card("One pair of images", "Choose any two of the six.", key="card-edge")
        with card, st.container(horizontal=True):
            first, second = _pair(stage)
        strips = st.container()
    table = tour.edge_table(stage.a, stage.b, stage.six)
    row = int(table.index[(table["i"] == min(first, second)) & (table["j"] == max(first, second))][0])
    pair, names = table.iloc[row], (stage.name(stage.a), stage.name(stage.b))
    higher = names[0] if pair["rank_a"] > pair["rank_b"] else names[1]
    same = pair["rank_a"] == pair["rank_b"]
    answered = ask(
        turn,
        "edge",
        f"Here **{names[0]}** says {number(pair['cosine_a'], 3)}, **{names[1]}** {number(pair['cosine_b'], 3)}. "
        "Compared with its own other pairs, which network finds these two more alike?",
        [*names, "Both the same"],
        {"Both the same" if same else higher},
        f"of {len(table)} pairs this one has rank {pair['rank_a']:g} in {names[0]} and {pair['rank_b']:g} in "
        f"{names[1]} ({len(table)} is the most alike). Each network has a scale of its own, so DEPARA compares ranks, "
        "not cosines.",
    )
    reading = "Every dot is a pair of images; the pair you chose is orange. Further right: more alike to this network."
    with strips, widgets.card("All pairs, in each network", reading, key="card-strips"):
        if not answered:
            covered("The place of your pair among all pairs")
            return
        drawn = pictures.cosine_strips(
            table, row, names=(short_name(stage.a.model), short_name(stage.b.model)), dark=widgets.dark()
        )
        figure(
            drawn,
            "tour.strips",
            f"Cosines of {len(table)} pairs in two networks. The chosen pair has rank "
            f"{pair['rank_a']:g} in {stage.a.model} and {pair['rank_b']:g} in {stage.b.model}.",
        )


def _pair(stage: Stage) -> tuple[int, int]:
    """Choose two of the six; return their places."""
    six, first = stage.six, stage.place
    chosen = selection.read(Pair).other_probe
    second = six.index(chosen) if chosen in six and chosen != six[first] else (first + 1) % len(six)
    for label, field, at, options in (
        ("First image", "probe", first, range(len(six))),
        ("Second image", "other_probe", second, [k for k in range(len(six)) if k != first]),
    ):
        with st.container():
            st.segmented_control(
                label,
                list(options),
                format_func=lambda k: str(k + 1),
                required=True,
                **selection.bind(Pair, field, f"tour.{field}", at, store=six.__getitem__),
            )
            st.image(cache.thumbnail(stage.probes, six[at], 256), width=170, alt=image(at))
    return first, second


def graph(stage: Stage, view: Place, turn: Place) -> None:
    """Step 4: six nodes and all edges, drawn for two networks."""
    count, total = len(stage.six), len(stage.probes)
    edges = len(tour.edge_table(stage.a, stage.b, stage.six))
    ask(
        turn,
        "graph",
        f"How many edges does a graph of {count} images have?",
        [str(n) for n in sorted({count, 2 * count, edges, count * count})],
        {str(edges)},
        f"every image is tied to every other, and an edge has two ends: {count} × {count - 1} / 2 = {edges}. "
        f"The {total} images of the whole comparison have {len(stage.b.ranks):,}.",
    )
    graphs = (stage.small(stage.a), stage.small(stage.b))
    drawings = cache.drawn_beside(graphs, tuple(range(count)), neighbours=count - 1)
    bounds = probe_graphs.extent(*(drawing.positions for drawing in drawings))
    with (
        view,
        widgets.card(
            "Two networks, two graphs",
            "Near and thick: alike. Green: this network ranks the pair higher than the other one does; purple: lower.",
            key="card-graph",
        ),
    ):
        images = stage.probes.images[list(stage.six)]
        for column, part, drawing in zip(st.columns(2), graphs, drawings, strict=True):
            drawn = probe_graphs.network(
                drawing.positions,
                drawing.pairs,
                drawing.strength,
                names=[image(k) for k in range(count)],
                images=images,
                disagreement=drawing.disagreement,
                selected=stage.place,
                bounds=bounds,
                dark=widgets.dark(),
            ).update_layout(height=380)
            with column:
                st.markdown(f"**{stage.name(part)}**")
                figure(
                    drawn,
                    f"tour.graph.{drawings.index(drawing)}",
                    f"Graph of {count} images and {len(drawing.pairs)} edges in {part.model}.",
                )


def nodes_by_hand(stage: Stage, view: Place, turn: Place) -> None:
    """Step 5: six cosines and their mean."""
    cosines = tour.node_table(stage.a, stage.b, stage.six, grid=stage.grid)["cosine"]
    count, score = len(cosines), number(float(cosines.mean()), 3)
    shown = [number(value, 3) for value in tour.adding_up(cosines.to_numpy(), 3)]
    total = number(float(cosines.sum()), 3)
    answered = ask(
        turn,
        "nodes",
        f"Which number is s_V of **{stage.name(stage.a)}** and **{stage.name(stage.b)}**?",
        sorted({score, total, number(float(cosines.max()), 3), number(float(cosines.min()), 3)}),
        {score},
        f"s_V is the mean of the {count} cosines: {total} / {count} = {score}.",
    )
    reading = (
        "Cosine of the two networks' maps of each image. Three decimals, rounded so that the column adds up. "
        f"{grid_text(stage.grid).capitalize()}."
    )
    with view, widgets.card("s_V by hand: compare node by node", reading, key="card-nodes"):
        strip(stage, "tour.six")
        lines = [f"| {image(k)} | :blue[{value}] |" for k, value in enumerate(shown)]
        if answered:
            lines += [f"| sum | {total} |", f"| **s_V** = sum / {count} | :blue[**{score}**] |"]
        names = f"{stage.name(stage.a)} and {stage.name(stage.b)}"
        st.markdown("\n".join([f"| | cosine of {names} |", "|---|---:|", *lines]))
        if not answered:
            covered("The sum")


def edges_by_hand(stage: Stage, view: Place, turn: Place) -> None:
    """Step 6: fifteen ranks against fifteen ranks."""
    table = tour.edge_table(stage.a, stage.b, stage.six)
    total, names = tour.edge_sum(table), (stage.name(stage.a), stage.name(stage.b))
    pairs = [f"{row.i + 1} and {row.j + 1}" for row in table.itertuples()]
    order = table["product"].argsort(kind="stable").to_numpy()
    offered = [pairs[order[k]] for k in tour.spread(len(table), 4)]
    least = table["product"].min()
    worst = table.iloc[int(order[0])]
    answered = ask(
        turn,
        "edges",
        f"About which of these pairs do **{names[0]}** and **{names[1]}** disagree most?",
        sorted(offered),
        {pair for pair, product in zip(pairs, table["product"], strict=True) if product == least},
        f"{pairs[int(order[0])]} has the ranks {worst['rank_a']:g} and {worst['rank_b']:g}, so the smallest product, "
        f"{_exact(least)}. A pair below the middle in one network and above it in the other counts against s_E.",
    )
    reading = f"Rank 1: the least alike of {len(table)} pairs. {total.middle:g} is the middle rank."
    with view, widgets.card("s_E by hand: compare the order of the pairs", reading, key="card-edges"):
        strip(stage, "tour.six")
        heads = ["pair", f"cosine {names[0]}", f"cosine {names[1]}", f"rank {names[0]}", f"rank {names[1]}"]
        rows = [
            [pair, number(row.cosine_a, 3), number(row.cosine_b, 3), f"{row.rank_a:g}", f"{row.rank_b:g}"]
            + ([_exact(row.product)] if answered else [])
            for pair, row in zip(pairs, table.itertuples(), strict=True)
        ]
        if answered:
            heads.append(f"(rank − {total.middle:g}) × (rank − {total.middle:g})")
            rows.append(["**sum**", "", "", "", "", f"**{_exact(total.products)}**"])
        marks = ["---", *["---:"] * (len(heads) - 1)]
        st.markdown("\n".join("| " + " | ".join(cells) + " |" for cells in (heads, marks, *rows)))
        if not answered:
            covered("The arithmetic")
            return
        st.markdown(
            f"The products of a network with itself add up to {total.spread_a:g} and {total.spread_b:g}; "
            f"so s_E = {_exact(total.products)} / √({total.spread_a:g} × {total.spread_b:g}) = "
            f"{_exact(total.products)} / {total.divisor:.6g} = :orange[**{number(total.score, 3)}**]"
            if total.divisor > 0
            else "One network finds all pairs equally alike: it has no order to compare, and s_E is 0."
        )


def _exact(value: float) -> str:
    """Write a multiple of a quarter in full."""
    return f"{value + 0.0:g}".replace("-", "−")


FIRST_HALF = (
    Step(
        "Images in",
        "Images in, feature out",
        "A network turns each image into a *feature*, a long list of numbers. Two images with alike features are alike"
        " **to this network**. No labels are needed.",
        feature,
    ),
    Step(
        "A node",
        "A node: which pixels make the feature?",
        "The node of an image is its attribution map, each pixel times its gradient: **x · d‖F(x)‖ / dx**. "
        "It says where the network looks.",
        node,
    ),
    Step(
        "An edge",
        "An edge: how alike are two images?",
        "The edge between two images is the cosine of their features, **cos(F(x₁), F(x₂))**: "
        "1 is the same direction, 0 unrelated.",
        edge,
    ),
    Step(
        "The graph",
        "The graph: a network, drawn",
        "Nodes and edges together are the network's *deep attribution graph*. "
        "Two networks see the same images, so their graphs can be compared.",
        graph,
    ),
    Step(
        "s_V",
        "s_V: do they look at the same pixels?",
        "The first half of the score: the mean over the images of the cosine of the two maps.",
        nodes_by_hand,
    ),
    Step(
        "s_E",
        "s_E: do they find the same images alike?",
        "The second half: Spearman's correlation of the pairs' ranks. Equal order gives 1, opposite order −1.",
        edges_by_hand,
    ),
)
