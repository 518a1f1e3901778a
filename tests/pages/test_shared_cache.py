"""One place holds what is kept in memory, and all of it is bounded."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "pages" / "shared" / "cache"
WRAPPERS = {"shared", "copied", "figure"}


def calls(path):
    """Yield (name of what is called, the call) of a file, `st.cache_data` as "cache_data"."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            yield getattr(node.func, "attr", getattr(node.func, "id", "")), node


def sources():
    return [ROOT / "app.py", *(ROOT / "pages").rglob("*.py"), *(ROOT / "depara_core").rglob("*.py")]


def test_nothing_is_kept_elsewhere():
    for path in sources():
        text = path.read_text()
        if FOLDER not in path.parents:
            assert "cache_data" not in text, path
            assert "cache_resource" not in text, path
            assert "cache.wrappers" not in text, path


def test_everything_kept_has_a_bound():
    found = 0
    for path in FOLDER.glob("*.py"):
        bare = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)]
        for node in bare:
            for decorator in node.decorator_list:
                assert isinstance(decorator, ast.Call), f"{path.name}: {node.name} has a wrapper without a bound"
        for name, call in calls(path):
            if name in ("cache_data", "cache_resource"):
                bounds = [keyword.value for keyword in call.keywords if keyword.arg == "max_entries"]
                assert len(bounds) == 1, f"{path.name}:{call.lineno}"
                assert isinstance(bounds[0], ast.Name) or 0 < bounds[0].value <= 500
                found += 1
            if name in ("shared", "copied"):
                assert 0 < call.args[0].value <= 4000, f"{path.name}:{call.lineno}"
                found += 1
    assert found > 40
