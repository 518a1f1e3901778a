"""Grad-CAM, attention rollout and relevance, occlusion: by hand, and against captum and slow references."""

import warnings

import captum.attr
import pytest
import tiny
import torch
from torch import nn

from depara_core import zoo
from depara_core.attribution.methods import METHODS
from depara_core.attribution.objective import objective_values
from depara_core.attribution.occlusion import patches
from depara_core.errors import ModelError
from depara_core.extraction.numerics import exact_float32
from depara_core.zoo.spec import Network

OUTPUT = ("output",)


def images(count=2, size=tiny.SIZE, seed=1):
    return torch.randn(count, 3, size, size, generator=torch.Generator().manual_seed(seed))


def run(net, method, x, layers=OUTPUT, objective="l2_norm"):
    with exact_float32(), METHODS[method].open(net, layers, objective) as attribute:
        return attribute(x)


# --- Grad-CAM


@pytest.mark.parametrize("objective", ["l2_norm", "mean"])
@pytest.mark.parametrize("layer", ["bn2", "head_in", "output"])
def test_grad_cam_agrees_with_captum(layer, objective):
    net, x = tiny.shared_relu(), images()
    m = net.module

    class Unshared(nn.Module):
        def __init__(self):
            super().__init__()
            self.m, self.last = m, nn.Identity()

        def forward(self, x):
            x = m.bn1(m.conv1(x)).relu()
            y = m.bn2(m.conv2(x))
            if layer == "bn2":
                return objective_values(self.last(y), objective)
            z = self.last((y + x).relu()).flatten(1)
            return objective_values(m.head(z).relu() if layer == "output" else z, objective)

    twin = Unshared()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cam = captum.attr.LayerGradCam(twin, twin.last).attribute(x, relu_attributions=True)
    wanted = captum.attr.LayerAttribution.interpolate(cam, x.shape[2:], "bilinear").expand_as(x).detach()
    _, maps = run(net, "grad_cam", x, ("bn2", "head_in", "output"), objective)
    torch.testing.assert_close(maps[layer], wanted, atol=1e-6, rtol=1e-4)


def test_grad_cam_by_hand():
    """F = mean of (2a - b) over four places, a = red, b = green: weights 1/2 and -1/4, so the map is (2r - g) / 4."""
    conv = nn.Conv2d(3, 2, 1, bias=False)
    head = nn.Conv2d(2, 1, 1, bias=False)
    with torch.no_grad():
        conv.weight[:] = torch.tensor([[1.0, 0, 0], [0, 1.0, 0]]).view(2, 3, 1, 1)
        head.weight[:] = torch.tensor([2.0, -1.0]).view(1, 2, 1, 1)
    module = nn.Sequential(conv, nn.Sequential(nn.AdaptiveAvgPool2d(1), head), nn.Flatten())
    x = torch.zeros(1, 3, 2, 2)
    x[0, 0] = torch.tensor([[1.0, 2], [3, 4]])
    x[0, 1] = torch.tensor([[4.0, 0], [0, 0]])
    _, maps = run(tiny.network(module), "grad_cam", x, objective="mean")
    raw = torch.tensor([[2.0 * 1 - 4, 4], [6, 8]]).clamp(min=0) / 4  # gradients of the mean: 2/4 and -1/4 a place
    torch.testing.assert_close(maps["output"][0, 0], raw)


