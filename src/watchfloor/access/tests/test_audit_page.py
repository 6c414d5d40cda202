"""The audit page: searched by address, exported, with the word of the chain."""

import csv
import io
import re

import pytest
from django.db import connection

from watchfloor.access.contracts import Actor
from watchfloor.access.jobs import AUDIT_LOG, check_chain
from watchfloor.access.models import AuditEntry
from watchfloor.access.services import record
from watchfloor.access.views import audit
from watchfloor.runtime.selectors import health

ADA = Actor(id="person:77", name="Ada", permissions=frozenset())


def text(response):
    return re.sub(r"\s+", " ", response.content.decode())


def write(count=1, **fields):
    return [
        record(**{"by": ADA, "verb": "person.add", "outcome": "success", "target": f"t{n}", **fields})
        for n in range(count)
    ]


def test_the_page_reads_as_sentences_newest_first(as_max):
    write(2)
    page = text(as_max.get("/settings/audit"))
    assert page.index("Ada added t1") < page.index("Ada added t0")


def test_the_filters_stand_in_the_address(as_max):
    write(1, target="bo@corp.example")
    write(1, target="cy@corp.example", outcome="failure")
    page = text(as_max.get("/settings/audit?person=ada&verb=person.add&outcome=failure&target=CY"))
    assert "cy@corp.example" in page
    assert "Ada added bo@corp.example" not in page


def test_a_time_range_takes_whole_days(as_max):
    (entry,) = write()
    day = entry.at.date().isoformat()
    assert "Ada added t0" in text(as_max.get(f"/settings/audit?after={day}&before={day}"))
    assert "Ada added t0" not in text(as_max.get("/settings/audit?before=2001-01-01"))


@pytest.mark.parametrize(
    "query", ["page=0", "page=-1", "page=99999999999", "after=nonsense", "verb=none.such", "outcome=%00"]
)
def test_nonsense_in_the_address_does_not_break_the_page(as_max, query):
    assert as_max.get(f"/settings/audit?{query}").status_code == 200


def test_more_than_a_page_is_paged_and_costs_the_same_queries(as_max, django_assert_max_num_queries):
    write(60)
    with django_assert_max_num_queries(9):
        page = text(as_max.get("/settings/audit?person=ada"))
    assert "60" in page
    assert "person=ada&amp;page=2" in page


def test_an_entry_shows_before_and_after(as_max):
    (entry,) = write(before={"roles": ["Preview"]}, after={"roles": []})
    for headers in ({}, {"HX-Request": "true"}):
        page = text(as_max.get(f"/settings/audit/{entry.pk}", headers=headers))
        assert "&#x27;Preview&#x27;" in page
        assert entry.hash in page
        assert ("<html" in page) is not bool(headers)
    assert as_max.get("/settings/audit/99999").status_code == 404


def test_the_page_says_that_the_chain_holds_or_where_it_breaks(as_max):
    first, _ = write(2)
    assert "follow one another unchanged" in text(as_max.get("/settings/audit"))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE access_auditentry SET target = 'x' WHERE id = %s", [first.pk])
    assert f"entry {first.pk} was changed" in text(as_max.get("/settings/audit"))


def test_a_long_chain_is_checked_hourly_and_on_demand(as_max, monkeypatch):
    monkeypatch.setattr(audit, "CHECKED_AT_ONCE", 1)
    write(3)
    assert "not checked yet" in text(as_max.get("/settings/audit"))
    check_chain()
    assert [part.state for part in health() if part.part == AUDIT_LOG] == ["ok"]
    assert "as of the last hourly check" in text(as_max.get("/settings/audit"))
    assert "Chain: all" in text(as_max.get("/settings/audit?check=1"))


def test_a_broken_chain_is_a_failing_part(db):
    write(2)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE access_auditentry SET reason = 'x'")
    assert check_chain() == 0
    assert [part.state for part in health() if part.part == AUDIT_LOG] == ["failing"]


def exported(answer):
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))


def test_the_export_is_streamed_filtered_and_written_down(as_max):
    write(3)
    write(1, outcome="failure")
    answer = as_max.get("/settings/audit/export?outcome=failure&verb=person.add")
    assert answer.streaming
    assert [row["sentence"] for row in exported(answer)] == ["Ada added t0 (failed)"]
    assert AuditEntry.objects.first().verb == "audit.export"


@pytest.mark.parametrize("cell", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)"])
def test_the_export_holds_no_formula(as_max, cell):
    write(1, target=cell, outcome="failure")
    (row,) = exported(as_max.get("/settings/audit/export?outcome=failure"))
    assert row["target"] == "'" + cell
