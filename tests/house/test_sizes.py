"""The house stays small: modules, functions and templates keep to sizes a reader can hold in mind."""

import ast
from pathlib import Path
from statistics import median, quantiles

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "watchfloor"


def _mine(pattern: str) -> list[Path]:
    left_out = {"migrations", "tests", "vendor"}
    return [path for path in SOURCE.rglob(pattern) if not left_out & set(path.parts)]


MODULES = _mine("*.py")
TEMPLATES = _mine("*.html")


def _lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def _function_lengths(path: Path) -> list[int]:
    tree = ast.parse(path.read_text())
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node.end_lineno - node.body[0].lineno + 1 for node in ast.walk(tree) if isinstance(node, kinds)]


def test_the_median_module_is_short():
    assert median(map(_lines, MODULES)) < 120


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_module_is_a_god_file(path):
    assert _lines(path) <= 400, "split it: one idea a file"


def test_most_functions_fit_in_a_glance():
    lengths = [length for path in MODULES for length in _function_lengths(path)]
    assert median(lengths) < 10
    assert quantiles(lengths, n=10)[-1] < 30


def test_the_median_template_is_short():
    assert median(map(_lines, TEMPLATES)) < 30


def test_every_slice_says_what_it_is_what_it_reads_and_what_it_gives():
    for path in SOURCE.glob("*/__init__.py"):
        words = ast.get_docstring(ast.parse(path.read_text())) or ""
        assert "Gives" in words, f"{path.parent.name} does not say what it gives"
        assert len(words.splitlines()) >= 3


def test_there_is_no_drawer_for_odds_and_ends():
    names = {path.stem for path in MODULES} | {path.parent.name for path in MODULES}
    assert not names & {"utils", "util", "helpers", "helper", "common", "misc"}
