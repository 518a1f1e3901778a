"""Models by name: timm, transformers, open_clip, checkpoints, programs, Python files; small, and nothing downloaded."""

import json

import pytest
import torch
from torch import nn

import depara_core as depara
from depara_core import zoo
from depara_core.errors import ModelError, OptionError
from depara_core.zoo import catalogue, checkpoints, library
from depara_core.zoo import timm as timm_source
from depara_core.zoo.library import prefix_tokens
from depara_core.zoo.parameters import count_parameters
from depara_core.zoo.spec import evenly_spread
from depara_core.zoo.tokens import select_tokens, told_tokens

pytestmark = pytest.mark.filterwarnings("ignore")  # of the libraries' own


def output_of(spec, seed=0):
    """Return what the network's forward yields on two random images, and these."""
    x = torch.randn(2, 3, spec.input_size, spec.input_size, generator=torch.Generator().manual_seed(seed))
    network = spec.open()
    with torch.no_grad():
        return x, network.module(x), network


def read(network, layer, x):
    from depara_core.attribution.gradients import read_features

    return read_features(network, [layer], x)[layer]


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """An empty hub cache, and a function that puts a file of a repository there."""
    constants = pytest.importorskip("huggingface_hub").constants
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))

    def put(repository, name):
        folder = tmp_path / "hub" / f"models--{repository.replace('/', '--')}"
        (folder / "refs").mkdir(parents=True, exist_ok=True)
        (folder / "refs" / "main").write_text("abc")
        (folder / "snapshots" / "abc").mkdir(parents=True, exist_ok=True)
        return folder / "snapshots" / "abc" / name

    return put


# --- timm


def test_a_random_timm_model_is_always_the_same():
    timm = pytest.importorskip("timm")
    spec = zoo.model("timm/test_vit@none")
    assert spec.id == "timm/test_vit@none"
    assert spec.input_size == 160
    assert spec.group == "vision_transformer"
    _, y, network = output_of(spec)
    assert network.digest == zoo.model("timm/test_vit@none").open().digest
    torch.manual_seed(0)
    module = timm.create_model("test_vit", num_classes=0).eval()
    x, _, _ = output_of(spec)
    torch.testing.assert_close(y, module(x).detach())
    assert spec.layers == ("patch_embed.proj", *(f"blocks.{i}" for i in range(6)), "output")


def test_timms_weights_come_from_the_hubs_cache(hub):
    timm = pytest.importorskip("timm")
    from safetensors.torch import save_file

    spec = zoo.model("timm/test_resnet.r160_in1k")
    with pytest.raises(ModelError, match=r"not on this machine.* hf download timm/test_resnet.r160_in1k .*@none"):
        spec.open()
    torch.manual_seed(3)
    module = timm.create_model("test_resnet").eval()
    save_file(module.state_dict(), hub("timm/test_resnet.r160_in1k", "model.safetensors"))
    x, y, network = output_of(spec)
    with torch.no_grad():
        torch.testing.assert_close(y, module.forward_head(module.forward_features(x), pre_logits=True))
    assert network.digest != zoo.model("timm/test_resnet@none").open().digest


@pytest.mark.parametrize(
    "wanted, error, message",
    [
        ("timm/resnet5O", ModelError, "timm has no model 'resnet5O'. Did you mean: .*timm/resnet50"),
        ("timm/resnet50.nowhere", ModelError, "timm has no weights 'resnet50.nowhere'. It has: .*resnet50.a1_in1k"),
        ("timm/resnet50?what=1", OptionError, "option 'what' .* Expected one of: tokens"),
        ("timm/resnet50?tokens=all_of_them", OptionError, "Expected one of: cls, patches, mean, all"),
    ],
)
def test_unknown_timm_models(wanted, error, message):
    pytest.importorskip("timm")
    with pytest.raises(error, match=message):
        zoo.model(wanted)


