"""What the editor offers at the caret."""

import pytest

from watchfloor.access.selectors import actor_of
from watchfloor.hunting.advanced.checking import completions
from watchfloor.hunting.advanced.words import language
from watchfloor.kernel.clock import utc_now


@pytest.fixture
def offered(ada):
    """The names offered where | stands in a text (¦ marks the caret)."""

    def at(text: str) -> list[str]:
        place = text.index("¦")
        return [one["label"] for one in completions(text.replace("¦", ""), place, by=actor_of(ada), now=utc_now())]

    return at


def test_tables_are_offered_where_a_query_begins(offered):
    assert {"EmailEvents", "UrlClickEvents", "let"} <= set(offered("¦"))
    assert offered("EmailE¦")[0] == "EmailEvents"
    assert offered("let a = 1;\nUrlC¦")[0] == "UrlClickEvents"


def test_operators_are_offered_after_a_bar(offered):
    assert offered("EmailEvents | su¦")[0] == "summarize"
    assert "Subject" not in offered("EmailEvents | ¦")
    assert "project-away" in offered("EmailEvents | project-a¦")


def test_columns_of_the_named_tables_are_offered_in_an_operator(offered):
    assert offered("EmailEvents | where Subj¦")[0] == "Subject"
    assert "ClickCount" not in offered("EmailEvents | where C¦")
    assert "SenderFromDomain" in offered("EmailEvents | summarize count() by ¦")


def test_names_that_the_query_makes_are_offered(offered):
    assert "Mails" in offered("EmailEvents | summarize Mails = count() by SenderFromDomain | top 5 by M¦")


def test_nothing_is_offered_in_a_text_or_comment(offered):
    assert offered("EmailEvents | where Subject has 'Subj¦") == []
    assert offered("EmailEvents // Subj¦") == []
    assert offered("EmailEvents | where Subject has 'a' and Subj¦")[0] == "Subject"


def test_nothing_is_offered_behind_a_finished_word(offered):
    assert offered("EmailEvents | take 5 ¦") == []


def test_a_column_is_explained_in_the_words_of_its_table_and_an_operator_in_those_of_the_language(ada):
    text = "EmailEvents | where Subj"
    [column, *_] = completions(text, len(text), by=actor_of(ada), now=utc_now())
    assert column["detail"].startswith("string: ")
    words = {(one.name, one.kind): one.detail for one in language()}
    assert words["summarize", "operator"].startswith("summarize aggregate by keys: ")
    assert {("has", "keyword"), ("bag_unpack", "function")} <= words.keys()


def test_a_function_is_written_with_its_bracket(ada):
    text = "EmailEvents | where Timestamp > ag"
    item = next(one for one in completions(text, len(text), by=actor_of(ada), now=utc_now()) if one["label"] == "ago")
    assert (item["insert"], item["start"], item["end"], item["kind"]) == ("ago(", len(text) - 2, len(text), "function")
    assert item["detail"]


def test_the_endpoint_answers_in_json(as_ada):
    told = as_ada.post("/hunting/complete", {"query": "EmailEvents | su", "position": "16"}).json()
    assert told["items"][0]["label"] == "summarize"
    assert as_ada.post("/hunting/complete", {"query": "", "position": "x"}).json()["items"]
