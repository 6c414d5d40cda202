"""What a test needs and the machine lacks is a visible skip, and with CI=true a failure: no green run hides it."""

import os
import re
from pathlib import Path

import pytest

import labs

ROOT = Path(__file__).resolve().parents[2]
OWN_WAYS = re.compile(
    r"pytest\.skip\(|mark\.skip|skipif|importorskip|unittest\.skip|SkipTest|mark\.xfail|pytest\.xfail\("
)


def outcome(monkeypatch, ci: str, act) -> str:
    monkeypatch.setenv("CI", ci)
    try:
        act()
    except pytest.skip.Exception as skipped:
        return f"skipped: {skipped}"
    except pytest.fail.Exception as failed:
        return f"failed: {failed}"
    return "went on"


@pytest.mark.parametrize(
    ("ci", "word"), [("true", "failed"), ("TRUE", "failed"), ("", "skipped"), ("false", "skipped")]
)
def test_a_missing_program_is_a_failure_in_ci_and_a_skip_that_names_it_elsewhere(monkeypatch, ci, word):
    told = outcome(monkeypatch, ci, lambda: labs.need("/usr/sbin/no-such-server"))
    assert told.startswith(f"{word}: /usr/sbin/no-such-server is not installed")


@pytest.mark.parametrize(("ci", "word"), [("true", "failed"), ("", "skipped")])
def test_what_only_root_may_start_is_no_way_around_that(monkeypatch, ci, word):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    told = outcome(monkeypatch, ci, lambda: labs.need_root("Postfix can be started"))
    assert told.startswith(f"{word}: Postfix can be started only by root")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert outcome(monkeypatch, ci, lambda: labs.need_root("Postfix can be started")) == "went on"


def test_of_several_programs_one_is_enough(monkeypatch):
    monkeypatch.setenv("CI", "true")
    assert labs.need("no-such-browser", "sh").endswith("/sh")


def test_no_test_skips_in_a_way_of_its_own():
    files = [path for folder in ("src", "tests", "labs") for path in (ROOT / folder).rglob("*.py")]
    allowed = {ROOT / "labs" / "__init__.py", Path(__file__).resolve()}
    own = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in (*files, ROOT / "conftest.py")
        if path not in allowed
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if OWN_WAYS.search(line)
    ]
    assert not own, "call labs.need, labs.need_root or labs.lacking instead"


def test_skips_are_shown_at_the_end_of_a_run(pytestconfig):
    assert "-ra" in pytestconfig.getini("addopts")
