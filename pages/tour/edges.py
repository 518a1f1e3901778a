"""The tour's steps about edges: one pair of images among all pairs, and s_E by hand."""

import streamlit as st

from depara_core import tour
from depara_core.figures import tour_steps as pictures
from depara_core.formatting import exact, number, short_name
from pages.shared import cache, selection, widgets
from pages.shared.parts import Pair
from pages.tour.stage import Place, Stage, ask, covered, figure, image, strip


def draw(stage: Stage, view: Place, turn: Place) -> None:
    """The cosine of two images' features in two networks, and its rank among all pairs."""
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
            st.image(cache.thumbnail(stage.probes, six[at], 256), width=150, alt=image(at))
    return first, second


def add_up(stage: Stage, view: Place, turn: Place) -> None:
    """Fifteen ranks against fifteen ranks."""
    table = tour.edge_table(stage.a, stage.b, stage.six)
    total, names = tour.edge_sum(table), (stage.name(stage.a), stage.name(stage.b))
    rows = table.to_dict("records")
    pairs = [f"{row['i'] + 1} and {row['j'] + 1}" for row in rows]
    order = table["product"].sort_values(kind="stable").index.tolist()
    offered = [pairs[order[k]] for k in tour.spread(len(table), 4)]
    worst = rows[order[0]]
    least = worst["product"]
    answered = ask(
        turn,
        "edges",
        f"**{names[0]}** and **{names[1]}** disagree most about the pair whose ranks lie farthest on opposite sides of "
        f"the middle, {total.middle:g}: the smallest product. Which of these is it?",
        sorted(offered),
        {pair for pair, row in zip(pairs, rows, strict=True) if row["product"] == least},
        f"{pairs[order[0]]} has the ranks {worst['rank_a']:g} and {worst['rank_b']:g}, so the smallest product, "
        f"{exact(least)}. A pair below the middle in one network and above it in the other counts against s_E.",
    )
    reading = f"Rank 1: the least alike of {len(table)} pairs. {total.middle:g} is the middle rank."
    with view, widgets.card("s_E by hand: compare the order of the pairs", reading, key="card-edges"):
        strip(stage, "tour.six")
        heads = ["pair", f"cosine {names[0]}", f"cosine {names[1]}", f"rank {names[0]}", f"rank {names[1]}"]
        lines = [
            [pair, *(number(row[name], 3) for name in ("cosine_a", "cosine_b"))]
            + [exact(row[name]) for name in ("rank_a", "rank_b", *(["product"] if answered else []))]
            for pair, row in zip(pairs, rows, strict=True)
        ]
        if answered:
            heads.append(f"(rank − {total.middle:g}) × (rank − {total.middle:g})")
            lines.append(["**sum**", "", "", "", "", f"**{exact(total.products)}**"])
        marks = ["---", *["---:"] * (len(heads) - 1)]
        st.markdown("\n".join("| " + " | ".join(cells) + " |" for cells in (heads, marks, *lines)))
        if not answered:
            covered("The arithmetic")
            return
        st.markdown(
            f"The products of a network with itself add up to {total.spread_a:g} and {total.spread_b:g}; "
            f"so s_E = {exact(total.products)} / √({total.spread_a:g} × {total.spread_b:g}) = "
            f"{exact(total.products)} / {total.divisor:.6g} = :orange[**{number(total.score, 3)}**]"
            if total.divisor > 0
            else "One network finds all pairs equally alike: it has no order to compare, and s_E is 0."
        )
