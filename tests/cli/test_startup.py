"""What starting imports: the public API and the light commands bring no heavy package along."""

import subprocess
import sys
from importlib import import_module
from types import ModuleType

import pytest
from typer.main import get_command

import depara_core as depara
from depara_core import cli, exports
from depara_core.attribution import options
from depara_core.benchmark.held_out import HELD_OUT
from depara_core.benchmark.transfer_table import READOUTS
from depara_core.cli import choices
from depara_core.heads import HEADS
from depara_core.training import Recipe

HEAVY = ("captum", "jaxtyping", "numpy", "pandas", "plotly", "scipy", "sklearn", "streamlit", "torch", "torchvision")
SAY = f"import atexit, sys; atexit.register(lambda: print([name for name in {HEAVY} if name in sys.modules])); "
COMMAND = "from depara_core.cli import app; app()"


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        ("import depara_core", ()),
        (COMMAND, ("--help",)),
        *((COMMAND, (name, "--help")) for name in cli.COMMANDS),
        *((COMMAND, names) for names in (("layers", "rank", "--help"), ("rooms", "train", "--help"))),
        (COMMAND, ("models", "--source", "rooms")),
    ],
)
def test_a_light_start_imports_nothing_heavy(code, arguments):
    done = subprocess.run([sys.executable, "-c", SAY + code, *arguments], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_every_public_name_is_an_object_and_none_a_module_of_the_same_name():
    import_module("depara_core.similarity")
    assert {name for name in depara.__all__ if isinstance(getattr(depara, name), ModuleType)} == set()
    assert depara.similarity is import_module("depara_core.similarity").similarity
    assert set(depara.__all__) <= set(dir(depara))


def test_the_choices_of_options_are_those_of_what_computes():
    assert tuple(options.PRESETS) == choices.PRESETS
    assert tuple(depara.METHODS) == choices.METHODS
    assert (choices.OBJECTIVES, choices.CHANNELS) == (options.OBJECTIVES, options.CHANNELS)
    assert tuple(HEADS) == choices.HEADS
    assert tuple(exports.GRAPH_FORMATS) == choices.GRAPH_FORMATS
    assert (*depara.BENCHMARKS, HELD_OUT) == choices.BENCHMARKS
    assert tuple(READOUTS) == choices.READOUTS
    assert (Recipe.steps, Recipe.batch) == (choices.STEPS, choices.BATCH)


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_the_list_of_commands_says_what_each_says_of_itself(name):
    module = import_module(f"depara_core.cli.{cli.MODULES.get(name, name)}")
    assert " ".join(get_command(module.app).help.split()).startswith(cli.COMMANDS[name])
