"""What an address alone may not start: it is told, and begun by a click; a public server refuses it."""

import pytest
from planted_pages import COUNT, GROUPS
from planted_pages import PAGES as ALL

import depara_core as depara
from depara_core.benchmark import benchmarks
from depara_core.pipeline.workload import workload
from depara_core.probes import listing
from depara_core.zoo.claims import download_of, is_here, path_of
from pages.shared import cache, comparisons, consent, uploads
from pages.shared.parts import NO_MODEL, Data

PAGES = ("home", *(page for page in ALL if page not in ("home", "tour")))
FIRST = next(iter(GROUPS))


@pytest.fixture
def wary(open_page, monkeypatch):
    """The app as it starts by itself: no folder is allowed."""
    monkeypatch.delenv("DEPARA_ROOTS")
    return open_page


@pytest.fixture
def touched(monkeypatch):
    """What was looked at on the disk, or loaded."""
    seen = []
    monkeypatch.setattr(cache, "listing", lambda path: seen.append(path) or "")
    monkeypatch.setattr(uploads, "load", lambda *given, **_: seen.append(given[0]) or pytest.fail("loaded"))
    return seen


def words(test):
    blocks = [*test.main.title, *test.main.markdown, *test.main.subheader, *test.main.warning, *test.main.caption]
    return " ".join(block.value for block in blocks).replace("\\", "")


def buttons(test):
    return [button.key for button in test.main.button]


@pytest.mark.parametrize("page", PAGES)
def test_a_link_reads_no_folder(wary, touched, tmp_path, page):
    test = wary(page, probes=str(tmp_path))
    assert touched == []
    assert cache.queue().jobs() == ()
    if page not in ("setup", "home", "evaluate"):
        assert f"Read up to {COUNT} images from {tmp_path}" in words(test).replace("**", "")
        assert "consent.agree" in buttons(test)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("path", ["~no-such-user-here", "~no-such-user-here/x", "/no/such", "/" + "x" * 300, "/proc"])
def test_no_path_breaks_a_page(wary, page, path):
    test = wary(page, probes=path)
    assert test.main.children


def test_a_click_begins_it_and_it_is_not_asked_again(wary, zoo, tmp_path):
    test = wary("models", probes=str(tmp_path))
    assert zoo.asked == []
    test.button(key="consent.agree").click().run()
    assert "consent.agree" not in buttons(test)
    assert "nothing to read" in " ".join(error.value for error in test.error)  # of the planted loader: it was called
    again = wary("graphs", fails=True, probes=str(tmp_path))
    assert "consent.agree" not in buttons(again)


def test_a_folder_below_a_root_is_not_asked_about(open_page, tmp_path, monkeypatch):
    monkeypatch.setenv("DEPARA_ROOTS", str(tmp_path))
    assert consent.of_probes(Data(probes=str(tmp_path / "a"))) == ()
    assert consent.of_probes(Data(probes=str(tmp_path / ".." / "a")))
    assert consent.of_probes(Data(probes="/"))
    assert consent.of_probes(Data(probes="rooms")) == consent.of_probes(Data(probes="upload/abc")) == ()


def test_a_public_server_offers_no_button(wary, monkeypatch, tmp_path):
    monkeypatch.setenv("DEPARA_PUBLIC", "1")
    test = wary("models", probes=str(tmp_path))
    assert "This server reads no such path" in words(test)
    assert "consent.agree" not in buttons(test)
    consent.agree(consent.of_probes(Data(probes=str(tmp_path))))
    assert consent.missing(consent.of_probes(Data(probes=str(tmp_path))))


def test_a_model_at_a_path_is_not_opened_before_it_is_agreed_to(wary, monkeypatch, tmp_path):
    opened = []
    monkeypatch.setattr(cache, "spec", lambda model: opened.append(model) or pytest.fail("opened"))
    model = f"file/{tmp_path}/weights.pth"
    test = wary("models", models=[model])
    assert opened == []
    assert "weights.pth" in words(test)
    assert "consent.agree" in buttons(test)
    assert comparisons.specs((model,))[0] == ()


