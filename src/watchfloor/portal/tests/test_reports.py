"""Reports: true numbers, shareable addresses, the way to the rows, files."""

import csv
import io
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.http import QueryDict

from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Operator, Query
from watchfloor.lake.services import append
from watchfloor.portal.reports.answering import figures
from watchfloor.portal.reports.asking import address, asked
from watchfloor.portal.reports.catalogue import REPORTS, click_name, report_of
from watchfloor.portal.reports.details import details
from watchfloor.portal.reports.figures import step

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def mail(number, *, at=NOW - timedelta(hours=2), threat="", methods="", **fields):
    return {
        "Timestamp": at,
        "NetworkMessageId": f"00000000-0000-4000-8000-{number:012}",
        "Subject": f"Invoice {number}",
        "SenderFromAddress": f"s{number % 3}@vendor.example",
        "SenderFromDomain": "vendor.example",
        "RecipientEmailAddress": f"ada{number % 2}@corp.example",
        "DeliveryAction": "Junked" if threat else "Delivered",
        "EmailDirection": "Inbound",
        "ThreatTypes": threat,
        "DetectionMethods": methods,
        "ReportId": f"r{number}",
        **fields,
    }


@pytest.fixture
def mails():
    phish = '{"Phish":["URL malicious reputation","Bulk"]}'
    append(
        "EmailEvents",
        [
            *(mail(number) for number in range(6)),
            mail(6, threat="Phish", methods=phish, Tags='["Priority account"]'),
            mail(7, threat="Phish, Spam", methods=phish, at=NOW - timedelta(days=3)),
            mail(8, threat="Malware", at=NOW - timedelta(days=20)),
            mail(9, threat="Spam", BulkComplaintLevel=7, at=NOW - timedelta(days=300)),
        ],
    )


def ask(key, **parameters):
    return asked(report_of(key), parameters, now=NOW)


def counts(found):
    return {line.name: line.count for line in found.lines}


def test_threat_protection_counts_each_threat_and_each_mail_once_in_the_total(mails):
    found = figures(ask("threat-protection"))
    assert counts(found) == {"Phish": 2, "Spam": 1}
    assert found.total == 2
    assert sum(found.data["series"][0]["values"]) == 2
    assert len(found.data["categories"]) == 7


def test_a_year_and_more_is_shown_by_the_week(mails):
    one = ask("threat-protection", range="400d")
    found = figures(one)
    assert counts(found) == {"Phish": 2, "Spam": 2, "Malware": 1}
    assert step(one) == 7 * 86400
    assert len(found.data["categories"]) <= 60


def test_phish_is_shown_by_what_found_it(mails):
    found = figures(ask("threat-protection", tab="phish"))
    assert counts(found) == {"Bulk": 2, "URL malicious reputation": 2}
    assert found.heads[0] == "Detection technology"


def test_filters_narrow_and_say_so(mails):
    one = ask("threat-protection", range="400d", BulkComplaintLevel="7")
    found = figures(one)
    assert found.total == 1
    assert "bulk complaint level is greater than" in found.sentence.lower()
    tagged = figures(ask("threat-protection", tab="phish", Tags="Priority account"))
    assert tagged.total == 1
    nobody = figures(ask("threat-protection", RecipientEmailAddress="nobody@corp.example"))
    assert (nobody.total, nobody.lines) == (0, ())


def test_every_breakdown_of_every_report_adds_up_to_the_count_of_the_lake(mails):
    for report in REPORTS:
        for tab in report.tabs if report.kind == "series" else ():
            for by in tab.breakdowns:
                one = asked(report, {"tab": tab.key, "by": by.key, "range": "30d"}, now=NOW)
                found = figures(one)
                assert found.total == lake.count(one.query), (report.key, tab.key, by.key)
                for series, line in zip(found.data["series"], found.lines, strict=True):
                    assert sum(series["values"]) == line.count


def test_a_line_leads_to_exactly_its_rows_in_explorer(mails):
    found = figures(ask("mail-flow", by="delivery"))
    for line in found.lines:
        query = _explored(line.href)
        assert lake.count(query) == line.count, line.name
    threats = figures(ask("mail-flow"))
    (good,) = [line for line in threats.lines if line.name == "No threat"]
    assert lake.count(_explored(good.href)) == good.count == 6


def _explored(href):
    parts = urlsplit(href)
    assert parts.path == "/explorer"
    return lake.query_from_parameters(QueryDict(parts.query), now=NOW)


def test_rankings_name_who_sends_and_who_gets_most(mails):
    found = figures(ask("top-senders-recipients", tab="phish-recipients", range="30d"))
    assert counts(found) == {"ada0@corp.example": 1, "ada1@corp.example": 1}
    senders = figures(ask("top-senders-recipients"))
    assert [line.count for line in senders.lines] == [3, 3, 2]
    assert senders.data["horizontal"]


@pytest.mark.parametrize(
    ("action", "through", "name"),
    [
        ("ClickAllowed", True, "Allowed"),
        ("Block page", False, "Blocked"),
        ("ClickBlocked", True, "Blocked and clicked through"),
        ("Block page override", True, "Blocked and clicked through"),
        ("Pending detonation page", False, "Pending scan"),
        ("UrlScanInProgress", True, "Clicked through during scan"),
        ("ClickBlockedByTenantPolicy", True, "Blocked by tenant admin and clicked through"),
        ("", False, "Unknown"),
    ],
)
def test_a_click_is_named_by_what_it_met(action, through, name):
    assert click_name({"ActionType": action, "IsClickedThrough": through}) == name


