"""Why a module cannot be attributed, by its true name."""

import re

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from depara_core.errors import ModelError


def refuse_unusable(module: nn.Module, name: str) -> None:
    """Raise where a module can be told to be unusable before it runs."""
    parts = list(module.named_modules())
    scripted = [path for path, part in parts if isinstance(part, torch.jit.ScriptModule)]
    if scripted:
        where = f"its part {scripted[0]!r}" if scripted[0] else "it"
        raise ModelError(
            f"{name!r} is TorchScript ({where} was scripted or traced): its inner layers can be neither read nor "
            "attributed. Give the torch.nn.Module that it was made from, or a program of torch.export (.pt2)."
        )
    tensors = [*module.named_parameters(), *module.named_buffers()]
    lazy = [key for key, value in tensors if is_lazy(value)]
    if lazy:
        raise ModelError(
            f"{name!r} is lazy: {lazy[0]!r} has no shape yet. Run the module once on an image, then give it again."
        )
    without = [key for key, value in tensors if value.device.type == "meta"]
    if without:
        raise ModelError(
            f"{name!r} has no weights: {without[0]!r} lies on the meta device. Load them first, for instance with "
            "module.to_empty(device='cpu') and load_state_dict."
        )
    quantised = [path for path, part in parts if _is_quantised(part)]
    if quantised:
        raise ModelError(
            f"{name!r} is quantised (module {quantised[0]!r}, {type(dict(parts)[quantised[0]]).__name__}): integers "
            "have no gradients. Give the floating-point model that it was made from."
        )


def _is_quantised(part: nn.Module) -> bool:
    place = type(part).__module__
    known = "quantized" in place.split(".") or "bitsandbytes" in place or place.startswith("torchao.")
    return known or any(value.dtype in (torch.int8, torch.uint8) for value in part.parameters(recurse=False))


def failed_run(module: nn.Module, name: str, shape: tuple[int, ...], error: Exception) -> ModelError:
    """Return what is to be said where `module` cannot run on images of `shape`."""
    says = (str(error).strip() or type(error).__name__).splitlines()[0]
    return ModelError(
        f"{name!r} cannot take its input: float32 RGB images of shape {shape} were given, and the module says: {says} "
        + _advice(module, f"{type(error).__name__}: {error}", shape)
    )


def _advice(module: nn.Module, says: str, shape: tuple[int, ...]) -> str:
    """Return what to do, told by the words of the failure."""
    if isinstance(module, torch.fx.GraphModule) and re.search(r"[Gg]uard|Expected input|specialized|to be equal", says):
        return (
            "It was exported for a fixed batch. Export it with a dynamic one: "
            "torch.export.export(model, (x,), dynamic_shapes={'x': {0: torch.export.Dim.AUTO}}) with two images in x."
        )
    if re.search(r"Half|half|BFloat16|bfloat16|float16", says):
        return "Its forward computes in half precision; take .half(), .bfloat16() or the autocast out of it."
    if "inference tensor" in says.lower() or "inference_mode" in says:
        return "Its forward runs in torch.inference_mode(), which takes no gradients; take that out of it."
    if re.search(r"input_ids|decoder_input|missing \d+ required positional", says):
        return (
            "It wants more than images (text, targets?). Give the part that reads images alone, such as "
            "model.vision_model or model.get_image_features in a module of your own."
        )
    channels = _channels(module)
    if channels not in (None, 1, 3):
        return (
            f"Its first convolution reads {channels} channels; an RGB image has 3. Wrap it in a module that makes the "
            "others."
        )
    return "Give the input_size that it expects, or wrap it so that it takes (B, 3, S, S)."


def _channels(module: nn.Module) -> int | None:
    return next((part.in_channels for part in module.modules() if isinstance(part, nn.Conv2d)), None)


def is_detection(result: object) -> bool:
    """Tell whether a forward's result is that of a detector: boxes, whose number no gradient knows of."""
    if isinstance(result, list | tuple):
        return any(is_detection(item) for item in result)
    return isinstance(result, dict) and "boxes" in result
