"""What is declared: pins lie within the ranges that the library accepts, and none is missing or left over."""

import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
BY_HAND = {"pre-commit"}  # who commits installs it


def ranges(*lists):
    requirements = [Requirement(line) for lines in lists for line in lines]
    return {canonicalize_name(one.name): one.specifier for one in requirements}


def pins(name):
    lines = (ROOT / name).read_text().splitlines()
    found = dict(line.split("==") for line in lines if line and not line.startswith(("#", "-r")))
    return {canonicalize_name(package): version for package, version in found.items()}


def test_the_app_s_packages_are_pinned_within_their_ranges():
    extras = PROJECT["optional-dependencies"]
    declared, pinned = ranges(PROJECT["dependencies"], extras["app"]), pins("requirements.txt")
    assert pinned.keys() == declared.keys()
    assert {name for name, version in pinned.items() if not declared[name].contains(version)} == set()


def test_the_tests_packages_are_pinned_within_their_ranges():
    declared, pinned = ranges(PROJECT["optional-dependencies"]["dev"]), pins("requirements-dev.txt")
    assert pinned.keys() == declared.keys() - BY_HAND
    assert {name for name, version in pinned.items() if not declared[name].contains(version)} == set()


def test_the_core_needs_no_user_interface():
    assert "streamlit" not in ranges(PROJECT["dependencies"])
