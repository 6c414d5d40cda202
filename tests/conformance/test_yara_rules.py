"""Every rule of content/yara matches its own examples and leaves the others alone, in the process mail is matched in."""

import json
from pathlib import Path

import pytest
import yaml

from watchfloor.connectors.protocols.enclosed import Enclosed
from watchfloor.connectors.systems.yara.matching import matcher
from watchfloor.connectors.systems.yara.rules import RuleFiles
from watchfloor.connectors.systems.yara.scanning import THREATS
from watchfloor.kernel.content import content_folder

FOLDER = content_folder("yara")
EXAMPLES = yaml.safe_load((FOLDER / "examples.yaml").read_text())


def alone(raw: bytes):
    """A reader for whom the whole is the one part."""
    return [("example", "", raw)]


def bytes_of(example) -> bytes:
    if "hex" in example:
        return bytes.fromhex(example["hex"])
    filling = "%3c" * example["escaped"] if "escaped" in example else "A" * example.get("fill", 0)
    return example["text"].replace("FILL", filling).encode()


@pytest.fixture(scope="module")
def matches():
    hello, match = matcher(alone, RuleFiles((("shipped", FOLDER),)).sources(), 5)
    assert json.loads(hello) == {"files": len(list(FOLDER.glob("*.yar"))), "errors": []}
    return lambda data: json.loads(match(data))


@pytest.mark.parametrize(
    ("rule", "example"), [(rule, one) for rule, kinds in EXAMPLES.items() for one in kinds["hits"]], ids=str
)
def test_a_rule_matches_what_it_is_for_and_says_what_that_means(matches, rule, example):
    (found,) = [one for one in matches(bytes_of(example)) if one["rule"] == rule]
    assert found["meta"]["threat"].lower() in THREATS
    assert len(found["meta"]["words"]) > 20
    assert 0 < found["meta"]["points"] < 20


@pytest.mark.parametrize(
    ("rule", "example"), [(rule, one) for rule, kinds in EXAMPLES.items() for one in kinds["misses"]], ids=str
)
def test_a_rule_leaves_alone_what_only_looks_like_it(matches, rule, example):
    assert matches(bytes_of(example)) == []


def test_every_rule_has_examples():
    rules = {
        line.split()[1]
        for path in FOLDER.glob("*.yar")
        for line in path.read_text().splitlines()
        if line.startswith("rule ")
    }
    assert rules == set(EXAMPLES)


def test_no_rule_matches_the_ordinary_mails_of_our_own_tests(matches):
    folder = Path(__file__).parents[2] / "src/watchfloor/inspection/tests/fixtures"
    mails = sorted(folder.glob("*.eml"))
    assert mails
    assert [match for mail in mails for match in matches(mail.read_bytes())] == []


def test_the_rules_compile_within_the_limits_of_the_process_they_run_in():
    child = Enclosed(matcher, bytes, RuleFiles((("shipped", FOLDER),)).sources(), 5)
    try:
        assert json.loads(child.hello(seconds=20))["errors"] == []
    finally:
        child.close()
