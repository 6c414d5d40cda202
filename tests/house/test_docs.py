"""What we promise stands in docs/reference: settings, rights, roles, audit verbs, pages."""

import ast
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from tests.house.access_reference import PAGE, load_everything, page
from tests.house.test_permissions import ALL
from watchfloor.access.contracts import Permission
from watchfloor.access.roles import BUILT_IN_ROLES
from watchfloor.access.services import audit_verbs
from watchfloor.config.options import Options

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = (ROOT / "docs/reference/settings.md").read_text()
ACCESS = PAGE.read_text()


@pytest.mark.parametrize("option", [field.name for field in fields(Options)])
def test_every_setting_has_its_heading_and_its_default(option):
    section = re.search(rf"^## {option}\n(.*?)(?=^#|\Z)", SETTINGS, re.M | re.S)
    assert section, f"docs/reference/settings.md lacks “## {option}”"
    default = getattr(Options(), option)
    words = {"": "default empty", True: "default true", False: "default false"}.get(default, f"{default}")
    assert words in section[1]


def test_no_setting_is_described_that_is_gone():
    described = set(re.findall(r"^## (\w+)$", SETTINGS, re.M))
    assert described == {field.name for field in fields(Options)}


@pytest.mark.parametrize("word", [*(right.value for right in Permission), *BUILT_IN_ROLES])
def test_every_right_and_role_is_described(word):
    assert f"| `{word}` |" in ACCESS or f"### {word}\n" in ACCESS


def test_every_page_is_listed_with_its_right():
    missing = [found.route for found in ALL if f"| `/{found.route}` |" not in ACCESS]
    assert not missing, "run: python tests/house/access_reference.py"


def test_every_audit_verb_is_described():
    load_everything()
    missing = [verb.name for verb in audit_verbs() if f"| `{verb.name}` |" not in ACCESS]
    assert not missing, "run: python tests/house/access_reference.py"


def test_the_reference_is_as_the_code_says():
    assert page() == ACCESS, "run: python tests/house/access_reference.py"


def verbs_in(call: ast.Call) -> Iterator[str]:
    """verb="..." of any call, and "noun.verb" handed to a function that audits."""
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    given = [keyword.value for keyword in call.keywords if keyword.arg == "verb"]
    given += call.args if "audited" in name else []
    for value in given:
        if isinstance(value, ast.Constant) and re.fullmatch(r"[a-z_]+\.[a-z_]+", str(value.value)):
            yield value.value


def verbs_used() -> list[tuple[str, str]]:
    """(file:line, verb) of every verb that the product writes into the audit log."""
    return [
        (f"{path.relative_to(ROOT)}:{node.lineno}", verb)
        for path in sorted((ROOT / "src/watchfloor").rglob("*.py"))
        if "tests" not in path.parts
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        for verb in verbs_in(node)
    ]


def test_every_audited_verb_is_registered_with_its_sentence():
    load_everything()
    known = {verb.name for verb in audit_verbs()}
    unknown = [f"{place} {verb}" for place, verb in verbs_used() if verb not in known]
    assert not unknown, 'register each at the top of its services: audit_verb("noun.verb", "{actor} did … {target}")'
