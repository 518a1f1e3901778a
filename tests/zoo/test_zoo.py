"""Models: torchvision's registry, weight files, any module, layers in forward order."""

import hashlib
import time
from importlib.metadata import version

import pytest
import torch
from torch import nn
from torchvision import models

from depara_core import zoo
from depara_core.errors import Cancelled, ModelError, OptionError
from depara_core.zoo import downloads, torchvision
from depara_core.zoo.digest import module_digest
from depara_core.zoo.module import model_from_module
from depara_core.zoo.tracing import first_tensor

# --- ids and lists


def test_every_torchvision_classifier_is_listed_and_found_by_its_id():
    listed = {spec.id: spec for spec in zoo.list_models("torchvision")}
    assert {spec.name for spec in listed.values()} == set(models.list_models(module=models))
    for id_, spec in listed.items():
        assert zoo.model(id_) is spec
        assert zoo.model(f"torchvision/{spec.name}") is spec


def test_an_unknown_source():
    with pytest.raises(OptionError, match=r"'nowhere' is unknown\. Expected one of: rooms, torchvision, taskonomy"):
        zoo.list_models("nowhere")


def test_models_that_ship_with_the_library_come_first():
    bundled = [spec.bundled for spec in zoo.list_models()]
    assert bundled == sorted(bundled, reverse=True)
    assert zoo.list_models()[0].source == "rooms"


def test_weights_bring_their_own_view_of_the_image():
    small, large, none = (
        zoo.model(f"torchvision/vit_b_16@{w}") for w in ("IMAGENET1K_V1", "IMAGENET1K_SWAG_E2E_V1", "none")
    )
    assert (small.input_size, large.input_size, none.input_size) == (224, 384, 224)
    assert small.mean == (0.485, 0.456, 0.406)
    assert small.std == (0.229, 0.224, 0.225)
    assert zoo.model("torchvision/inception_v3@none").input_size == 299
    assert zoo.model("torchvision/resnet50@DEFAULT").id == "torchvision/resnet50@IMAGENET1K_V2"
    assert large.name == "vit_b_16@IMAGENET1K_SWAG_E2E_V1"
    assert large.group == "vision_transformer"


@pytest.mark.parametrize(
    "wanted, error, message",
    [
        ("resnet18", ModelError, "Did you mean: torchvision/resnet18"),
        ("torchvision/resnet19", ModelError, "named 'resnet19'. Did you mean: .*torchvision/resnet18"),
        ("torchvision/resnet18@V9", OptionError, "no weights 'V9'. Expected one of: IMAGENET1K_V1, DEFAULT, none"),
        ("torchvision/zzzzzz", ModelError, "The sources are: .*torchvision"),
        ("nowhere/thing", ModelError, "Expected a model id like"),
        ("", ModelError, "Expected a model id like"),
    ],
)
def test_an_unknown_id_says_what_there_is(wanted, error, message):
    with pytest.raises(error, match=message):
        zoo.model(wanted)


def test_a_source_is_added_to_a_plain_dict(monkeypatch):
    spec = model_from_module(nn.Conv2d(3, 2, 1), name="one", input_size=4)
    monkeypatch.setitem(zoo.SOURCES, "module", zoo.Source(lambda: [spec]))
    assert zoo.model("module/one") is spec
    assert spec in zoo.list_models()
    with pytest.raises(ModelError, match=r"There is no model 'module/ones'. Did you mean: module/one"):
        zoo.model("module/ones")


# --- torchvision's layers, from runs without weights