def test_tokens_of_a_timm_model():
    pytest.importorskip("timm")
    chosen = {name: zoo.model(f"timm/test_vit@none?tokens={name}") for name in ("cls", "patches", "mean", "all")}
    x, whole, network = output_of(chosen["all"])
    prefix = network.prefix
    assert prefix == 1
    outputs = {name: output_of(spec)[1] for name, spec in chosen.items()}
    torch.testing.assert_close(outputs["cls"], whole[:, 0])
    torch.testing.assert_close(outputs["patches"], whole[:, 1:])
    torch.testing.assert_close(outputs["mean"], whole[:, 1:].mean(1))
    block = read(network, "blocks.2", x)
    own = zoo.model("timm/test_vit@none").open()
    torch.testing.assert_close(read(own, "blocks.2", x), block[:, 1:])
    torch.testing.assert_close(read(chosen["cls"].open(), "blocks.2", x), block[:, 0])
    digests = {spec.open().digest for spec in chosen.values()} | {own.digest}
    assert len(digests) == 5


def test_selecting_tokens_by_hand():
    tokens = torch.arange(6.0).view(1, 3, 2)
    assert select_tokens(tokens, "cls", 1).tolist() == [[0, 1]]
    assert select_tokens(tokens, "cls", 0).tolist() == [[2, 3]]
    assert select_tokens(tokens, "mean", 1).tolist() == [[3, 4]]
    assert select_tokens(tokens, "patches", 1).tolist() == [[[2, 3], [4, 5]]]
    image = torch.zeros(1, 2, 3, 4)
    assert select_tokens(image, "cls", 1) is image
    for choice, prefix, words in (
        ("cls", 1, "the class token of 3 tokens"),
        ("cls", 0, "the mean of the 3 patches of 3 tokens"),
        ("mean", 1, "the mean of the 2 patches of 3 tokens"),
        ("patches", 1, "the 2 patches of 3 tokens"),
        ("patches", 0, ""),
        ("all", 1, ""),
    ):
        assert told_tokens(tokens, choice, prefix) == words
    assert told_tokens(image, "cls", 1) == ""


def test_which_tokens_are_read_is_told(tmp_path):
    pytest.importorskip("timm")
    probes = depara.load_probes("rooms", count=3)
    graphs = depara.build_graphs(
        zoo.model("timm/test_vit@none"), probes, layers=["blocks.2", "output"], store=tmp_path, device="cpu"
    )
    assert [graph.taken for graph in graphs] == ["the 100 patches of 101 tokens", ""]
    assert [graph.feature for graph in graphs] == [(100, 64), (64,)]


def test_blocks_are_at_most_sixteen_evenly_spread():
    names = tuple(f"b{i}" for i in range(31))
    assert evenly_spread(names, 16) == names[::2]
    assert evenly_spread(names[:5], 16) == names[:5]
    assert len(set(evenly_spread(names[:17], 16))) == 16


def test_parameters_are_counted_without_reading_weights(tmp_path):
    pytest.importorskip("timm")
    for name in ("timm/test_vit@none", "torchvision/squeezenet1_1@none", "rooms/normal"):
        assert count_parameters(name) == zoo.model(name).open().parameters
    assert count_parameters("timm/test_resnet.r160_in1k") == zoo.model("timm/test_resnet@none").open().parameters
    (tmp_path / "mine.py").write_text("from torch import nn\ndef make():\n    return nn.Conv2d(3, 4, 3)\n")
    assert count_parameters(f"python/{tmp_path}/mine.py:make?size=16") is None
    with pytest.raises(ModelError, match="timm has no model"):
        count_parameters("timm/nothing")


# --- transformers


