"""The report of submissions: counts by reason, mark and result over time, the way to the queue, files."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest

from watchfloor.portal.reports.answering import csv_of_rows, details, figures, sentence
from watchfloor.portal.reports.asking import asked
from watchfloor.portal.reports.catalogue import report_of
from watchfloor.response.submissions import selectors as submissions

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def card(number, *, mark="", result="Phish"):
    groups = submissions.groups(submissions.Asked(), now=NOW).model
    return groups.objects.create(
        key=f"cluster {number}", first_at=NOW, last_at=NOW, reports=1, subject="Pay", marked_as=mark, result=result
    )


def report(number, group, *, at=NOW - timedelta(hours=2), reason="Phish", by="ann@corp.example"):
    reports = submissions.reports_between(since=NOW, until=NOW).model
    return reports.objects.create(
        group=group,
        position=number,
        reporter=by,
        reported_at=at,
        read_at=at,
        via="Report mailbox",
        reason=reason,
        subject=f"Pay {number}\u202e",
        sender="boss@bad.example",
        network_message_id=f"m{number}",
    )


@pytest.fixture
def reported():
    first, second = card(1, mark="Phishing"), card(2, result="")
    report(1, first)
    report(2, first, by="bob@corp.example", at=NOW - timedelta(days=1))
    report(3, second, reason="Spam")
    report(4, first, at=NOW - timedelta(days=200))
    handed_in = submissions.submissions_between(since=NOW, until=NOW).model
    handed_in.objects.create(kind="url", value="https://a.example/", at=NOW, by="Ada", said="phish", result="Phish")


def ask(**parameters):
    return asked(report_of("submissions"), parameters, now=NOW)


def counts(found):
    return {line.name: line.count for line in found.lines}


def test_reports_of_people_are_counted_per_day_by_what_they_said(reported):
    found = figures(ask())
    assert counts(found) == {"Phish": 2, "Spam": 1}
    assert found.total == 3
    phish = next(one for one in found.data["series"] if one["name"] == "Phish")
    assert phish["values"][-3:] == [0, 1, 1] or phish["values"][-2:] == [1, 1]
    assert len(found.data["categories"]) == 7
    assert dict(found.stats) == {"Reports": "3", "Reporters": "2", "Open": "1"}
    assert "reported" in sentence(ask())


@pytest.mark.parametrize(
    ("by", "wanted"),
    [
        ("mark", {"Phishing": 2, "Not marked": 1}),
        ("result", {"Phish": 2, "No result yet": 1}),
        ("person", {"ann@corp.example": 2, "bob@corp.example": 1}),
    ],
)
def test_they_are_split_by_what_became_of_them(reported, by, wanted):
    assert counts(figures(ask(by=by))) == wanted


def test_older_days_are_counted_by_the_week(reported):
    found = figures(ask(range="400d"))
    assert found.total == 4
    assert sum(sum(one["values"]) for one in found.data["series"]) == 4


def test_what_analysts_handed_in_has_a_side_of_its_own(reported):
    one = ask(tab="submitted")
    assert counts(figures(one)) == {"I've confirmed it's a threat: phish": 1}
    (row,) = details(one, total=1).rows
    assert [cell.value for cell in row[1:]] == [
        "https://a.example/",
        "URL",
        "",
        "Ada",
        "I've confirmed it's a threat: phish",
        "Phish",
    ]


def test_a_line_leads_to_the_same_cards_in_the_queue(reported, as_ada):
    lines = {line.name: line.href for line in figures(ask(by="mark", range="30d")).lines}
    assert lines == {
        "Phishing": "/submissions?mark=Phishing&period=30d",
        "Not marked": "/submissions?mark=open&period=30d",
    }
    assert all(as_ada.get(href).status_code == 200 for href in lines.values())
    assert {line.href for line in figures(ask(range="400d")).lines} == {""}


def test_rows_show_no_hidden_characters_and_all_of_them_are_in_the_file(reported):
    rows = details(ask(), total=3).rows
    assert [cell.kind for cell in rows[0][:2]] == ["time", "link"]
    assert all("\u202e" not in str(cell.value) for row in rows for cell in row)
    read = list(csv.reader(io.StringIO("".join(csv_of_rows(ask())))))
    assert read[0][-1] == "NetworkMessageId"
    assert sorted(row[-1] for row in read[1:]) == ["m1", "m2", "m3"]


def test_the_page_asks_a_number_of_questions_that_does_not_grow(reported, as_ada, django_assert_max_num_queries):
    group = card(9)
    for number in range(20, 50):
        report(number, group)
    with django_assert_max_num_queries(16):
        assert as_ada.get("/reports/submissions?from=2026-11-16&to=2026-11-22").status_code == 200