def test_clicks_are_counted_by_what_they_met_and_by_application():
    row = {"Timestamp": NOW, "Url": "http://x.example/a", "AccountUpn": "ada@corp.example", "NetworkMessageId": "n"}
    append(
        "UrlClickEvents",
        [
            {**row, "ActionType": "ClickBlocked", "IsClickedThrough": False, "Workload": "Email", "ReportId": "1"},
            {**row, "ActionType": "Block page", "IsClickedThrough": True, "Workload": "Email", "ReportId": "2"},
            {**row, "ActionType": "ClickAllowed", "IsClickedThrough": True, "Workload": "Teams", "ReportId": "3"},
        ],
    )
    assert counts(figures(ask("url-protection"))) == {"Allowed": 1, "Blocked": 1, "Blocked and clicked through": 1}
    assert counts(figures(ask("url-protection", by="application"))) == {"Email": 2, "Teams": 1}


def test_what_happened_after_delivery_names_the_mail_it_happened_to(mails):
    event = {
        "Timestamp": NOW,
        "NetworkMessageId": mail(6)["NetworkMessageId"],
        "RecipientEmailAddress": "ada0@corp.example",
        "Action": "Soft delete",
        "ActionType": "Phish ZAP",
        "ThreatTypes": "Phish",
        "SourceLocation": "Inbox/folder",
        "DeliveryLocation": "Quarantine",
        "ActionResult": "Success",
        "ReportId": "e1",
    }
    append("EmailPostDeliveryEvents", [event, {**event, "ActionType": "Manual remediation", "ReportId": "e2"}])
    one = ask("post-delivery", tab="zap")
    found = figures(one)
    assert counts(found) == {"Phish": 1}
    shown = details(one, total=found.total)
    assert shown.heads[:4] == ("Date", "Subject", "Sender", "Received")
    cells = [cell.value for cell in shown.rows[0]]
    assert cells[1:3] == ["Invoice 6", "s0@vendor.example"]
    assert figures(ask("post-delivery")).total == 2


def test_an_address_is_the_whole_state():
    given = {"tab": "phish", "by": "delivery", "from": "2026-11-01", "to": "2026-11-20", "EmailDirection": "Inbound"}
    one = ask("threat-protection", **given)
    again = {key: values[0] for key, values in parse_qs(urlsplit(address(one)).query).items()}
    assert again == given
    assert asked(one.report, again, now=NOW) == one
    assert (one.end - one.start) == timedelta(days=20)


@pytest.mark.parametrize(
    "parameters",
    [
        {"from": "x", "to": "2026-11-20"},
        {"from": "2026-11-20", "to": "2026-11-01"},
        {"from": "0001-01-01", "to": "9999-12-31"},
        {"from": "2026-11-20"},
    ],
)
def test_days_that_cannot_be_fall_back_and_say_so(parameters):
    one = ask("threat-protection", **parameters)
    assert one.error
    assert one.preset == "7d"


@pytest.mark.parametrize("text", ["-1", "²", "0", "x", "99999999999"])
def test_a_page_that_is_none_is_the_first(text):
    assert ask("threat-protection", page=text).page == 1


def test_every_report_opens_with_and_without_rows(as_ada, mails):
    for report in REPORTS:
        for tab in report.tabs:
            for days in ("7d", "400d"):
                page = as_ada.get(f"/reports/{report.key}?tab={tab.key}&range={days}")
                assert page.status_code == 200
                assert report.title in page.content.decode()
    assert as_ada.get("/reports/no-such-report").status_code == 404
    assert "Threat protection status" in as_ada.get("/reports").content.decode()
    assert "Mail flow status" in as_ada.get("/reports/overview?range=30d").content.decode()


def test_eve_sees_no_report(as_eve):
    for path in ("/reports", "/reports/overview", "/reports/mail-flow", "/reports/mail-flow/rows.csv"):
        assert as_eve.get(path).status_code == 403


def rows_of(answer):
    assert answer["Content-Type"].startswith("text/csv")
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))


def test_the_export_holds_every_row_and_no_formula(as_ada, mails):
    now = datetime.now(UTC)
    append("EmailEvents", [mail(50, at=now, threat="Phish", Subject="=HYPERLINK(1)")])
    found = rows_of(as_ada.get("/reports/threat-protection/rows.csv?range=400d"))
    assert found[0][0] == "Timestamp"
    assert len(found) >= 2
    assert not any(cell.startswith("=") for row in found for cell in row)


def test_the_summary_holds_what_the_page_shows(as_ada):
    append("EmailEvents", [mail(1, at=datetime.now(UTC), threat="Phish")])
    found = rows_of(as_ada.get("/reports/threat-protection/summary.csv"))
    assert ["Phish", "1", "100.0 %"] in found
    assert found[-1][0] == f"{datetime.now(UTC):%Y-%m-%d}"


def test_hostile_text_stays_text_everywhere(as_ada):
    evil = "<script>alert(1)</script>@x.example"
    append("EmailEvents", [mail(1, at=datetime.now(UTC), threat="Phish", SenderFromAddress=evil, Subject=evil)])
    for path in ("/reports/threat-protection", "/reports/top-senders-recipients?tab=threat-senders"):
        page = as_ada.get(path).content.decode()
        assert "<script>alert" not in page
        assert "alert(1)" in page


def test_a_filter_value_is_not_taken_for_a_query(mails):
    found = figures(ask("threat-protection", SenderFromDomain="' OR 1=1 --"))
    assert found.total == 0
    query = Query("EmailEvents", NOW - timedelta(days=1), NOW, (Condition("Subject", Operator.CONTAINS_ANY, ("Inv",)),))
    assert lake.count(query) == 7