def tiny(kind):
    transformers = pytest.importorskip("transformers")
    small = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16}
    sized = {**small, "image_size": 32, "patch_size": 8}
    torch.manual_seed(0)
    match kind:
        case "vit":
            return transformers.ViTModel(transformers.ViTConfig(**sized)), 1
        case "dinov2":
            return transformers.Dinov2Model(transformers.Dinov2Config(**sized)), 1
        case "registers":
            config = transformers.Dinov2WithRegistersConfig(**sized, num_register_tokens=4)
            return transformers.Dinov2WithRegistersModel(config), 5
        case "clip":
            vision = {**sized, "projection_dim": 8}
            text = {**small, "vocab_size": 20, "projection_dim": 8}
            config = transformers.CLIPConfig(text_config=text, vision_config=vision, projection_dim=8)
            return transformers.CLIPModel(config), 1
        case "swin":
            config = transformers.SwinConfig(
                image_size=32, patch_size=4, embed_dim=8, depths=[2, 2], num_heads=[1, 2], window_size=4
            )
            return transformers.SwinModel(config), 0
        case "convnext":
            config = transformers.ConvNextConfig(hidden_sizes=[8, 8], depths=[2, 2], num_stages=2, image_size=32)
            return transformers.ConvNextModel(config), 0
        case "segformer":
            config = transformers.SegformerConfig(
                depths=[1, 1, 1, 1], hidden_sizes=[8, 8, 8, 8], num_attention_heads=[1, 1, 1, 1], image_size=32
            )
            return transformers.SegformerModel(config), 0
        case "siglip":
            return transformers.SiglipVisionModel(transformers.SiglipVisionConfig(**sized)), 0
        case "dinov3":
            config = transformers.DINOv3ViTConfig(**sized, num_register_tokens=4)
            return transformers.DINOv3ViTModel(config), 5
        case "detr":
            backbone = transformers.ResNetConfig(
                embedding_size=8, hidden_sizes=[8, 8, 8, 8], depths=[1, 1, 1, 1], out_features=["stage4"]
            )
            config = transformers.DetrConfig(
                backbone_config=backbone, use_timm_backbone=False, backbone=None, d_model=16, encoder_layers=1,
                decoder_layers=1, encoder_ffn_dim=16, decoder_ffn_dim=16, encoder_attention_heads=2,
                decoder_attention_heads=2, num_queries=3,
            )  # fmt: skip
            return transformers.DetrModel(config), 0
        case "vit_mae":
            return transformers.ViTMAEModel(transformers.ViTMAEConfig(**sized)), 1


def kept(kind, folder):
    model, prefix = tiny(kind)
    model.eval().save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(
        json.dumps({"image_mean": [0.5] * 3, "image_std": [0.25] * 3, "size": {"height": 32, "width": 32}})
    )
    return model, prefix


KINDS = ["vit", "dinov2", "registers", "dinov3", "clip", "siglip", "swin", "convnext", "segformer"]


@pytest.mark.parametrize("kind", KINDS)
def test_transformers_models_from_a_folder(kind, tmp_path):
    model, prefix = kept(kind, tmp_path)
    spec = zoo.model(f"hf/{tmp_path}")
    assert (spec.input_size, spec.mean, spec.std) == (32, (0.5,) * 3, (0.25,) * 3)
    x, y, network = output_of(spec)
    inner = getattr(model, "vision_model", model)
    with torch.no_grad():
        result = inner(x)
    expected = result.last_hidden_state if getattr(result, "pooler_output", None) is None else result.pooler_output
    torch.testing.assert_close(y, expected.flatten(1) if kind != "segformer" else expected)
    assert network.prefix == prefix == prefix_tokens(inner)
    assert len(spec.layers) >= 4
    assert count_parameters(spec.id) == network.parameters
    held = sum(one.numel() for one in model.state_dict().values())
    assert f"weights of {held / 1e6:.1f} M numbers" in spec.summary
    assert network.digest == zoo.model(f"hf/{tmp_path}").open().digest
    for layer in spec.layers:
        assert len(read(network, layer, x)) == 2


def test_a_pooling_that_was_never_trained_is_not_read(tmp_path):
    """AutoModel would make one up for classifiers and autoencoders, whose files hold none."""
    transformers = pytest.importorskip("transformers")
    base, _ = tiny("vit")
    model = transformers.ViTForImageClassification(base.config).eval()
    model.save_pretrained(tmp_path)
    spec = zoo.model(f"hf/{tmp_path}")
    x, y, network = output_of(spec)
    with torch.no_grad():
        torch.testing.assert_close(y, model.vit(x).last_hidden_state[:, 0])
    assert not [name for name, _ in network.module.named_parameters() if "pooler" in name]
    assert count_parameters(spec.id) == network.parameters