@pytest.mark.parametrize(
    "model, path",
    [
        ("file//a/b.pth?arch=timm/x", "/a/b.pth"),
        ("python//a/b.py:make?size=3", "/a/b.py"),
        ("python/b.py", "b.py"),
        ("export/~/b.pt2", "~/b.pt2"),
        ("hf/./here", "./here"),
        ("hf//there", "/there"),
        ("hf/facebook/dinov2-small", None),
        ("rooms/normal", None),
        ("torchvision/resnet18@none", None),
        ("", None),
    ],
)
def test_the_path_that_an_id_names(model, path):
    assert path_of(model) == path


def test_weights_that_would_be_downloaded_are_told_with_their_size(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    told = download_of(depara.model("torchvision/vit_h_14"))
    assert told == "torchvision/vit_h_14@IMAGENET1K_SWAG_E2E_V1, about 2,417 MB"
    assert download_of(depara.model("torchvision/vit_h_14@none")) is None
    assert download_of(depara.model("rooms/normal")) is None
    assert download_of(depara.model("taskonomy/normal")).startswith("taskonomy/normal, about 95 MB")
    assert download_of(depara.model("taskonomy/normal@none")) is None
    (tmp_path / "hub" / "checkpoints").mkdir(parents=True)
    (tmp_path / "hub" / "checkpoints" / "resnet18-f37072fd.pth").touch()
    assert download_of(depara.model("torchvision/resnet18@IMAGENET1K_V1")) is None


def test_a_public_server_downloads_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("DEPARA_PUBLIC", "1")
    with pytest.raises(depara.ModelError, match="downloads nothing"):
        depara.model("torchvision/resnet18").open()


def test_the_published_benchmark_asks_before_it_downloads(wary, tmp_path, monkeypatch):
    from pages.evaluate import computed

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    asks = computed.scores("taskonomy", Data(count=8)).asks
    assert len(asks) == len(benchmarks.BENCHMARKS["taskonomy"].models) > 10
    assert computed.scores("rooms", Data(count=100)).asks == ()


def test_long_work_asks_and_short_work_does_not():
    rooms = [depara.model("rooms/normal")] * 20
    assert consent.of_work(workload(rooms, 200, every_layer=False)) == ()
    (ask,) = consent.of_work(workload(rooms, 5000, every_layer=True))
    assert "attributions" in ask.what
    other = depara.model("torchvision/resnet18@none")
    assert consent.of_work(workload([other], 1000, every_layer=True)), "its layers are guessed"
    assert consent.of_work(workload([other], 1000)) == ()


def test_long_work_waits_for_a_click_on_the_page(open_page, zoo, monkeypatch):
    monkeypatch.setattr(consent, "MOST_PIXELS", 10)
    test = open_page("models")
    assert zoo.asked == []
    assert "attributions" in words(test)
    test.button(key="consent.agree").click().run()
    assert len(zoo.asked) == 1
    assert "consent.agree" not in buttons(test)


def test_setup_s_run_is_a_click_that_agrees(open_page, zoo, monkeypatch):
    monkeypatch.setattr(consent, "MOST_PIXELS", 10)
    test = open_page("setup")
    assert zoo.asked == []
    test.button(key="setup.run").click().run()
    assert len(zoo.asked) == 1


def test_what_a_page_asks_about_a_folder_is_bounded():
    assert listing.MOST <= 10_000


def test_whether_weights_are_here_is_told_without_a_download(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert is_here("torchvision/resnet18@IMAGENET1K_V1") is False
    (tmp_path / "hub" / "checkpoints").mkdir(parents=True)
    (tmp_path / "hub" / "checkpoints" / "resnet18-f37072fd.pth").touch()
    assert is_here("torchvision/resnet18@IMAGENET1K_V1")
    assert is_here("timm/resnet18@none")
    assert is_here("rooms/normal")
    assert is_here("export//a/b.pt2") is None


def test_where_all_models_were_taken_away_every_page_says_so(open_page):
    for page in PAGES[1:]:
        test = open_page(page, models=[NO_MODEL])
        assert not test.exception, page
    assert comparisons.specs((NO_MODEL,)) == ((), ((NO_MODEL, "no model is chosen: choose at least two in Setup"),))


def test_a_network_that_fills_the_memory_is_asked_for_though_its_weights_are_random():
    (ask,) = consent.of_opening([depara.model("torchvision/vit_h_14@none"), depara.model("torchvision/resnet18@none")])
    assert ask.what == "open torchvision/vit\\_h\\_14@none, 633 million parameters, 2.5 GB of memory"