def test_grad_cam_reads_channels_last_too():
    class Last(nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(0)
            self.conv, self.head = nn.Conv2d(3, 5, 3, padding=1), nn.Linear(5, 3)

        def forward(self, x):
            return self.head(self.conv(x).permute(0, 2, 3, 1))

    module, x = Last(), images()
    _, maps = run(tiny.network(module), "grad_cam", x)
    feature = module(x).permute(0, 3, 1, 2).detach()
    weights = (feature / feature.flatten(1).norm(dim=1).view(-1, 1, 1, 1)).mean((2, 3), keepdim=True)
    torch.testing.assert_close(maps["output"][:, 0], (weights * feature).sum(1).clamp(min=0))


def test_grad_cam_says_where_it_does_not_apply():
    pytest.importorskip("timm")
    vit = zoo.model("timm/test_vit@none").open()
    with pytest.raises(ModelError, match=r"needs the map of a convolution; layer 'output' .* tokens.*rollout"):
        run(vit, "grad_cam", images(1, 160))
    flat = nn.Sequential(nn.Flatten(), nn.Linear(3 * 64, 4))
    with pytest.raises(ModelError, match=r"is computed from none\. Take occlusion"):
        run(tiny.network(flat), "grad_cam", images())


# --- occlusion


@pytest.mark.parametrize("size", [8, 16, 20])
def test_occlusion_is_captums_and_the_slow_loops(size):
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten()).eval()
    x = images(2, size)
    _, maps = run(tiny.network(module), "occlusion", x)
    slow = torch.zeros_like(x)
    with torch.no_grad():
        for i in range(len(x)):
            for rows, columns in patches(size, size):
                covered = x[i : i + 1].clone()
                covered[..., rows, columns] = 0
                slow[i, :, rows, columns] = module(x[i : i + 1]).norm() - module(covered).norm()
    torch.testing.assert_close(maps["output"], slow, atol=1e-6, rtol=1e-4)
    side = -(-size // 8)
    if size % 8 == 0:
        occlusion = captum.attr.Occlusion(lambda x: objective_values(module(x), "l2_norm"))
        wanted = occlusion.attribute(x, sliding_window_shapes=(3, side, side), strides=(3, side, side))
        torch.testing.assert_close(maps["output"], wanted.detach(), atol=1e-5, rtol=1e-4)


def test_patches_cover_every_pixel_once():
    for size in (3, 8, 20, 224, 225):
        seen = torch.zeros(size, size)
        for rows, columns in patches(size, size):
            seen[rows, columns] += 1
        assert (seen == 1).all()


def test_occlusion_needs_no_gradient():
    class Steps(nn.Module):
        def forward(self, x):
            return (x > 0).float().flatten(1)

    _, maps = run(tiny.network(Steps()), "occlusion", images(), objective="mean")
    x = images()
    torch.testing.assert_close(maps["output"], (x > 0).float().mean(1, keepdim=True).expand_as(x) / 64)


# --- attention


class Tokens(nn.Module):
    """A transformer of two blocks written out, with attention weights that a test can read."""

    def __init__(self, read, kind="softmax"):
        super().__init__()
        torch.manual_seed(0)
        self.embed, self.cls = nn.Conv2d(3, 6, 2, 2), nn.Parameter(torch.randn(1, 1, 6))
        self.qkv = nn.ModuleList(nn.Linear(6, 18) for _ in range(2))
        self.out = nn.ModuleList(nn.Linear(6, 6) for _ in range(2))
        self.norm = nn.Identity()
        self.read, self.kind, self.kept = read, kind, []

    def attend(self, block, x):
        q, k, v = self.qkv[block](x).unflatten(-1, (3, 2, 3)).permute(2, 0, 3, 1, 4)
        if self.kind == "fused":
            y = nn.functional.scaled_dot_product_attention(q, k, v)
        else:
            weights = (q @ k.transpose(-2, -1) / 3**0.5).softmax(-1)
            self.kept.append(weights)
            y = weights @ v
        return self.out[block](y.transpose(1, 2).flatten(2))

    def forward(self, x):
        self.kept = []
        x = self.embed(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(len(x), -1, -1), x], 1)
        for block in range(2):
            x = x + self.attend(block, x)
        x = self.norm(x)
        return x[:, 0] if self.read == "cls" else x[:, 1:].mean(1)


def slow_flow(module, x, method, read):
    """One image at a time, by the papers' equations."""
    grids = []
    for image in x:
        feature = module(image[None].requires_grad_())
        gradients = torch.autograd.grad(feature.norm(), module.kept)
        flow = torch.eye(17)
        for weights, gradient in zip(module.kept, gradients, strict=True):
            if method == "attention_rollout":
                step = 0.5 * weights[0].mean(0) + 0.5 * torch.eye(17)
                flow = (step / step.sum(-1, keepdim=True)) @ flow
            else:
                flow = flow + (weights * gradient)[0].clamp(min=0).mean(0) @ flow
        if method == "attention_relevance":
            flow = flow - torch.eye(17)
        row = flow[0] if read == "cls" else flow[1:].mean(0)
        grids.append(row[1:].reshape(1, 1, 4, 4).detach())
    return nn.functional.interpolate(torch.cat(grids), x.shape[2:], mode="bilinear").expand_as(x)


@pytest.mark.parametrize("kind", ["softmax", "fused"])
@pytest.mark.parametrize("read", ["cls", "mean"])
@pytest.mark.parametrize("method", ["attention_rollout", "attention_relevance"])
def test_attention_methods_are_the_papers(method, read, kind):
    x = images(3)
    features, maps = run(tiny.network(Tokens(read, kind)), method, x)
    slow = Tokens(read)
    torch.testing.assert_close(maps["output"], slow_flow(slow, x, method, read), atol=1e-6, rtol=1e-4)
    torch.testing.assert_close(features["output"], slow(x).detach(), atol=1e-6, rtol=1e-4)


