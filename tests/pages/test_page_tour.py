"""The tour: every step opens by its link, asks about the live numbers, and says what the core computed."""

import io
import re

import numpy as np
import pytest
from PIL import Image
from planted_pages import GROUPS, comparison, planted_graph

import depara_core as depara
from depara_core import tour as arithmetic
from pages.tour import lecture

NAMES = tuple(GROUPS)
STEPS = 12
make = lecture.segno.make
TITLES = (
    "A task",
    "Images in",
    "A node",
    "An edge",
    "The graph",
    "s_V",
    "s_E",
    "λ",
    "Which model",
    "Which layer",
    "Why does",
    "Does it work",
)
CHOICE = {"source": "rooms/reshading", "target": "rooms/normal", "third": "rooms/denoising"}
SIX = (1, 3, 4, 7, 8, 11)
PICKED = {"images": [str(probe) for probe in SIX]}


def text(app):
    return " ".join(block.value for group in (app.markdown, app.success, app.info) for block in group)


def show(app):
    return app.radio[0].set_value("Just show me").run()


def minus(value):
    return f"{round(float(value), 3) + 0.0:.3f}".replace("-", "−")


def test_the_range_of_the_link_is_the_number_of_steps(open_page):
    from pages.tour import selection, steps

    assert selection.LAST == len(steps.STEPS) == STEPS


def test_a_learner_walks_all_steps(open_page):
    tour = open_page("tour", **CHOICE)
    for step in range(1, STEPS + 1):
        assert tour.title[0].value.startswith(f"{step} · {TITLES[step - 1]}")
        assert len(tour.radio) == 1
        assert not tour.success
        assert not tour.info
        show(tour)
        assert len(tour.info) == 1
        assert not tour.exception
        assert not tour.error
        if step < STEPS:
            tour.button(key="tour.next").click().run()
            assert tour.query_params["step"] == str(step + 1)
    assert "tour.next" not in [button.key for button in tour.button]
    tour.button(key="tour.previous").click().run()
    assert tour.title[0].value.startswith("11 ·")


@pytest.mark.parametrize("step", [2, 6, 12])
def test_a_link_opens_a_step_with_the_choices_of_its_sender(open_page, step):
    tour = open_page("tour", **CHOICE, **PICKED, step=str(step))
    assert tour.title[0].value.startswith(f"{step} · {TITLES[step - 1]}")
    assert tour.selectbox(key="tour.source").value == CHOICE["source"]
    assert tour.selectbox(key="tour.third").value == CHOICE["third"]
    tour.segmented_control(key="tour.step").set_value(1).run()
    assert tour.query_params["images"] == PICKED["images"]
    assert "step" not in tour.query_params


@pytest.mark.parametrize("bad", ["0", "13", "two"])
def test_a_bad_step_is_named_and_the_tour_begins(open_page, bad):
    tour = open_page("tour", **CHOICE, step=bad)
    told = tour.main.warning[0].value
    assert "The address gives step" in told
    assert "from 1 to 12" in told
    assert tour.title[0].value.startswith("1 ·")


def test_networks_that_a_link_names_in_vain_are_said(open_page):
    tour = open_page("tour", **{**CHOICE, "target": "rooms/none", "third": "rooms/nothing"})
    told = " ".join(warning.value for warning in tour.main.warning)
    assert r"'rooms/none', which is no model here" in told.replace("\\", "")
    assert r"'rooms/nothing', which is no model here" in told.replace("\\", "")


def test_bad_images_are_named_and_filled_up(open_page):
    tour = open_page("tour", **CHOICE, images=["3", "3", "99", "x", "²", "5"], step="6")
    assert "picks 2 usable images of the 6" in tour.warning[-1].value
    cosines = arithmetic.node_table(
        planted_graph(CHOICE["source"]), planted_graph(CHOICE["target"]), (3, 5, 0, 2, 4, 7)
    )["cosine"]
    assert minus(cosines.mean()) in tour.radio[0].options


def test_s_v_by_hand_adds_up(open_page):
    tour = open_page("tour", **CHOICE, **PICKED, step="6")
    truth = depara.similarity(*(arithmetic.small(planted_graph(CHOICE[end]), SIX) for end in ("source", "target")))
    assert minus(truth.node) in tour.radio[0].options
    tour.radio[0].set_value(minus(truth.node)).run()
    assert tour.success[0].value.startswith("Yes: s_V is the mean of the 6 cosines")
    shown = [float(number.replace("−", "-")) for number in re.findall(r"image \d \| :blue\[(.*?)\]", text(tour))]
    total = float(re.search(r"\| sum \| (\S+) \|", text(tour))[1].replace("−", "-"))
    assert len(shown) == 6
    assert sum(shown) == pytest.approx(total, abs=1e-9)
    assert total / 6 == pytest.approx(truth.node, abs=1e-3)