def test_weights_that_lack_much_are_refused(tmp_path):
    from safetensors.torch import save_file

    model, _ = kept("vit", tmp_path)
    save_file(
        {k: v for k, v in model.state_dict().items() if "layers.1" not in k and "layer.1" not in k},
        tmp_path / "model.safetensors",
        {"format": "pt"},
    )
    with pytest.raises(ModelError, match="they would be random"):
        zoo.model(f"hf/{tmp_path}").open()


def test_a_detectors_backbone(tmp_path):
    kept("detr", tmp_path)
    spec = zoo.model(f"hf/{tmp_path}")
    _, y, network = output_of(spec)
    assert y.shape == (2, 8, 1, 1)
    assert count_parameters(spec.id) == network.parameters


def test_an_autoencoder_is_read_without_masking(tmp_path):
    model, _ = kept("vit_mae", tmp_path)
    spec = zoo.model(f"hf/{tmp_path}?tokens=all")
    assert count_parameters(spec.id) == spec.open().parameters
    x, y, _ = output_of(spec)
    model.config.mask_ratio = 0.0
    with torch.no_grad():
        sums = model(x, noise=torch.arange(16.0).expand(2, -1)).last_hidden_state
    torch.testing.assert_close(y, sums, atol=1e-5, rtol=1e-4)


def test_hub_names_that_are_not_here(hub, tmp_path):
    pytest.importorskip("transformers")
    with pytest.raises(ModelError, match=r"not in the hub's cache.*hf download facebook/dinov2-small"):
        zoo.model("hf/facebook/dinov2-small")
    with pytest.raises(ModelError, match=r"the folder of a model of transformers; there is none at .*config.json"):
        zoo.model(f"hf/{tmp_path}")
    kept("vit", hub("me/mine", "config.json").parent)
    assert zoo.model("hf/me/mine").open().digest
    assert [spec.id for spec in zoo.list_models("hf")] == ["hf/me/mine"]


def test_pickles_are_read_only_where_asked(tmp_path, monkeypatch):
    kept("vit", tmp_path)
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(ModelError, match=r"safetensors only"):
        zoo.model(f"hf/{tmp_path}").open()
    monkeypatch.setenv("DEPARA_ALLOW_CODE", "0")
    with pytest.raises(ModelError, match="runs no code"):
        zoo.model(f"hf/{tmp_path}?unsafe=1")


