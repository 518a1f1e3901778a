"""Templates: in HTML values are text, in Python they are literals, whoever names them; what is missing is an error."""

import ast

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

from depara_core.exports import templates
from depara_core.exports.templates import fill_html, fill_python

NAMES = ["x'; import os; '", '"""', "a\nb", "{{ 7 * 7 }}", "{% raw %}", "# c", "\\", "\udcff", "<script>", "'"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder in place of the templates."""
    monkeypatch.setattr(templates, "_FOLDER", tmp_path)
    for environment in (templates._html, templates._python):
        environment.cache_clear()
    yield tmp_path
    for environment in (templates._html, templates._python):
        environment.cache_clear()


@pytest.mark.parametrize("name", NAMES)
def test_a_value_in_python_is_a_literal(folder, name):
    lines = ["# {{ name | comment }}", "name = {{ name }}", "{% for one in many %}", "last = {{ one }}", "{% endfor %}"]
    (folder / "t").write_text("\n".join([*lines, ""]))
    filled = fill_python("t", name=name, many=[name, (name, 1.5, None)])
    assert filled.startswith("# ")
    body = ast.parse(filled).body
    assert [ast.literal_eval(line.value) for line in body] == [name, name, (name, 1.5, None)]


def test_only_what_is_marked_is_code(folder):
    (folder / "t").write_text("{{ 'f(x)' | code }}, {{ 'f(x)' }}")
    assert fill_python("t") == "f(x), 'f(x)'"


@pytest.mark.parametrize("name", ["<b>x</b>", '" onload="x', "a\n\n b", "\x00\udcff", "&amp;"])
def test_a_value_in_html_is_text_on_one_line(folder, name):
    (folder / "t").write_text('<a title="{{ name }}">{{ name }}</a>')
    filled = fill_html("t", name=name)
    assert filled.count("<") == 2
    assert filled.count('"') == 2
    assert "\n" not in filled
    filled.encode()
    assert fill_html("t", name=Markup("<i>ours</i>")).count("<i>") == 2


def test_no_value_closes_the_element_of_the_provenance(folder):
    (folder / "t").write_text("<script>{{ origin | tojson }}</script>")
    filled = fill_html("t", origin={"b": "</script><script>", "a": "é"})
    assert filled.count("</script>") == 1
    assert filled.index('"b"') < filled.index('"a"')
    assert filled.isascii()


def test_a_missing_value_is_an_error_not_a_gap(folder):
    (folder / "t").write_text("{{ nothing }}")
    for fill in (fill_html, fill_python):
        with pytest.raises(UndefinedError, match="'nothing' is undefined"):
            fill("t")
