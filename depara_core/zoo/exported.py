"""Programs in files: torch.export's can be attributed, others are refused in words that help."""

from dataclasses import replace
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import torch

from depara_core.errors import ModelError
from depara_core.zoo.library import local_file, require, require_code_allowed, split_id, whole_size
from depara_core.zoo.module import model_from_module
from depara_core.zoo.spec import ModelSpec


def specs() -> list[ModelSpec]:
    """Return nothing: files are named, not listed."""
    return []


def spec(name: str) -> ModelSpec:
    """Return the spec of "<path>.pt2[?size=...]" (torch.export), or of an .onnx through onnx2torch."""
    plain, options = split_id(name, ("size",))
    require_code_allowed()
    path = local_file(plain, "a program of torch.export (.pt2)")
    if path.suffix == ".onnx":
        module = _from_onnx(path)
    elif _is_torchscript(path):
        raise ModelError(
            f"{path.name} is TorchScript: its layers can be neither read nor attributed. Export the model it was made "
            "from with torch.export.export(...) and torch.export.save(program, 'model.pt2')."
        )
    else:
        module, size = _from_export(path)
        options.setdefault("size", str(size))
    found = model_from_module(module, name=path.stem, input_size=whole_size(options))
    return replace(found, id=f"export/{name}", source="export", summary=f"The program {path.name}.")


def _is_torchscript(path: Path) -> bool:
    try:
        with ZipFile(path) as archive:
            return any("/code/" in name and name.endswith(".py") for name in archive.namelist())
    except (BadZipFile, OSError):
        return False


def _from_export(path: Path) -> tuple[torch.nn.Module, int]:
    """Return the program's module and the size of the images that it was exported for."""
    try:
        program = torch.export.load(path)
    except Exception as error:
        raise ModelError(f"{path.name} is no program of torch.export, or a damaged one: {str(error)[:200]}.") from error
    shapes = [
        tuple(node.meta["val"].shape)
        for node in program.graph.nodes
        if node.op == "placeholder" and node.name in program.graph_signature.user_inputs
    ]
    if len(shapes) != 1 or len(shapes[0]) != 4:
        raise ModelError(f"{path.name} should read one batch of images (B, 3, S, S); it reads {shapes}.")
    if isinstance(shapes[0][0], int):
        raise ModelError(
            f"{path.name} was exported for batches of exactly {shapes[0][0]}. Export it with a dynamic batch: "
            "dynamic_shapes={'x': {0: torch.export.Dim.DYNAMIC}} and two images in x."
        )
    module = torch.export.unflatten(program)
    for part in module.modules():
        for node in getattr(getattr(part, "graph", None), "nodes", ()):
            node.meta = {}  # fake tensors of the tracing, which cannot be copied and are needed no more
    return module, int(shapes[0][2])


def _from_onnx(path: Path) -> torch.nn.Module:
    converter = require("onnx2torch", "onnx")
    try:
        return converter.convert(str(path))
    except Exception as error:
        raise ModelError(
            f"{path.name} cannot be turned into a module with gradients: {str(error)[:200]}. ONNX keeps no gradients "
            "of its own, and onnx2torch does not know every operation; give the model it was exported from."
        ) from error
