"""The public API says what goes in and what comes out, parameter by parameter, in NumPy's style."""

import inspect
import re

import pytest

import depara_core as depara
from depara_core.attribution.methods import Method
from depara_core.zoo import Source

PUBLIC = {name: getattr(depara, name) for name in depara.__all__} | {"Method": Method, "Source": Source}


def documented():
    """Yield (name, function or class) of the public API, methods included."""
    for name, thing in PUBLIC.items():
        if inspect.isfunction(thing):
            yield name, thing
        elif inspect.isclass(thing) and not issubclass(thing, Exception):
            yield name, thing
            for part, value in vars(thing).items():
                function = value.__func__ if isinstance(value, classmethod | staticmethod) else value
                if inspect.isfunction(function) and not part.startswith("_"):
                    yield f"{name}.{part}", function


def section(doc, *titles):
    """Return the names that stand under one of these headings, one a line and several with commas between."""
    found = re.search(rf"^(?:{'|'.join(titles)})\n-+\n(.*?)(?=\n\n\S[^\n]*\n-+\n|\Z)", doc, re.DOTALL | re.MULTILINE)
    lines = found[1].splitlines() if found else []
    return [name for line in lines if line[:1].strip() for name in line.split(", ")]


@pytest.mark.parametrize(("name", "thing"), [*documented()])
def test_every_parameter_and_result_is_told(name, thing):
    doc = inspect.getdoc(thing)
    parameters = [p for p in inspect.signature(thing).parameters if p not in ("self", "cls") and p[0] != "_"]
    titles = ("Parameters", "Attributes") if inspect.isclass(thing) else ("Parameters",)
    assert section(doc, *titles) == parameters
    returns = inspect.signature(thing).return_annotation
    if inspect.isfunction(thing) and returns not in (None, "None"):
        assert section(doc, "Returns")
    summary, _, rest = doc.partition("\n")
    assert summary.endswith(".")
    assert not rest or rest.startswith("\n")