def test_a_layer_takes_the_attention_before_it_and_no_other():
    net = tiny.network(
        Tokens("cls"), {"embed": ("embed", "output"), "out": ("out.0", "output"), "output": ("", "output")}
    )
    x = images()
    _, maps = run(net, "attention_rollout", x, ("embed", "out", "output"))
    assert (maps["embed"] == 1).all()
    first = Tokens("cls")
    first(x)
    step = (first.kept[0].mean(1) + torch.eye(17)) / 2
    grid = step.mean(1)[:, 1:].reshape(-1, 1, 4, 4).detach()
    wanted = nn.functional.interpolate(grid, x.shape[2:], mode="bilinear").expand_as(x)
    torch.testing.assert_close(maps["out"], wanted)
    _, alone = run(net, "attention_rollout", x, ("output",))
    torch.testing.assert_close(maps["output"], alone["output"])
    assert not run(net, "attention_relevance", x, ("embed",))[1]["embed"].any()


def test_rollout_does_not_follow_the_objective_and_relevance_does():
    net, x = tiny.network(Tokens("cls")), images()
    rolled = [run(net, "attention_rollout", x, objective=objective)[1]["output"] for objective in ("l2_norm", "mean")]
    assert torch.equal(*rolled)
    told = [run(net, "attention_relevance", x, objective=objective)[1]["output"] for objective in ("l2_norm", "mean")]
    assert not torch.allclose(*told)


def vit():
    from torchvision.models import VisionTransformer

    torch.manual_seed(0)
    module = VisionTransformer(32, 8, num_layers=2, num_heads=2, hidden_dim=8, mlp_dim=8, num_classes=4).eval()
    nn.init.normal_(module.heads.head.weight)
    return tiny.network(module), 32


def timm_vit():
    pytest.importorskip("timm")
    return zoo.model("timm/test_vit@none").open(), 160


def timm_pooled():
    timm = pytest.importorskip("timm")
    torch.manual_seed(0)
    return tiny.network(timm.create_model("test_vit", num_classes=0, global_pool="map", class_token=False)), 160


def hf_vit():
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    small = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16}
    config = transformers.Dinov2WithRegistersConfig(**small, image_size=32, patch_size=8, num_register_tokens=4)
    module = transformers.Dinov2WithRegistersModel(config).eval()
    net = tiny.network(module, {"output": ("encoder.layer.1", "output")})
    return Network(module, net.taps, net.digest, "patches", 5), 32


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("make", [vit, timm_vit, timm_pooled, hf_vit])
@pytest.mark.parametrize("method", ["attention_rollout", "attention_relevance"])
def test_attention_methods_on_the_libraries_own(make, method):
    net, size = make()
    x = images(2, size)
    features, maps = run(net, method, x)
    plain, _ = run(net, "input_x_gradient", x)
    torch.testing.assert_close(features["output"], plain["output"], atol=1e-5, rtol=1e-4)
    assert maps["output"].shape == x.shape
    assert (maps["output"] >= 0).all()
    assert maps["output"].flatten(1).std(1).min() > 0
    _, alone = run(net, method, x[1:])
    torch.testing.assert_close(maps["output"][1:], alone["output"], atol=1e-6, rtol=1e-3)


def test_multi_head_attention_is_torchs_own():
    """With and without biases and masks, weights wanted or not: the same numbers as the module's."""
    from depara_core.attribution.attention_calls import AttentionCalls

    torch.manual_seed(0)
    x = torch.randn(2, 5, 8)
    seen = torch.rand(5, 5) > 0.3
    seen.fill_diagonal_(True)
    for bias, mask in ((True, None), (False, ~seen), (True, torch.randn(5, 5))):
        part = nn.MultiheadAttention(8, 2, bias=bias, batch_first=True).eval()
        for parameter in part.parameters():
            nn.init.normal_(parameter)
        wanted, weights = part(x, x, x, attn_mask=mask, average_attn_weights=False)
        with AttentionCalls() as calls:
            found, _ = part(x, x, x, attn_mask=mask, need_weights=False)
            _, mean = part(x, x, x, attn_mask=mask)
        torch.testing.assert_close(found, wanted)
        torch.testing.assert_close(calls.of(2)[0], weights)
        torch.testing.assert_close(mean, weights.mean(1))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "name, words",
    [
        ("test_resnet", "no attention was seen"),
        ("swin_tiny_patch4_window7_224", r"attention is kept within 64 windows of 49 tokens"),
        ("pvt_v2_b0", r"call 1 of attention is 3136 x 49 tokens"),
    ],
)
def test_attention_methods_say_where_they_do_not_apply(name, words):
    timm = pytest.importorskip("timm")
    net = tiny.network(timm.create_model(name, num_classes=0).eval())
    for method in ("attention_rollout", "attention_relevance"):
        with pytest.raises(ModelError, match=rf"{method} needs a transformer.*{words}.*Take grad_cam"):
            run(net, method, images(1, 224))