def test_a_missing_package_says_what_to_install(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(ModelError, match=r"pip install 'depara-explorer\[timm\]'"):
        zoo.model("timm/resnet18")


# --- open_clip


def test_a_visual_tower(monkeypatch, tmp_path):
    clip = pytest.importorskip("open_clip")
    config = {
        "embed_dim": 8,
        "vision_cfg": {"image_size": 32, "layers": 2, "width": 16, "patch_size": 8, "head_width": 8},
        "text_cfg": {"context_length": 8, "vocab_size": 20, "width": 8, "heads": 1, "layers": 1},
    }
    (tmp_path / "tiny-clip.json").write_text(json.dumps(config))
    clip.add_model_config(tmp_path / "tiny-clip.json")
    spec = zoo.model("openclip/tiny-clip@none")
    assert spec.input_size == 32
    _, y, network = output_of(spec)
    assert y.shape == (2, 8)
    assert network.prefix == 1
    assert [layer for layer in spec.layers if "resblocks" in layer]
    assert count_parameters(spec.id) == network.parameters
    assert network.digest == zoo.model("openclip/tiny-clip@none").open().digest
    with pytest.raises(ModelError, match="has no weights 'openai'"):
        zoo.model("openclip/tiny-clip@openai")
    with pytest.raises(ModelError, match=r"open_clip has no model 'ViT-B-33'. Did you mean: .*ViT-B-32"):
        zoo.model("openclip/ViT-B-33@openai")
    monkeypatch.setattr(pytest.importorskip("huggingface_hub").constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(ModelError, match="not on this machine"):
        zoo.model("openclip/ViT-B-32@openai").open()


# --- checkpoints


def resnet(seed=1):
    timm = pytest.importorskip("timm")
    torch.manual_seed(seed)
    return timm.create_model("test_resnet", num_classes=7).eval()


LAYOUTS = {
    "plain": lambda s: s,
    "state_dict": lambda s: {"state_dict": s, "epoch": 3},
    "lightning": lambda s: {"state_dict": {f"model.{k}": v for k, v in s.items()}, "pytorch-lightning_version": "2"},
    "parallel": lambda s: {"model": {f"module.{k}": v for k, v in s.items()}},
    "compiled": lambda s: {f"module._orig_mod.{k}": v for k, v in s.items()},
    "backbone": lambda s: {f"backbone.{k}": v for k, v in s.items()} | {"head.weight": torch.ones(3)},
    "ema": lambda s: {"state_dict": {k: v * 0 for k, v in s.items()}, "state_dict_ema": s},
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_checkpoints_of_every_layout(layout, suffix, tmp_path):
    module = resnet()
    held, path = LAYOUTS[layout](module.state_dict()), tmp_path / f"mine{suffix}"
    if suffix == ".safetensors":
        if not all(isinstance(value, torch.Tensor) for value in held.values()):
            pytest.skip("a flat file")
        from safetensors.torch import save_file

        save_file(held, path)
    else:
        torch.save(held, path)
    spec = zoo.model(f"file/{path}?arch=timm/test_resnet")
    assert count_parameters(spec.id) == spec.open().parameters
    x, y, _ = output_of(spec)
    with torch.no_grad():
        torch.testing.assert_close(y, module.forward_head(module.forward_features(x), pre_logits=True))


def test_the_architecture_is_guessed_and_said(tmp_path, monkeypatch):
    pytest.importorskip("timm")
    monkeypatch.setattr(checkpoints, "GUESSES", ("timm/test_vit", "timm/test_resnet"))
    torch.save(resnet().state_dict(), tmp_path / "weights.pth")
    spec = zoo.model(f"file/{tmp_path}/weights.pth")
    assert "M numbers. Its architecture was guessed: timm/test_resnet." in spec.summary
    assert count_parameters(spec.id) == spec.open().parameters
    monkeypatch.setattr(checkpoints, "GUESSES", ("timm/test_vit",))
    with pytest.raises(ModelError, match=r"No known architecture fits the file: timm/test_vit comes closest"):
        zoo.model(f"file/{tmp_path}/weights.pth")
    torch.save(resnet().state_dict(), tmp_path / "my-Test_ResNet-best.pth")
    named = zoo.model(f"file/{tmp_path}/my-Test_ResNet-best.pth")
    assert "guessed: timm/test_resnet." in named.summary


def test_what_a_checkpoint_lacks_and_what_it_holds_besides_are_told(tmp_path):
    held = resnet().state_dict()
    assert "Not used: fc.weight, fc.bias." in said(held, tmp_path)
    assert "random" not in said(held, tmp_path)
    del held["bn1.bias"]
    assert "Missing, so random: bn1.bias. Not used: fc.weight, fc.bias." in said(held, tmp_path)
    for name in ("fc.weight", "fc.bias"):
        held[f"x.{name}"] = held.pop(name)
        held[f"y.{name}"] = held[f"x.{name}"].clone()
    assert "Not used: x.fc.weight, y.fc.weight, x.fc.bias and 1 others." in said(held, tmp_path)


def said(held, folder):
    torch.save(held, folder / "w.pth")
    return zoo.model(f"file/{folder}/w.pth?arch=timm/test_resnet").summary


def test_the_last_two_modules_stay_in_memory(monkeypatch):
    pytest.importorskip("timm")
    library._frozen.cache_clear()
    built = []
    make = timm_source.build
    monkeypatch.setattr(timm_source, "build", lambda name, *more: built.append(name) or make(name, *more))
    timm_source.spec.cache_clear()
    specs = [zoo.model(f"timm/{name}@none") for name in ("test_resnet", "test_vit", "test_convnext")]
    for spec in (*specs, *specs[1:]):
        networks = spec.open(), spec.open()
        weights = [next(network.module.parameters()).data_ptr() for network in networks]
        assert weights[0] == weights[1]
    assert built == ["test_resnet", "test_vit", "test_convnext"]
    first = specs[0].layers  # names are kept though the module is not
    assert first == specs[0].layers
    specs[0].open()
    assert built[3:] == ["test_resnet"]
    timm_source.spec.cache_clear()


class Trap:
    def __reduce__(self):
        return pytest.fail, ("a pickle was run",)


def test_checkpoints_that_cannot_be_used(tmp_path):
    pytest.importorskip("timm")
    module = resnet()
    whole = tmp_path / "whole.pth"
    torch.save(module.state_dict(), whole)
    (tmp_path / "cut.pth").write_bytes(whole.read_bytes()[:2000])
    torch.save({"a": Trap()}, tmp_path / "trap.pth")
    torch.save({"epoch": 3}, tmp_path / "empty.pth")
    torch.save(module.state_dict() | {"conv1.weight": torch.full((16, 3, 3, 3), torch.nan)}, tmp_path / "nan.pth")
    for name, message in {
        "absent.pth": "there is none at",
        "cut.pth": "cannot be read: it is damaged",
        "trap.pth": "holds more than tensors, and was not run",
        "empty.pth": "holds no state_dict",
        "nan.pth": "not finite",
        "whole.pth": r"fits [0-9]+% of timm/test_vit; at least 95% must fit. Missing: .*; unexpected: ",
    }.items():
        with pytest.raises(ModelError, match=message):
            zoo.model(f"file/{tmp_path}/{name}?arch=timm/test_vit").open()


def test_a_torchvision_checkpoint(tmp_path):
    from torchvision import models

    torch.manual_seed(0)
    module = models.squeezenet1_1(num_classes=5).eval()
    torch.save(module.state_dict(), tmp_path / "s.pth")
    spec = zoo.model(f"file/{tmp_path}/s.pth?arch=torchvision/squeezenet1_1")
    x, y, _ = output_of(spec)
    with torch.no_grad():
        torch.testing.assert_close(y.flatten(1), module.features(x).flatten(1))


# --- torchvision beside classifiers


@pytest.mark.parametrize("name", ["lraspp_mobilenet_v3_large", "ssdlite320_mobilenet_v3_large"])
def test_backbones_of_segmentation_and_detection(name):
    spec = zoo.model(f"torchvision/{name}@none")
    _, y, _ = output_of(spec)
    assert y.shape[0] == 2
    assert len(spec.layers) > 5


def test_video_is_refused():
    with pytest.raises(ModelError, match="r3d_18 reads clips, not images"):
        zoo.model("torchvision/r3d_18")


# --- programs and Python files


def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3), nn.AdaptiveAvgPool2d(1)).eval()


def exported(path, batch):
    shapes = ({0: torch.export.Dim.DYNAMIC},) if batch > 1 else None
    torch.export.save(torch.export.export(net(), (torch.rand(batch, 3, 16, 16),), dynamic_shapes=shapes), path)


def test_programs_of_torch_export(tmp_path, monkeypatch):
    exported(tmp_path / "good.pt2", 2)
    spec = zoo.model(f"export/{tmp_path}/good.pt2")
    assert spec.input_size == 16
    x, y, _ = output_of(spec)
    torch.testing.assert_close(y, net()(x).detach())
    assert len(spec.layers) >= 2
    exported(tmp_path / "fixed.pt2", 1)
    with pytest.raises(ModelError, match="exported for batches of exactly 1"):
        zoo.model(f"export/{tmp_path}/fixed.pt2")
    torch.jit.save(torch.jit.script(net()), tmp_path / "script.pt")
    with pytest.raises(ModelError, match="is TorchScript"):
        zoo.model(f"export/{tmp_path}/script.pt")
    (tmp_path / "bad.pt2").write_bytes(b"nothing")
    with pytest.raises(ModelError, match=r"no program of torch.export"):
        zoo.model(f"export/{tmp_path}/bad.pt2")
    monkeypatch.setenv("DEPARA_ALLOW_CODE", "0")
    with pytest.raises(ModelError, match="--allow-code"):
        zoo.model(f"export/{tmp_path}/good.pt2")


def test_a_program_of_onnx(tmp_path):
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnx2torch")
    make, module = onnx.helper, net()
    weights = [onnx.numpy_helper.from_array(value.numpy(), name) for name, value in module.state_dict().items()]
    nodes = [
        make.make_node("Conv", ["x", "0.weight", "0.bias"], ["a"], kernel_shape=[3, 3]),
        make.make_node("Relu", ["a"], ["b"]),
        make.make_node("Conv", ["b", "2.weight", "2.bias"], ["c"], kernel_shape=[3, 3]),
        make.make_node("GlobalAveragePool", ["c"], ["y"]),
    ]
    shapes = {"x": ["n", 3, 16, 16], "y": ["n", 4, 1, 1]}
    ends = [make.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape) for name, shape in shapes.items()]
    graph = make.make_graph(nodes, "net", ends[:1], ends[1:], weights)
    onnx.save(make.make_model(graph, opset_imports=[make.make_opsetid("", 13)]), tmp_path / "net.onnx")
    spec = zoo.model(f"export/{tmp_path}/net.onnx?size=16")
    x, y, _ = output_of(spec)
    torch.testing.assert_close(y, module(x).detach())
    assert len(spec.layers) >= 2
    (tmp_path / "bad.onnx").write_bytes(b"nothing")
    with pytest.raises(ModelError, match="cannot be turned into a module with gradients"):
        zoo.model(f"export/{tmp_path}/bad.onnx")


