"""Each model's own crop and interpolation: what the libraries' own transforms show, in maps of the whole square."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

import depara_core as depara
from depara_core.errors import OptionError
from depara_core.probes import model_input
from depara_core.zoo import huggingface, split_view
from depara_core.zoo.adapters import Cropped, margin

SIDE = 200


@pytest.fixture(scope="module")
def probes():
    images = np.random.default_rng(0).integers(0, 256, (3, SIDE, SIDE, 3), dtype=np.uint8)
    return depara.ProbeSet.from_arrays(
        np.stack([np.asarray(Image.fromarray(x).resize((60, 60)).resize((SIDE, SIDE))) for x in images])
    )


def seen_by(spec, probes):
    x = model_input(probes, slice(None), spec)
    window = spec.own_view.window
    return Cropped(window)(x)


def test_torchvision_sees_what_its_own_transforms_show(probes):
    from torchvision.models import ResNet50_Weights

    spec = depara.model("torchvision/resnet50@IMAGENET1K_V2?view=own")
    assert (spec.input_size, spec.own_view.window, spec.interpolation) == (232, 224, "bilinear")
    transforms = ResNet50_Weights.IMAGENET1K_V2.transforms()
    right = torch.stack([transforms(Image.fromarray(image)) for image in probes.images])
    torch.testing.assert_close(seen_by(spec, probes), right, atol=1e-6, rtol=0)


@pytest.mark.parametrize("name", ["resnet50.a1_in1k", "test_vit.r160_in1k"])
def test_timm_sees_what_its_own_transforms_show(probes, name):
    timm = pytest.importorskip("timm")
    spec = depara.model(f"timm/{name}?view=own")
    config = timm.data.resolve_data_config(pretrained_cfg=timm.get_pretrained_cfg(name).to_dict())
    transforms = timm.data.create_transform(**config)
    right = torch.stack([transforms(Image.fromarray(image)) for image in probes.images])
    torch.testing.assert_close(seen_by(spec, probes), right, atol=1e-6, rtol=0)


def test_segmentation_sees_what_its_own_transforms_show(probes):
    from torchvision.models.segmentation import FCN_ResNet50_Weights

    spec = depara.model("torchvision/fcn_resnet50@none?view=own")
    assert (spec.input_size, spec.own_view.window, spec.interpolation) == (520, 520, "bilinear")
    transforms = FCN_ResNet50_Weights.DEFAULT.transforms()
    right = torch.stack([transforms(Image.fromarray(image)) for image in probes.images])
    torch.testing.assert_close(seen_by(spec, probes), right, atol=1e-6, rtol=0)


def test_a_detector_has_no_view_of_its_own_but_its_own_normalisation():
    spec = depara.model("torchvision/ssd300_vgg16@none?view=own")
    assert (spec.id, spec.own_view, spec.input_size) == ("torchvision/ssd300_vgg16@none", None, 224)
    np.testing.assert_allclose(spec.mean, [0.48235, 0.45882, 0.40784])
    np.testing.assert_allclose(spec.std, [1 / 255] * 3)
    assert "resizes images by itself" in spec.summary


@pytest.mark.parametrize("name", ["ViT-B-32@openai", "ViT-B-16-SigLIP@webli", "MobileCLIP-S1@datacompdr"])
def test_open_clip_sees_what_its_own_transforms_show(probes, name):
    """They resize the shorter side, squash or pad: on a square image all of these are one."""
    clip = pytest.importorskip("open_clip")
    spec = depara.model(f"openclip/{name}?view=own")
    told = clip.get_pretrained_cfg(*name.split("@"))
    names = ("mean", "std", "interpolation", "resize_mode")
    transforms = clip.image_transform(spec.input_size, is_train=False, **{one: told[one] for one in names})
    right = torch.stack([transforms(Image.fromarray(image)) for image in probes.images])
    torch.testing.assert_close(seen_by(spec, probes), right, atol=1e-6, rtol=0)


PROCESSORS = {
    "CLIPImageProcessor": {},
    "BitImageProcessor": {"size": {"shortest_edge": 256}, "do_convert_rgb": True},
    "ViTImageProcessor": {},
    "SiglipImageProcessor": {},
    "ConvNextImageProcessor": {"size": {"shortest_edge": 224}, "crop_pct": 0.875},
}


@pytest.mark.parametrize("name", PROCESSORS)
def test_transformers_see_what_their_own_processors_show(probes, name, tmp_path):
    """The slow processors, which use Pillow as the weights' authors did, told by the file that they write."""
    transformers = pytest.importorskip("transformers")
    kind = getattr(transformers, f"{name}Pil", None) or getattr(transformers, name)
    processor = kind(**PROCESSORS[name])
    processor.save_pretrained(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "vit"}')
    spec = depara.model(f"hf/{tmp_path}?view=own")
    right = processor([Image.fromarray(image) for image in probes.images], return_tensors="pt")["pixel_values"]
    torch.testing.assert_close(seen_by(spec, probes), right, atol=1e-5, rtol=0)