def test_s_e_by_hand_adds_up(open_page):
    tour = show(open_page("tour", **CHOICE, **PICKED, step="7"))
    truth = depara.similarity(*(arithmetic.small(planted_graph(CHOICE[end]), SIX) for end in ("source", "target")))
    rows = [line.split("|")[1:-1] for line in text(tour).replace("−", "-").splitlines() if re.match(r"\| \d and", line)]
    assert len(rows) == 15
    products = [(float(row[3]) - 8) * (float(row[4]) - 8) for row in rows]
    assert [float(row[5]) for row in rows] == products
    assert f"**sum** |  |  |  |  | **{sum(products):g}**" in text(tour).replace("−", "-")
    assert sum(products) / 280 == pytest.approx(truth.edge)
    assert f":orange[**{minus(truth.edge)}**]" in text(tour)


def test_a_wrong_answer_is_told_the_reason(open_page):
    tour = open_page("tour", **CHOICE, step="5")
    tour.radio[0].set_value("36").run()
    assert tour.info[0].value.startswith("Not this one: ")
    assert "6 × 5 / 2 = 15" in tour.info[0].value
    tour.radio[0].set_value("15").run()
    assert tour.success[0].value.startswith("Yes: ")


def test_the_ranking_is_covered_until_the_learner_has_predicted(open_page):
    tour = open_page("tour", **CHOICE, step="9")
    assert not any("held against" in caption.value for caption in tour.caption)  # the best source is the answer
    assert not tour.get("plotly_chart")
    show(tour)
    assert len(tour.get("plotly_chart")) == 1


def test_an_answer_is_still_there_when_one_comes_back(open_page):
    tour = open_page("tour", **CHOICE, step="5")
    tour.radio[0].set_value("15").run()
    tour.button(key="tour.next").click().run()
    assert not tour.success
    tour.button(key="tour.previous").click().run()
    assert tour.radio[0].value == "15"
    assert tour.success[0].value.startswith("Yes: ")


def test_the_images_at_first_contrast_and_no_answer_stands_in_their_order(open_page, tables):
    open_page("tour", **CHOICE, step="2")
    a, b = (planted_graph(CHOICE[end]) for end in ("source", "target"))
    six = arithmetic.contrasting(a, b)
    shown = [cell["alt"] for row in tables["tour.six"].rows for cell in row]
    assert shown == [f"image {k + 1}: {comparison().probes.names[probe]}" for k, probe in enumerate(six)]


def test_the_target_s_own_answer_is_the_right_one(open_page):
    tour = open_page("tour", **CHOICE)
    right = []
    for letter in "ABC":
        tour.radio[0].set_value(letter).run()
        right += [letter] if tour.success else []
    assert len(right) == 1
    assert f"**{right[0]}** is normal" in show(tour).info[0].value


def test_the_measured_order_is_shown_after_the_prediction(open_page):
    tour = open_page("tour", **CHOICE, step="12")
    assert not tour.get("plotly_chart")
    show(tour)
    assert "by measured transfer to normal" in tour.info[0].value
    assert len(tour.get("plotly_chart")) == 1


def test_a_hall_sees_a_code_and_turns_the_steps_by_keys(open_page, monkeypatch):
    made = []
    monkeypatch.setattr(lecture.segno, "make", lambda address, **kind: made.append(address) or make(address, **kind))
    monkeypatch.setattr(lecture, "link", lambda: "https://example.org/tour?step=5")
    tour = open_page("tour", **CHOICE, step="5")
    assert not made
    assert not tour.button(key="tour.next").proto.shortcut
    tour.toggle(key="tour.lecture").set_value(True).run()
    assert tour.query_params["lecture"] == "1"
    assert made == ["https://example.org/tour?step=5"]
    assert [tour.button(key=f"tour.{way}").proto.shortcut for way in ("previous", "next")] == ["left", "right"]


def test_a_code_is_a_picture_in_black_and_white():
    picture = np.asarray(Image.open(io.BytesIO(lecture.code("https://example.org/tour?step=5"))).convert("L"))
    assert set(np.unique(picture)) == {0, 255}
    assert picture.shape[0] == picture.shape[1]
    border = 3 * lecture.SCALE
    assert picture[:border].min() == 255  # a quiet zone round it


def test_lambda_moves_both_scores(open_page):
    tour = open_page("tour", **CHOICE, **PICKED, step="8")
    tour.select_slider(key="tour.lam").set_value(5.0).run()
    for end in ("source", "third"):
        sim = depara.similarity(*(arithmetic.small(planted_graph(CHOICE[name]), SIX) for name in (end, "target")))
        assert f":violet[**{minus(sim.total(5.0))}**]" in text(tour)


def test_three_networks_are_needed(open_page):
    tour = open_page("tour", models=list(NAMES[:2]))
    assert "The tour needs three networks; 2" in tour.subheader[0].value
    next(button for button in tour.button if button.label == "Take the bundled networks").click().run()
    assert tour.radio


def test_six_images_are_needed(open_page):
    tour = open_page("tour", **{**CHOICE, "count": "5"})
    assert "The tour needs 6 images; there are 5." in [block.value for block in tour.subheader]
