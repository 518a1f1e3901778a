"""Models that a Python file of the user's makes: running it is the user's own wish, in Python and the command line."""

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

from torch import nn

from depara_core.errors import ModelError
from depara_core.zoo.library import local_file, require_code_allowed, split_id, whole_size
from depara_core.zoo.module import model_from_module
from depara_core.zoo.spec import ModelSpec


def specs() -> list[ModelSpec]:
    """Return nothing: files are named, not listed."""
    return []


def spec(name: str) -> ModelSpec:
    """Return the spec of "<file.py>:<factory>[?size=...]"; the factory returns a module or a ModelSpec."""
    plain, options = split_id(name, ("size",))
    place, colon, factory = plain.rpartition(":")
    require_code_allowed()
    if not colon:
        raise ModelError(f"Expected python/<file.py>:<factory>; {plain!r} names no file and function.")
    path = local_file(place, "python/<file.py>:<factory>")
    made = _call(path, factory)
    if isinstance(made, ModelSpec):
        return replace(made, id=f"python/{name}", source="python")
    if not isinstance(made, nn.Module):
        raise ModelError(
            f"{factory} of {path.name} should return a torch.nn.Module or a ModelSpec; it returned "
            f"{type(made).__name__}."
        )
    found = model_from_module(made, name=factory, input_size=whole_size(options))
    return replace(found, id=f"python/{name}", source="python")


def _call(path: Path, factory: str) -> object:
    described = importlib.util.spec_from_file_location(f"depara_user_{path.stem}", path)
    if described is None or described.loader is None:
        raise ModelError(f"{path.name} is no Python file.")
    module = importlib.util.module_from_spec(described)
    sys.modules[described.name] = module
    try:
        described.loader.exec_module(module)
        function = getattr(module, factory, None)
        if not callable(function):
            there = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
            raise ModelError(f"{path.name} has no function {factory!r}. It has: {', '.join(there)}.")
        return function()
    except ModelError:
        raise
    except (Exception, SystemExit) as error:  # it may call sys.exit
        raise ModelError(f"{path.name} failed: {type(error).__name__}: {error}") from error