def test_a_model_of_timm_in_the_hubs_form_is_read_as_timms(tmp_path):
    timm = pytest.importorskip("timm")
    from safetensors.torch import save_file

    torch.manual_seed(1)
    module = timm.create_model("test_resnet").eval()
    save_file(module.state_dict(), tmp_path / "model.safetensors")
    told = timm.get_pretrained_cfg("test_resnet.r160_in1k").to_dict()
    config = {"architecture": "test_resnet", "num_classes": 1000, "pretrained_cfg": told}
    (tmp_path / "config.json").write_text(json.dumps(config))
    spec, same = depara.model(f"hf/{tmp_path}"), depara.model("timm/test_resnet.r160_in1k")
    assert (spec.input_size, spec.mean, spec.std, spec.own_view) == (160, same.mean, same.std, same.own_view)
    assert spec.group == "test_resnet"
    x = torch.rand(2, 3, 160, 160)
    with torch.no_grad():
        right = module.forward_head(module.forward_features(x), pre_logits=True)
        torch.testing.assert_close(spec.open().module(x), right)


CROP = {"crop_size": {"height": 224, "width": 224}, "do_center_crop": True}
TOLD = {
    "CLIP": ({"size": {"shortest_edge": 224}, "resample": 3, **CROP}, (224, 224, "bicubic")),
    "DINOv2": ({"size": {"shortest_edge": 256}, "resample": 3, **CROP}, (256, 224, "bicubic")),
    "ViT": ({"size": {"height": 224, "width": 224}, "resample": 2}, (224, 224, "bilinear")),
    "ConvNeXt": ({"size": {"shortest_edge": 224}, "crop_pct": 0.875, "resample": 3}, (256, 224, "bicubic")),
    "nothing": ({}, None),
}


@pytest.mark.parametrize("told", TOLD)
def test_an_image_processor_tells_its_view(told):
    config, right = TOLD[told]
    found = huggingface._own_view(config)
    assert found == right or (found.side, found.window, found.interpolation) == right


def test_maps_cover_the_square_and_are_zero_outside_the_crop(probes, tmp_path):
    spec = depara.model("torchvision/squeezenet1_1@none")
    own = spec.seen("own")
    assert own.id == "torchvision/squeezenet1_1@none?view=own"
    assert depara.model(own.id) == own
    assert own.seen("common") is spec
    assert own.seen("own").id == own.id
    assert own.summary == f"{spec.summary} Its own view: 224 of 256 pixels, bilinear."
    inside = np.zeros((256, 256), dtype=bool)
    inside[16:240, 16:240] = True
    for method in ("input_x_gradient", "grad_cam"):
        common, cut = depara.build_graphs([spec, own], probes, method=method, store=tmp_path)
        assert common.weights != cut.weights
        assert cut.maps.shape[-2:] == (256, 256)
        assert np.abs(cut.maps[:, :, ~inside]).max() == 0
        assert np.abs(cut.maps[:, :, inside]).max() > 0
        assert depara.similarity(common, cut).node < 0.999


@pytest.mark.parametrize("method", ["attention_rollout", "attention_relevance"])
def test_the_attention_of_patches_lies_within_the_crop(probes, tmp_path, method):
    pytest.importorskip("timm")
    spec = depara.model("timm/test_vit.r160_in1k")
    own = depara.model("timm/test_vit@none").seen("own")
    assert own.own_view == spec.own_view
    side, window = own.own_view.side, own.own_view.window
    assert side > window
    maps = depara.build_graphs(own, probes, method=method, store=tmp_path)[0].maps
    inside, start = np.zeros((side, side), dtype=bool), margin(side, window)
    inside[start : start + window, start : start + window] = True
    assert maps.shape[-2:] == (side, side)
    assert np.abs(maps[:, :, ~inside]).max() == 0
    assert np.abs(maps[:, :, inside]).max() > 0
    resized = np.stack([np.asarray(Image.fromarray(x).resize((side, side), Image.BICUBIC)) for x in probes.images])
    cut = depara.ProbeSet.from_arrays(resized[:, start : start + window, start : start + window])
    by_hand = depara.build_graphs(own.seen("common"), cut, method=method, store=tmp_path)[0].maps
    np.testing.assert_allclose(maps[:, :, inside], by_hand.reshape(*by_hand.shape[:2], -1), atol=1e-5)


def test_a_crop_is_the_network_on_the_cropped_image(probes, tmp_path):
    spec = depara.model("torchvision/squeezenet1_1@none")
    own = spec.seen("own")
    resized = np.stack([np.asarray(Image.fromarray(x).resize((256, 256), Image.BILINEAR)) for x in probes.images])
    cropped = depara.ProbeSet.from_arrays(resized[:, 16:240, 16:240])
    ours = depara.build_graphs(own, probes, store=tmp_path)[0]
    by_hand = depara.build_graphs(spec, cropped, store=tmp_path)[0]
    np.testing.assert_allclose(ours.maps[..., 16:240, 16:240], by_hand.maps, atol=1e-6)
    np.testing.assert_allclose(ours.edges, by_hand.edges, atol=1e-6)


def test_a_model_without_transforms_of_its_own_stays_the_same():
    assert depara.model("rooms/normal?view=own") == depara.model("rooms/normal")


def test_an_unknown_view_is_told():
    with pytest.raises(OptionError, match="Expected one of: common, own"):
        depara.model("torchvision/resnet18@none?view=mine")
    assert split_view("timm/x?tokens=cls&view=own") == ("timm/x?tokens=cls", "own")
