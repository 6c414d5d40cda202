"""The house rule of the front end: nothing inline, so that script-src 'self' and style-src 'self' hold everywhere."""

import re
import statistics
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "watchfloor"
TEMPLATES = sorted(SOURCE.glob("*/templates/**/*.html"))
SCRIPTS = sorted(path for path in SOURCE.glob("*/static/**/*.js") if "vendor" not in path.parts)
STYLES = sorted(SOURCE.glob("*/static/**/*.css"))
VENDORED = sorted(SOURCE.glob("*/static/*/vendor/*"))

FORBIDDEN = {
    "an inline script": re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", re.IGNORECASE),
    "an inline style element": re.compile(r"<style\b", re.IGNORECASE),
    "a style attribute": re.compile(r"\sstyle\s*=", re.IGNORECASE),
    "an event attribute": re.compile(r"\s(?:on[a-z]+|hx-on[:\w-]*)\s*=", re.IGNORECASE),
    "a javascript: address": re.compile(r"javascript:", re.IGNORECASE),
    "an expression for htmx to evaluate": re.compile(r"hx-(?:vals|headers|vars)\s*=\s*[\"']\s*js:", re.IGNORECASE),
    "something loaded from elsewhere": re.compile(
        r"<(?:script|link|img|iframe)[^>]*\b(?:src|href)=[\"'](?:https?:)?//", re.IGNORECASE
    ),
}


def name(path: Path) -> str:
    return str(path.relative_to(SOURCE))


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_a_template_holds_nothing_inline(path):
    text = re.sub(r"\{[#%].*?[#%]\}", "", path.read_text())
    found = [f"{words}: {match.group(0)!r}" for words, pattern in FORBIDDEN.items() for match in pattern.finditer(text)]
    assert not found, f"{name(path)} has {'; '.join(found)}"


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_a_template_marks_nothing_safe(path):
    assert not re.search(r"\|\s*safe\b|autoescape off", path.read_text()), (
        f"{name(path)} turns escaping off; do it in Python, where it is reviewed"
    )


@pytest.mark.parametrize("path", SCRIPTS, ids=name)
def test_a_behaviour_never_writes_html_from_text(path):
    found = re.findall(
        r"innerHTML|outerHTML\s*=|insertAdjacentHTML|document\.write|\beval\(|new Function", path.read_text()
    )
    assert not found, f"{name(path)} uses {found}"


@pytest.mark.parametrize("path", STYLES, ids=name)
def test_a_style_sheet_loads_nothing_from_elsewhere(path):
    assert not re.search(r"url\([\"']?(?:https?:)?//", path.read_text())


def test_templates_are_small():
    sizes = [len(path.read_text().splitlines()) for path in TEMPLATES]
    assert statistics.median(sizes) <= 30
    large = [name(path) for path in TEMPLATES if len(path.read_text().splitlines()) > 120]
    assert not large, f"split {large}"


def test_every_vendored_file_is_listed_with_version_and_licence():
    for path in VENDORED:
        if path.name == "VENDOR.md" or path.name.endswith((".d.ts", ".txt")):
            continue
        table = (path.parent / "VENDOR.md").read_text()
        row = next((line for line in table.splitlines() if f"`{path.name}`" in line), "")
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert len(cells) == 5, f"{path.name} is not in VENDOR.md"
        assert all(cells), f"{path.name} lacks a column in VENDOR.md"


def test_vendored_files_name_no_machine_and_no_registry():
    for path in VENDORED:
        text = path.read_text()
        assert "sourceMappingURL" not in text, path.name
        assert not re.search(r"registry\.|/root/|/home/|node_modules/|localhost", text), path.name


def test_every_behaviour_a_template_names_exists():
    for path in TEMPLATES:
        for names in re.findall(r'data-behaviour="([^"{]+)"', path.read_text()):
            for one in names.split():
                owner, behaviour = one.split(":") if ":" in one else ("ui", one)
                file = SOURCE / owner / "static" / owner / "behaviours" / f"{behaviour}.js"
                assert file.exists(), f"{name(path)} names the behaviour {one}, but {file} is missing"
