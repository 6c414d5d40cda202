"""Values of an answer as people read them."""

from datetime import UTC, datetime, timedelta

import pytest

from watchfloor.hunting.advanced.cells import Head, cell, mail_keys, plain, shown, span_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "true"),
        (0, "0"),
        (1.5, "1.5"),
        (float("nan"), "nan"),
        (datetime(2026, 11, 22, 9, 30, tzinfo=UTC), "2026-11-22T09:30:00Z"),
        (datetime(2026, 11, 22, 9, 30, 0, 5, tzinfo=UTC), "2026-11-22T09:30:00.000005Z"),
        (timedelta(days=1, hours=2, minutes=3, seconds=4.5), "1.02:03:04.5"),
        ({"a": ["ü"]}, '{"a": ["ü"]}'),
        ([], "[]"),
        ("plain", "plain"),
    ],
)
def test_a_value_is_one_line_of_text(value, text):
    assert shown(plain(value)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (timedelta(), "00:00:00"),
        (timedelta(hours=-1), "-01:00:00"),
        (timedelta(days=3), "3.00:00:00"),
    ],
)
def test_a_span_is_written_as_kql_prints_it(value, text):
    assert span_text(value) == text


def test_characters_that_deceive_are_written_out():
    assert shown("invoice\u202efdp.exe") == "invoice⟨RLO⟩fdp.exe"
    assert "\u202e" not in shown({"name": "a\u202eb"})


def test_cells_of_known_columns_lead_to_their_pages():
    assert cell(Head("NetworkMessageId", "string"), "abc/../x").href == "/email/abc%2F..%2Fx"
    assert cell(Head("AlertId", "string"), "a1").href == "/alerts/a1"
    assert cell(Head("IncidentId", "long"), 7).href == "/incidents/7"
    assert "ann%40corp.example" in cell(Head("AccountUpn", "string"), "ann@corp.example").href
    assert cell(Head("Subject", "string"), "x").href == ""
    assert cell(Head("AlertId", "string"), "").href == ""


def test_numbers_stand_to_the_right():
    assert cell(Head("n", "long"), 3).css == "number"
    assert cell(Head("n", "string"), "3").css == ""


def test_rows_can_be_acted_on_when_they_name_a_mail_and_whose_copy_it_is():
    heads = [Head(name, "string") for name in ("Subject", "NetworkMessageId", "RecipientEmailAddress")]
    assert mail_keys(heads) == (1, 2)
    assert mail_keys(heads[:2]) == (1, -1)
    assert mail_keys(heads[:1]) is None
