"""Each model's own crop and interpolation: what the libraries' own transforms show, in maps of the whole square."""

import numpy as np
import pytest
import torch
from PIL import Image

import depara_core as depara
from depara_core.errors import OptionError
from depara_core.probes import model_input
from depara_core.zoo import huggingface, split_view
from depara_core.zoo.adapters import Cropped

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