VGG19 = [0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34]
LAYERS = {
    "resnet18": ["conv1", *(f"layer{i}.{j}" for i in (1, 2, 3, 4) for j in (0, 1))],
    "vgg19": [*(f"features.{i}" for i in VGG19), "classifier.0", "classifier.3"],
    "vit_b_32": ["conv_proj", *(f"encoder.layers.encoder_layer_{i}" for i in range(12))],
    "squeezenet1_1": [f"features.{i}" for i in (0, 3, 4, 6, 7, 9, 10, 11)],  # features.12 is "output"
    "mobilenet_v2": ["features.0.0", *(f"features.{i}" for i in range(1, 18)), "features.18.0"],
}
FAMILIES = {  # the family's smallest model: layers it must have, their number with "output"
    "alexnet": ("features.10", 8),
    "convnext_tiny": ("features.1.0", 23),
    "densenet121": ("features.denseblock4", 9),
    "efficientnet_b0": ("features.2.1", 19),
    "googlenet": ("inception4a", 13),
    "inception_v3": ("Mixed_6a", 17),
    "maxvit_t": ("blocks.3.layers.1", 19),
    "mnasnet0_5": ("layers.8.0", 21),
    "mobilenet_v3_small": ("features.11", 15),
    "regnet_x_400mf": ("trunk_output.block4.block4-0", 24),
    "shufflenet_v2_x0_5": ("stage2.0", 19),
    "swin_t": ("features.1.0", 17),
    "swin_v2_t": ("features.7.1", 17),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers_are_blocks_in_forward_order(name):
    assert zoo.model(f"torchvision/{name}").layers == (*LAYERS[name], "output")


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_has_layers(name):
    layers = zoo.model(f"torchvision/{name}").layers
    member, count = FAMILIES[name]
    assert member in layers
    assert len(layers) == len(set(layers)) == count
    assert layers[-1] == "output"


def test_the_families_tested_are_all_there_are():
    tested = {models.get_model_builder(name).__module__ for name in (*LAYERS, *FAMILIES)}
    assert tested == {models.get_model_builder(name).__module__ for name in models.list_models(module=models)}


def capture(network, layers, x):
    """Read `layers` the plain way; return them and what the module itself returns."""
    seen = {}
    for layer in layers:
        module, side = network.tap(layer)
        if side == "input":
            module.register_forward_pre_hook(lambda _, args, layer=layer: seen.update({layer: args[0].clone()}))
        else:
            module.register_forward_hook(
                lambda _, __, out, layer=layer: seen.update({layer: first_tensor(out).clone()})
            )
    with torch.no_grad():
        return seen, network.module(x)


@pytest.mark.parametrize(
    "name, shape", [("squeezenet1_1", (512, 3, 3)), ("shufflenet_v2_x0_5", (1024,)), ("mnasnet0_5", (1280,))]
)
def test_output_is_what_the_head_reads(name, shape):
    spec = zoo.model(f"torchvision/{name}@none")
    network = spec.open()
    x = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    seen, logits = capture(network, spec.layers, x)
    assert set(seen) == set(spec.layers)
    assert all(len(feature) == 2 for feature in seen.values())
    assert tuple(seen["output"].shape[1:]) == shape
    head = network.module.get_submodule(network.taps["output"][0])
    torch.testing.assert_close(head(seen["output"]).flatten(1), logits)


def test_a_network_is_frozen_and_in_evaluation_mode():
    module = zoo.model("torchvision/squeezenet1_1@none").open().module
    assert not any(part.training for part in module.modules())
    assert not any(parameter.requires_grad for parameter in module.parameters())


def test_random_weights_are_always_the_same_and_leave_the_callers_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first = zoo.model("torchvision/shufflenet_v2_x0_5@none").open()
    assert torch.equal(torch.rand(3), expected)
    second = zoo.model("torchvision/shufflenet_v2_x0_5@none").open()
    assert first.digest == second.digest
    assert first.module is not second.module


def test_a_model_with_auxiliary_heads_opens_quietly():
    network = zoo.model("torchvision/googlenet@none").open()
    assert network.taps["output"] == ("fc", "input")


def test_a_layer_that_does_not_exist_is_told():
    with pytest.raises(ModelError, match=r"Layer 'nope' does not exist. Expected one of: features.0, .*output"):
        zoo.model("torchvision/squeezenet1_1@none").open().tap("nope")


# --- weight files, with a folder in the place of the web


@pytest.fixture
def web(tmp_path, monkeypatch):
    """A hub folder of its own, and squeezenet1_1's weights behind a file:// address with the right checksum."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "hub"))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        module = models.squeezenet1_1().eval()
    return publish(tmp_path, monkeypatch, module.state_dict()), module


def publish(tmp_path, monkeypatch, content):
    file = tmp_path / "weights.pth"
    torch.save(content, file)
    file = file.rename(tmp_path / f"squeezenet1_1-{hashlib.sha256(file.read_bytes()).hexdigest()[:8]}.pth")
    monkeypatch.setattr(models.SqueezeNet1_1_Weights.IMAGENET1K_V1.value, "url", file.as_uri())
    return file


def cached(tmp_path):
    return sorted(path.name for path in (tmp_path / "hub").rglob("*") if path.is_file())


def test_weights_are_downloaded_once_then_read_from_the_hub_cache(web, tmp_path):
    remote, module = web
    heard = []
    spec = zoo.model("torchvision/squeezenet1_1")
    network = spec.open(lambda *progress: heard.append(progress))
    size = remote.stat().st_size
    assert heard[-1] == (size, size, f"Downloading {remote.name}")
    assert [done for done, _, _ in heard] == sorted(done for done, _, _ in heard)
    assert cached(tmp_path) == [remote.name]
    remote.unlink()
    again = spec.open(lambda *progress: pytest.fail("nothing is left to download"))
    assert again.digest == network.digest == module_digest(module, version("torchvision"))


def test_without_a_network_the_error_says_which_file_goes_where(web, tmp_path):
    remote, _ = web
    remote.unlink()
    start = time.monotonic()
    with pytest.raises(ModelError) as caught:
        zoo.model("torchvision/squeezenet1_1").open()
    assert time.monotonic() - start < 5
    for part in (remote.name, remote.as_uri(), str(tmp_path / "hub"), "torchvision/squeezenet1_1@none"):
        assert part in str(caught.value)
    assert cached(tmp_path) == []


def test_a_silent_server_is_given_up(monkeypatch, tmp_path):
    def wait(request, timeout):
        assert timeout == downloads.TIMEOUT
        raise TimeoutError("timed out")

    monkeypatch.setattr(downloads, "urlopen", wait)
    with pytest.raises(ModelError, match=r"cannot be downloaded .timed out"):
        downloads.fetch("https://example.invalid/a-00000000.pth", tmp_path, "do without")


def test_a_cancelled_download_leaves_nothing_behind(web, tmp_path):
    def cancel(done, total, message):
        raise Cancelled("enough")

    with pytest.raises(Cancelled):
        zoo.model("torchvision/squeezenet1_1").open(cancel)
    assert cached(tmp_path) == []


def test_damaged_weights_are_refused(web, tmp_path):
    zoo.model("torchvision/squeezenet1_1").open()
    (kept,) = (tmp_path / "hub").rglob("*.pth")
    kept.write_bytes(kept.read_bytes()[:-1])
    with pytest.raises(ModelError, match=r"are damaged: expected sha256 .* Delete the file"):
        zoo.model("torchvision/squeezenet1_1").open()


class Trap:
    def __reduce__(self):
        return pytest.fail, ("a pickle was run",)


def test_a_weight_file_that_is_a_program_is_not_run(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "hub"))
    publish(tmp_path, monkeypatch, {"weight": Trap()})
    with pytest.raises(ModelError, match="no plain tensors"):
        zoo.model("torchvision/squeezenet1_1").open()


def test_weights_of_another_model_are_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "hub"))
    publish(tmp_path, monkeypatch, nn.Linear(2, 2).state_dict())
    with pytest.raises(ModelError, match="do not fit the model 'squeezenet1_1'"):
        zoo.model("torchvision/squeezenet1_1").open()


@pytest.mark.parametrize("zipped", [True, False])
def test_both_file_formats_of_torch_are_read(tmp_path, zipped):
    torch.save(nn.Linear(2, 2).state_dict(), tmp_path / "w.pth", _use_new_zipfile_serialization=zipped)
    assert downloads.check_safe(tmp_path / "w.pth") is None


# --- any module


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.a, self.b = nn.Conv2d(width, width, 3, padding=1), nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x):
        return x + self.b(self.a(x).relu())


class Net(nn.Module):
    """Two blocks, a shared activation, and a head; `wrap` changes what comes out."""

    def __init__(self, wrap=lambda y: y):
        super().__init__()
        self.stem, self.relu = nn.Conv2d(3, 4, 3, stride=2), nn.ReLU()
        self.blocks = nn.Sequential(Block(4), Block(4))
        self.drop, self.head, self.spare = nn.Dropout(0.5), nn.Linear(4, 5), nn.Linear(4, 5)
        self.norm = nn.BatchNorm2d(4)
        self.wrap = wrap

    def forward(self, x):
        x = self.blocks(self.relu(self.norm(self.stem(x))))
        return self.wrap(self.head(self.drop(self.relu(x).mean((2, 3)))))


def spec_of(module, **options):
    return model_from_module(module, **{"name": "mine", "input_size": 16} | options)


def test_a_modules_blocks_and_other_weighted_layers_are_its_layers():
    assert spec_of(Net()).layers == ("stem", "blocks.0", "blocks.1", "output")  # head's output is "output"
    assert spec_of(Net(), output="blocks").layers == ("stem", "blocks.0", "head", "output")
    assert spec_of(Net(), layers=["norm", "output"]).layers == ("norm", "output")
    assert spec_of(Net()).id == "module/mine"


def test_layers_in_place_and_transformers():
    plain = nn.Sequential(
        nn.Conv2d(3, 4, 1), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(64, 3), nn.ReLU(inplace=True)
    )
    assert spec_of(plain, input_size=4).layers == ("0", "3", "output")  # the ReLU changes what "3" yields
    vit = models.VisionTransformer(16, 8, num_layers=3, num_heads=2, hidden_dim=8, mlp_dim=16, num_classes=4)
    assert spec_of(vit).layers == ("conv_proj", *(f"encoder.layers.encoder_layer_{i}" for i in range(3)), "output")


def test_your_module_stays_as_it_is_and_the_copy_is_a_snapshot():
    module = Net().train()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    spec = spec_of(module)
    network, other = spec.open(), spec.open()
    capture(network, spec.layers, torch.rand(2, 3, 16, 16))
    assert all(part.training for part in module.modules())
    assert all(parameter.requires_grad for parameter in module.parameters())
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in module.modules())
    assert not network.module.training
    assert network.module is not other.module
    assert network.digest == other.digest
    with torch.no_grad():
        module.stem.weight.add_(1)
    assert spec.open().digest == network.digest
    assert spec_of(module).open().digest != network.digest


def test_half_precision_modules_are_read_in_float32():
    module = nn.Conv2d(3, 2, 1).half()
    assert spec_of(module).open().module.weight.dtype == torch.float32
    assert module.weight.dtype == torch.float16


@pytest.mark.parametrize("wrap", [lambda y: (y, 1), lambda y: {"out": y}, lambda y: [{"a": None}, (y,)]])
def test_of_a_tuple_or_dict_the_first_tensor_is_the_output(wrap):
    spec = spec_of(Net(wrap))
    assert spec.layers == ("stem", "blocks.0", "blocks.1", "output")
    seen, _ = capture(spec.open(), ["output"], torch.rand(2, 3, 16, 16))
    assert seen["output"].shape == (2, 5)


def test_what_else_the_numbers_depend_on_is_in_the_digest():
    module = Net()
    base = spec_of(module).open().digest
    assert spec_of(module, name="other", layers=["stem"]).open().digest == base
    for change in ({"output": "blocks"}, {"mean": (0.5, 0.5, 0.5)}, {"std": (0.5, 0.5, 0.5)}, {"input_size": 17}):
        assert spec_of(module, **change).open().digest != base


@pytest.mark.parametrize(
    "module, options, message",
    [
        (
            nn.Conv2d(4, 2, 1),
            {},
            r"cannot take its input: .*\(2, 3, 16, 16\).*says: .*to have 4 .*reads 4 channels; an RGB image has 3",
        ),
        (nn.Sequential(nn.Flatten(), nn.Linear(5, 2)), {}, r"the module says: .*2x768 and 5x2"),
        (Net(lambda y: "text"), {}, "The output of 'mine' should be a tensor, .*; it is a str"),
        (Net(lambda y: None), {}, "it is a NoneType"),
        (Net(lambda y: y.argmax(1)), {}, r"float tensor with one row an image.*torch.int64 \(2,\)"),
        (Net(lambda y: y.mean(0)), {}, r"torch.float32 \(5,\)"),
        (Net(), {"layers": ["block.0"]}, "'block.0' does not exist in 'mine'. Did you mean: blocks.0"),
        (Net(), {"layers": ["relu"]}, "Layer 'relu' of 'mine' should be computed once.*2 times"),
        (Net(), {"layers": ["spare"]}, "Layer 'spare'.*0 times"),
        (Net(), {"output": "nowhere"}, "'nowhere' does not exist"),
    ],
)
def test_a_module_that_cannot_be_used_says_why(module, options, message):
    with pytest.raises(ModelError, match=message):
        spec_of(module, **options).open()


@pytest.mark.parametrize(
    "options, message",
    [
        ({"name": " "}, "Expected a name"),
        ({"input_size": 0}, "Expected input_size"),
        ({"mean": (0.5,)}, "Expected mean as three numbers"),
        ({"std": (1.0, 0.0, 1.0)}, "Expected std > 0"),
        ({"layers": "stem"}, "Write \\['stem'\\]"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(OptionError, match=message):
        spec_of(Net(), **options)


# --- digests


def test_a_digest_tells_weights_structure_and_code():
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU())
    same = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU())
    same.load_state_dict(module.state_dict())
    assert module_digest(module) == module_digest(same)
    gelu, strided = nn.Sequential(nn.Conv2d(3, 2, 3), nn.GELU()), nn.Sequential(nn.Conv2d(3, 2, 3, 2), nn.ReLU())
    for changed in (gelu, strided):
        changed.load_state_dict(module.state_dict())
        assert module_digest(changed) != module_digest(module)
    with torch.no_grad():
        same[0].bias[0].add_(1e-6)
    assert module_digest(same) != module_digest(module)


def test_a_digest_tells_two_forwards_of_one_name_apart():
    def make(scale):
        class Scaled(nn.Module):
            if scale == 2:

                def forward(self, x):
                    return 2 * x
            else:

                def forward(self, x):
                    return 3 * x

        return Scaled()

    assert module_digest(make(2)) == module_digest(make(2))
    assert module_digest(make(2)) != module_digest(make(3))


def test_every_kind_of_tensor_has_a_digest():
    for dtype in (torch.float16, torch.bfloat16, torch.int64, torch.bool):
        module = nn.Module()
        module.register_buffer("scalar", torch.ones((), dtype=dtype))
        module.register_buffer("empty", torch.ones(0, dtype=dtype))
        other = nn.Module()
        other.register_buffer("scalar", torch.zeros((), dtype=dtype))
        other.register_buffer("empty", torch.ones(0, dtype=dtype))
        assert module_digest(module) != module_digest(other)


def test_the_layout_of_a_model_is_found_once():
    torchvision._layout.cache_clear()
    zoo.model("torchvision/alexnet").layers  # noqa: B018  read for its effect
    zoo.model("torchvision/alexnet@none").layers  # noqa: B018
    assert torchvision._layout.cache_info().misses == 1


def test_which_of_several_tensors_is_taken_is_named(tmp_path):
    """Tuples, named tuples, mappings and dataclasses, one inside the other."""
    from collections import namedtuple
    from dataclasses import dataclass

    import tiny

    from depara_core.pipeline.graphs import build_graphs
    from depara_core.zoo.tracing import tensor_name

    @dataclass
    class Head:
        loss: object
        logits: torch.Tensor

    x = torch.ones(2, 3)
    Pair = namedtuple("Pair", "aux main")
    for value, name in (
        (x, ""),
        ((None, x), "item 1 of tuple"),
        ({"out": x, "aux": x}, "out of dict"),
        (Pair(None, x), "main of Pair"),
        (Head(None, x), "logits of Head"),
        ({"head": [Head(None, x)]}, "logits of Head, item 0 of list, head of dict"),
        ("words", ""),
    ):
        assert tensor_name(value) == name
        assert first_tensor(value) is (None if value == "words" else x)

    class Classifier(nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(0)
            self.body, self.head = nn.Conv2d(3, 4, 3), nn.Linear(4, 2)

        def forward(self, x):
            return Head(None, self.head(self.body(x).mean((2, 3))))

    spec = model_from_module(Classifier(), name="c", input_size=8)
    for _ in range(2):  # computed, and read from the store
        graphs = build_graphs(spec, tiny.probes(), layers="all", device="cpu", store=tmp_path)
        assert {graph.layer: graph.taken for graph in graphs} == {
            **dict.fromkeys(spec.layers, ""), "output": "logits of Head",
        }  # fmt: skip