def test_python_files(tmp_path, monkeypatch):
    file = tmp_path / "mine.py"
    file.write_text(
        "from torch import nn\n"
        "def make():\n    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 2, 3))\n"
        "def wrong():\n    return 5\n"
        "def broken():\n    raise ValueError('no')\n"
        "def gone():\n    raise SystemExit(3)\n"
    )
    spec = zoo.model(f"python/{file}:make?size=16")
    assert spec.id == f"python/{file}:make?size=16"
    assert spec.layers == ("0", "output")
    for name, message in {
        "wrong": "it returned int",
        "broken": "ValueError: no",
        "gone": "SystemExit: 3",
        "nothing": "It has: make, wrong",
    }.items():
        with pytest.raises(ModelError, match=message):
            zoo.model(f"python/{file}:{name}")
    monkeypatch.setenv("DEPARA_ALLOW_CODE", "0")
    with pytest.raises(ModelError, match="--allow-code"):
        zoo.model(f"python/{file}:make")


# --- the catalogue


def test_search_needs_every_word_and_is_kept(tmp_path, monkeypatch):
    pytest.importorskip("timm")
    monkeypatch.setattr(catalogue.platformdirs, "user_cache_dir", lambda *_, **__: str(tmp_path))
    monkeypatch.setattr(catalogue, "LISTED", ("rooms", "timm"))
    found = catalogue.search_models("vit dinov2")
    assert "timm/vit_small_patch14_dinov2.lvd142m" in [entry.id for entry in found]
    assert all("vit" in f"{e.id} {e.family}".lower() and "dinov2" in e.id for e in found)
    assert catalogue.search_models("curvature", source="rooms")[0].id == "rooms/curvature"
    monkeypatch.setattr(catalogue, "_entries", lambda source: [] if source == "hf" else pytest.fail("read again"))
    assert len(catalogue.search_models("vit dinov2")) == len(found)
    with pytest.raises(OptionError, match="source 'nowhere' is unknown"):
        catalogue.search_models("vit", source="nowhere")


def test_starter_sets_name_what_there_is():
    pytest.importorskip("timm")
    for ids in catalogue.STARTERS.values():
        assert [zoo.model(one).name for one in ids]
