"""When two modules are one network, and when a forward is no fact."""

import types

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from depara_core.errors import ModelError
from depara_core.zoo import behaviour
from depara_core.zoo.behaviour import example_images, fingerprint, in_double
from depara_core.zoo.module import model_from_module


def spec_of(module, **options):
    return model_from_module(module, **{"name": "mine", "input_size": 16} | options)


def digest(module, **options):
    return spec_of(module, **options).open().digest


def net(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Conv2d(3, 8, 5, 2), nn.ReLU(), nn.Conv2d(8, 8, 3, 2))


class Wrapped(nn.Module):
    scale = 1.0

    def __init__(self, function=lambda y: y, **attributes):
        super().__init__()
        self.net, self.function = net(), function
        for name, value in attributes.items():
            setattr(self, name, value)

    def forward(self, x):
        return self.function(self.net(x)) * self.scale


class Buffered(nn.Module):
    def __init__(self, value):
        super().__init__()
        self.net = net()
        self.register_buffer("gain", torch.tensor(value), persistent=False)

    def forward(self, x):
        return self.net(x) * self.gain


class Tensored(Buffered):
    def __init__(self, value):
        super().__init__(1.0)
        self.plain = torch.tensor(value)

    def forward(self, x):
        return self.net(x) * self.plain


def closed_over(value):
    return Wrapped(lambda y: y * value)


def patched(value):
    module = Wrapped()
    module.forward = types.MethodType(lambda self, x: self.net(x) * value, module)
    return module


def hooked(value):
    module = Wrapped()
    module.net[0].register_forward_hook(lambda *args: args[-1] * value)
    return module


def of_a_class(value):
    return type("Wrapped", (Wrapped,), {"scale": value})()


@pytest.mark.parametrize(
    "make",
    [lambda v: Wrapped(scale=v), closed_over, patched, hooked, of_a_class, Buffered, Tensored],
    ids=["attribute", "closure", "patched forward", "hook", "class constant", "buffer", "plain tensor"],
)
def test_what_no_reading_of_code_can_tell_is_told_by_behaviour(make):
    assert digest(make(1.5)) == digest(make(1.5))
    assert digest(make(1.5)) != digest(make(1.5001))


def test_equal_features_with_other_gradients_are_another_network():
    plain = Wrapped(lambda y: y * 1.0)
    straight = Wrapped(lambda y: y.detach() + (y - y.detach()) * 0.5)
    assert digest(plain) != digest(straight)
    half = Wrapped(lambda y: y - 0.25 * y + 0.25 * y.detach())
    assert digest(half) != digest(plain)


def test_comprehensions_and_docstrings_can_be_read():
    class Branches(nn.Module):
        """A docstring."""

        def __init__(self):
            super().__init__()
            self.branches = nn.ModuleList([nn.Conv2d(3, 4, 3), nn.Conv2d(3, 4, 3)])

        def forward(self, x):
            return torch.cat([branch(x) for branch in self.branches], 1)

    assert spec_of(Branches()).open().digest


@pytest.mark.parametrize("shape", [(1,), (0,), (3, 0)])
def test_parameters_without_strides_or_numbers_have_a_digest(shape):
    module = net()
    module.odd = nn.Parameter(torch.tensor(0.5).expand(shape)) if 0 not in shape else nn.Parameter(torch.empty(shape))
    assert digest(module)


def test_a_fingerprint_leaves_the_very_tensors_behind():
    module = Wrapped().eval()
    module.register_buffer("extra", torch.ones(3))
    before = {name: value.data_ptr() for name, value in module.state_dict().items()}
    fingerprint(module, example_images(16))
    assert {name: value.data_ptr() for name, value in module.state_dict().items()} == before
    assert all(value.dtype == torch.float32 for value in module.state_dict().values())
    assert not any(part._forward_hooks for part in module.modules())


def test_a_fingerprint_does_not_depend_on_the_number_of_threads():
    module, threads = net().eval(), torch.get_num_threads()
    found = []
    try:
        for number in (1, 2):
            torch.set_num_threads(number)
            found.append(fingerprint(module, example_images(64)))
    finally:
        torch.set_num_threads(threads)
    assert found[0] == found[1]


