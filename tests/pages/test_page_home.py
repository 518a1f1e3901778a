"""Home: the example is computed from the models at hand, and every state has a way on."""

from dataclasses import replace
from time import sleep

import pytest

from depara_core.errors import Cancelled
from pages.shared import cache, jobs


def markdown(test):
    return " ".join(element.value for element in test.main.markdown)


def test_the_first_visit_computes_the_bundled_zoo_once_and_shows_the_answer(open_page, zoo):
    test = open_page("home", count="8")
    assert "Among 3 sources for *normal*, the highest S has" in markdown(test)
    assert "8 images make 28 pairs: too few to tell" in markdown(test)
    assert "over 8 images" in markdown(test)
    assert len(test.get("plotly_chart")) == 1
    test.run()
    assert len(zoo.asked) == 1
    assert zoo.asked[0][1:3] == (8, "output")


def test_the_score_shown_is_the_sum_of_its_parts(open_page):
    test = open_page("home", lam="2.0")
    rows = dict(
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in markdown(test).split("\n")
        if line.startswith("| :")
    )
    node, edge, total = (float(value.strip(":violet[]* |").replace("−", "-")) for value in rows.values())
    assert total == pytest.approx(node + edge, abs=0.011)


def test_choosing_another_target_changes_the_answer_and_the_address(open_page):
    test = open_page("home")
    test.selectbox(key="home.target").select("rooms/denoising").run()
    assert "*denoising*" in markdown(test)
    assert test.query_params["target"] == "rooms/denoising"


def test_a_click_on_a_bar_puts_its_source_under_the_lens_and_leads_to_why(click, open_page):
    test = open_page("home", target="rooms/normal")
    click(test, "home.ranking", 2, "rooms/denoising")
    assert (test.query_params["source"], test.query_params["target"]) == ("rooms/denoising", "rooms/normal")
    assert "**denoising** against **normal**" in markdown(test)
    links = [link.proto for link in test.get("page_link")]
    (why,) = [link for link in links if link.label.startswith("Why ") and "denoising" in link.label]
    assert "source=rooms%2Fdenoising" in why.query_string
    test.selectbox(key="home.target").select("rooms/denoising").run()  # not the clicked bar's target: the best again
    assert "**denoising** against" not in markdown(test)


def test_the_edge_joins_two_images_even_where_one_comes_twice(open_page, zoo):
    def with_a_copy(graph):
        edges = graph.edges.copy()
        edges[5], edges[:, 5] = edges[0], edges[:, 0]  # room 5 is room 0 once more
        edges[0, 5] = edges[5, 0] = edges[5, 5] = 1
        return replace(graph, edges=edges)

    zoo.change = with_a_copy
    for probe, other in ((0, 5), (5, 0)):
        test = open_page("home", target="rooms/normal", probe=str(probe))
        shown = [image.alt for block in test.main.get("image") for image in block.proto.imgs]
        assert shown[2:4] == [f"room {probe}", f"room {other}"]
    assert "cosine of their features = **1.00**" in markdown(test)


def test_names_of_models_are_shown_as_they_are(open_page):
    test = open_page("home", target="rooms/<b>odd</b> $x$")
    assert r"\<b\>odd\</b\> \$x\$" in markdown(test)


def test_a_model_that_fails_is_listed_and_the_rest_goes_on(open_page, zoo):
    zoo.broken = {"rooms/reshading"}
    zoo.skipped = (("a_b<i>.txt", "not an *image*"),)
    test = open_page("home")
    assert "Among 2 sources" in markdown(test)
    assert "1 model could not be computed" in test.expander[0].label
    assert r"Expected \*finite\* weights\." in test.expander[0].markdown[0].value
    assert r"a\_b\<i\>\.txt" in test.expander[1].markdown[0].value


def test_one_model_has_nothing_to_be_compared_with(open_page):
    test = open_page("home", models="rooms/normal")
    assert "One model has nothing to be compared with." in [element.value for element in test.subheader]


