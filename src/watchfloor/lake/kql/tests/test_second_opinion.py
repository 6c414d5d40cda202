"""What our queries answer beside duckdb-kql: each disagreement is known by name and settled by the documentation."""

import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from watchfloor.lake.kql.tests.grid import Question, questions
from watchfloor.lake.kql.tests.peer import Answer, Both

SAID = tomllib.loads(Path(__file__).with_name("second_opinions.toml").read_text("utf-8"))


@dataclass(slots=True)
class Held:
    """The names of all questions by what became of them."""

    same: list[str] = field(default_factory=list)
    differ: dict[str, str] = field(default_factory=dict)
    ours_refused: dict[str, str] = field(default_factory=dict)
    theirs_refused: list[str] = field(default_factory=list)

    def ask(self, both: Both, question: Question) -> None:
        ours, kinds = both.ours(question.text, ordered=question.ordered)
        if ours.refused:
            self.ours_refused[question.name] = ours.refused
            return
        theirs = both.theirs(question.text, kinds, ordered=question.ordered)
        if theirs.refused:
            self.theirs_refused.append(question.name)
        elif ours.rows == theirs.rows:
            self.same.append(question.name)
        else:
            self.differ[question.name] = _unlike(ours, theirs)


def _unlike(ours: Answer, theirs: Answer) -> str:
    if len(ours.rows) != len(theirs.rows):
        return f"{len(ours.rows)} rows, theirs {len(theirs.rows)}"
    return next(f"{a}, theirs {b}" for a, b in zip(ours.rows, theirs.rows, strict=True) if a != b)


@pytest.fixture(scope="module")
def both() -> Iterator[Both]:
    made = Both()
    yield made
    made.close()


@pytest.fixture(scope="module")
def held(both: Both) -> Held:
    found = Held()
    for question in questions():
        found.ask(both, question)
    return found


def rows_of(written: str) -> Any:
    return [tuple(row) for row in json.loads(written)]


def test_every_disagreement_has_a_name(held):
    covered = tuple(begin for case in SAID["case"] for begin in case["covers"])
    unknown = {name: words for name, words in held.differ.items() if not name.startswith(covered)}
    assert not unknown


def test_every_named_case_still_covers_a_disagreement(held):
    for case in SAID["case"]:
        for begin in case["covers"]:
            assert any(name.startswith(begin) for name in held.differ), f"{case['name']}: {begin}"


def test_more_than_seven_hundred_questions_get_the_same_answer(held):
    assert len(held.same) >= 700


def test_what_either_of_us_refuses_does_not_grow(held):
    assert len(held.ours_refused) <= SAID["ours_refused"], held.ours_refused
    assert len(held.ours_refused) + len(held.theirs_refused) <= SAID["not_compared"]


def test_nothing_we_compile_fails_in_the_engine(held):
    assert not {name: words for name, words in held.ours_refused.items() if words.startswith("the engine")}


@pytest.mark.parametrize("case", SAID["case"], ids=lambda case: case["name"])
def test_a_disagreement_is_as_it_is_written_down(both, case):
    ours, kinds = both.ours(case["query"])
    theirs = both.theirs(case["query"], kinds)
    assert list(ours.rows) == rows_of(case["ours"])
    assert list(theirs.rows) == rows_of(case["theirs"])
    assert case["verdict"] in ("ours", "silent")
    assert case["says"].endswith(".")
    assert case["link"].startswith("https://learn.microsoft.com/kusto/query/")


@pytest.mark.parametrize("case", SAID["fixed"], ids=lambda case: case["name"])
def test_what_was_our_mistake_stays_mended(both, case):
    ours, _ = both.ours(case["query"])
    assert list(ours.rows) == rows_of(case["answer"]), case["says"]