def test_a_module_that_only_runs_in_float32_has_a_fingerprint_too(monkeypatch):
    class Single(nn.Module):
        def forward(self, x):
            if x.dtype != torch.float32:
                raise RuntimeError("float32 only")
            return x * 2

    assert digest(Single()) == digest(Single())
    with in_double(net()) as nothing:
        assert nothing is None


def test_a_projection_by_hand(monkeypatch):
    monkeypatch.setattr(behaviour, "WIDTH", 2)
    monkeypatch.setattr(behaviour, "_normal", lambda length, seed: torch.arange(1.0, length + 1))
    # rows (1, 2), (3, 0): times w = (1, 2) they are 5 and 3; times u = (1, 2) that is 11
    assert behaviour._project(torch.tensor([[1.0, 2.0, 3.0]]), 0).tolist() == [11.0]


# --- forwards that are no facts


class Dropped(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = net()

    def forward(self, x):
        return F.dropout(self.inner(x), 0.5)


@pytest.mark.parametrize(
    "module, message",
    [
        (nn.Sequential(net(), Dropped().inner, nn.Flatten()), None),
        (nn.Sequential(nn.Conv2d(3, 3, 1), Dropped()), r"is random in evaluation mode.*module '1' \(Dropped\)"),
        (Dropped(), "random in evaluation mode.*the forward of Dropped itself"),
        (nn.Sequential(net(), nn.BatchNorm2d(8, track_running_stats=False)), r"others in its batch.*'1' \(BatchNorm2d"),
        (Wrapped(lambda y: y - y.mean(0, keepdim=True)), "others in its batch: the forward of Wrapped itself"),
        (Wrapped(lambda y: y.detach()), "cuts gradients off .*no_grad"),
    ],
)
def test_a_forward_that_is_random_or_depends_on_the_batch_is_refused(module, message):
    if message is None:
        module = nn.Sequential(net())
        assert spec_of(module).open()
    else:
        with pytest.raises(ModelError, match=message):
            spec_of(module).open()


def test_inference_mode_inside_a_forward_is_told():
    class Sealed(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = net()

        def forward(self, x):
            with torch.inference_mode():
                return self.net(x)

    with pytest.raises(ModelError, match=r"torch.inference_mode\(\)"):
        spec_of(Sealed()).open()


# --- kinds of modules


def test_wrappers_are_looked_through():
    module = net()
    expected = digest(module)
    compiled = torch.compile(module, backend="eager")
    compiled(torch.rand(1, 3, 16, 16))
    for wrapped in (compiled, nn.DataParallel(module), torch.compile(nn.DataParallel(module), backend="eager")):
        spec = spec_of(wrapped)
        assert spec.layers == ("0", "output")
        assert spec.open().digest == expected
    inside = nn.Sequential(compiled, nn.Conv2d(8, 2, 1))
    assert spec_of(inside).layers == ("0.0", "0.2", "output")


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: torch.jit.script(net()), "is TorchScript"),
        (lambda: nn.Sequential(torch.jit.script(net())), "its part '0' was scripted"),
        (lambda: nn.LazyConv2d(3, 2), "is lazy: 'weight' has no shape yet"),
        (lambda: nn.Conv2d(3, 2, 2, device="meta"), "has no weights: 'weight' lies on the meta device"),
        (lambda: nn.Sequential(torch.ao.nn.quantized.ReLU6()), "is quantised .module '0', ReLU6"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_modules_without_gradients_are_told_by_their_names(make, message):
    with pytest.raises(ModelError, match=message):
        spec_of(make())


def test_what_a_forward_fails_of_is_told():
    class Half(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 2, 1)

        def forward(self, x):
            return self.conv(x.half())

    class Text(nn.Module):
        def forward(self, input_ids=None, pixel_values=None):
            raise ValueError("You have to specify input_ids")

    program = torch.export.export(net().eval(), (torch.rand(1, 3, 16, 16),)).module()
    for module, message in (
        (Half(), "computes in half precision"),
        (Text(), "wants more than images"),
        (program, "exported for a fixed batch"),
    ):
        with pytest.raises(ModelError, match=message):
            spec_of(module).open()


class Detector(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = net()

    def forward(self, x):
        return [{"boxes": one.flatten(1), "labels": one.sum()} for one in self.backbone(x)]


def test_a_detector_is_told_and_its_backbone_works():
    with pytest.raises(ModelError, match=r"is a detector: .* output='backbone'"):
        spec_of(Detector()).open()
    assert spec_of(Detector(), output="backbone").layers == ("backbone.0", "output")


# --- layers


class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x):
        return x + self.b(self.a(x).relu()), None


class Chain(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second, self.last = Pair(), Pair(), nn.Conv2d(3, 2, 1)

    def forward(self, x):
        return self.last(self.second(self.first(x)[0])[0])


def test_blocks_that_return_tuples_are_layers():
    assert spec_of(Chain()).layers == ("first", "second", "output")


def test_parametrised_convolutions_are_layers():
    norms = nn.utils.parametrizations
    module = nn.Sequential(
        norms.spectral_norm(nn.Conv2d(3, 8, 3)), nn.ReLU(), norms.weight_norm(nn.Conv2d(8, 8, 3)), nn.Conv2d(8, 2, 1)
    )
    spec = spec_of(module)
    assert spec.layers == ("0", "2", "output")
    assert spec.open().digest == digest(module)


class Twice(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.head = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 2, 1)
        self.alias = self.head

    def forward(self, x):
        return self.alias(self.conv(self.conv(x).relu())).relu()


def test_a_module_that_runs_twice_is_two_layers_and_one_of_two_names_is_one():
    spec = spec_of(Twice())
    assert spec.layers == ("conv#1", "conv#2", "head", "output")
    network = spec.open()
    assert network.tap("alias")[0] is network.tap("head")[0]
    assert [network.call(name) for name in spec.layers] == [1, 2, None, None]
    assert spec_of(Twice(), layers=["conv#2", "alias"]).layers == ("conv#2", "alias")
    with pytest.raises(ModelError, match=r"computed 2 times. Choose one of its calls: conv#1 to conv#2"):
        spec_of(Twice(), layers=["conv"]).layers  # noqa: B018  read for its effect


class Stage(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Conv2d(3, 3, 1)
        self.blocks = nn.ModuleList([Pair(), Pair()])

    def forward(self, x):
        x = self.down(x)
        for block in self.blocks:
            x = block(x)[0]
        return x


def test_stages_and_the_blocks_in_them_are_layers():
    layers = spec_of(nn.Sequential(Stage(), Stage(), nn.Conv2d(3, 2, 1))).layers
    expected = [name for i in (0, 1) for name in (f"{i}.blocks.0", f"{i}.blocks.1", f"{i}")]
    assert layers == (*expected, "output")


@pytest.mark.parametrize(
    "name, options, member, count",
    [
        ("convnext_atto", {"depths": (1, 2, 1, 1), "dims": (8, 8, 8, 8)}, "stages.1.blocks.1", 4 + 5 + 2),
        ("swin_tiny_patch4_window7_224", {"embed_dim": 24, "depths": (2, 2)}, "layers.1.blocks.1", 2 + 4 + 2),
    ],
)
def test_timm_stages_and_blocks_are_layers(name, options, member, count):
    timm = pytest.importorskip("timm")
    layers = spec_of(timm.create_model(name, **options), input_size=224 if "swin" in name else 64).layers
    assert member in layers
    assert len(layers) == count


# --- inputs and memory


def test_grey_and_oblong_networks_are_adapted_and_say_so():
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(4 * 6 * 14, 2))
    spec = spec_of(module, input_size=(8, 16), mean=(0.5,) * 3, std=(0.5,) * 3)
    assert spec.input_size == 16
    assert "squeezed to 8 x 16 pixels. Note: colours become luminance" in spec.summary
    x = torch.rand(2, 3, 16, 16)
    resized = F.interpolate(x, (8, 16), mode="bilinear", antialias=True)
    grey = 0.299 * resized[:, :1] + 0.587 * resized[:, 1:2] + 0.114 * resized[:, 2:]
    with torch.no_grad():
        torch.testing.assert_close(spec.open().module(x), module(grey))


def test_the_weights_are_in_memory_once():
    spec = spec_of(net())
    one, two = spec.open().module, spec.open().module
    assert one[0].weight.data_ptr() == two[0].weight.data_ptr()
    assert one[0].weight is not two[0].weight
    two.double()  # as a device would, it gives its own parameters other tensors
    assert one[0].weight.dtype == torch.float32


def test_a_module_with_a_computed_tensor_is_copied():
    module = net()
    module.cached = module[0].weight * 2
    assert spec_of(module).layers == ("0", "output")