def test_models_that_do_not_exist_lead_to_setup(open_page):
    test = open_page("home", models="rooms/nothing")
    assert "None of the chosen models exists here." in [element.value for element in test.subheader]


def test_probes_that_cannot_be_read_say_so_and_can_be_tried_again(open_page):
    test = open_page("home", fails=True, probes="/nowhere")
    assert "there is nothing to read at" in test.error[0].value
    test.button(key="job-again").click().run()
    assert "there is nothing to read at" in test.error[0].value


def test_a_cancelled_run_waits_until_the_reader_goes_on(open_page, zoo, monkeypatch):
    begun = []

    def cancelled(*args, **options):
        begun.append(options)
        raise Cancelled("stopped")

    with monkeypatch.context() as patched:
        patched.setattr("depara_core.build_graphs", cancelled)
        test = open_page("home")
        assert "Cancelled" in [element.value for element in test.subheader]
        test.run()
        assert "Cancelled" in [element.value for element in test.subheader]
        assert len(begun) == 1
    test.button(key="job-again").click().run()
    assert "Among 3 sources" in markdown(test)


def test_what_is_running_shows_progress_and_can_be_cancelled(open_page, zoo, monkeypatch):
    def slow(specs, probes, *, progress, **options):
        while True:
            progress(3, 12, "normal")
            sleep(0.01)

    monkeypatch.setattr("depara_core.build_graphs", slow)
    monkeypatch.setattr(jobs, "PATIENCE_S", 0.05)
    test = open_page("home")
    assert "Computing 4 models on 12 rooms" in [element.value for element in test.subheader]
    other = open_page("home")  # a second tab finds the same job
    assert len(cache.queue().jobs()) == 1
    other.button(key="job-cancel").click().run()
    (job,) = cache.queue().jobs()
    assert job.wait(10)
    assert job.state == "cancelled"
    assert not job.stopping


def test_a_damaged_address_is_named_and_the_page_still_shows(open_page):
    test = open_page("home", lam="much", colour="red")
    assert len(test.main.warning) == 2
    assert "Among 3 sources" in markdown(test)


def test_the_sidebar_names_the_work_and_shows_the_selected_probe(open_page):
    test = open_page("home", probe="2")
    captions = [element.value for element in test.sidebar.caption]
    assert captions[0] == "4 models · 12 rooms · CPU" or captions[0].endswith("GPU")
    assert "room 2 · 3 of 12" in captions
    test.button(key="probe+1").click().run()
    assert test.query_params["probe"] == "3"


def test_the_gallery_says_what_each_network_does_and_a_click_makes_it_the_target(open_page, tables, monkeypatch):
    drawn = []
    tiles = cache.answer_tiles
    monkeypatch.setattr(cache, "answer_tiles", lambda *a, **k: drawn.append(a) or tiles(*a, **k))
    monkeypatch.setattr(cache, "summary", "What {} does.".format)
    test = open_page("home", target="rooms/normal", probe="3")
    captions = [cell["text"] for row in tables["home.gallery"].rows for cell in row]
    assert "denoising" in captions
    assert drawn[0][1:] == (3, 0)  # the selected room
    assert any("What rooms/normal does" in one.value for one in test.caption)
    tables.click = ("home.gallery", 0, captions.index("denoising"))
    test.run()
    assert test.query_params["target"] == "rooms/denoising"
    assert any("What rooms/denoising does" in one.value for one in test.caption)


def test_the_tooltip_of_a_model_says_what_it_does(open_page, monkeypatch):
    monkeypatch.setattr(cache, "summary", "What {} does.".format)
    test = open_page("home", target="rooms/normal")
    assert "What rooms/normal does" in test.selectbox(key="home.target").help


def test_a_summary_is_the_model_s_own_and_empty_where_there_is_none():
    assert cache.summary("rooms/normal").startswith("Tell which way the surface faces")
    assert cache.summary("nonsense/none") == ""
