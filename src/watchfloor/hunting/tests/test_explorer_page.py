"""Explorer as a person meets it: shell, parts, tabs, selection, empty states."""

import re
from datetime import timedelta
from html import unescape

import pytest

from watchfloor.hunting.explorer.catalogue import VIEWS, pivots_of
from watchfloor.kernel.clock import utc_now
from watchfloor.lake.services import append


def text_of(response) -> str:
    return unescape(response.content.decode())


def click_and_file(mail_id: str) -> None:
    """A click on a link of the mail, and a malicious file in a document store."""
    at = utc_now() - timedelta(minutes=5)
    click = {"Url": "https://evil.example/x", "UrlDomain": "evil.example", "ActionType": "Allowed", "Workload": "Email"}
    append(
        "UrlClickEvents", [{"Timestamp": at, "NetworkMessageId": mail_id, "AccountUpn": "ann@corp.example", **click}]
    )
    file = {"FileName": "list.xlsm", "FileOwnerUpn": "ann@corp.example", "SHA256": "cd" * 32, "Workload": "SharePoint"}
    found = {
        "ThreatTypes": ["Malware"],
        "ThreatNames": ["Emotet"],
        "DetectionMethods": {"Malware": ["File reputation"]},
    }
    append("FileMaliciousContentInfo", [{"Timestamp": at, **file, **found}])


def test_the_shell_comes_without_asking_the_lake_and_loads_its_parts(as_ada, mail):
    mail(Subject="Invoice")
    page = text_of(as_ada.get("/explorer"))
    assert "Invoice" not in page
    assert 'hx-get="/explorer/chart?' in page
    assert 'hx-get="/explorer/results?' in page


def test_without_javascript_one_page_holds_everything(as_ada, mail):
    mail(Subject="Invoice")
    page = text_of(as_ada.get("/explorer?complete=1"))
    assert "Invoice" in page
    assert "Delivery action, messages" in page


@pytest.mark.parametrize(("view", "tab"), [(view.key, tab.key) for view in VIEWS for tab in view.tabs])
def test_every_tab_of_every_view_shows_what_it_has(as_ada, mail, view, tab):
    key = mail(
        ThreatTypes=["Malware", "Phish"],
        urls=("https://evil.example/x",),
        files=(("a.exe", "ab" * 32),),
        EmailClusterId=7,
    )
    click_and_file(key)
    answer = as_ada.get(f"/explorer/results?view={view}&tab={tab}")
    assert answer.status_code == 200
    assert "could not be read" not in text_of(answer)
    assert "No mail fits" not in text_of(answer)


@pytest.mark.parametrize(("view", "pivot"), [(view.key, pivot.column) for view in VIEWS for pivot in pivots_of(view)])
def test_every_pivot_of_every_view_draws_a_chart(as_ada, mail, view, pivot):
    click_and_file(mail(ThreatTypes=["Malware", "Phish"], urls=("https://evil.example/x",)))
    page = text_of(as_ada.get(f"/explorer/chart?view={view}&pivot={pivot}"))
    assert "explorer-chart-data" in page


def test_all_email_offers_the_eight_pivots_of_the_original(as_ada, mail):
    labels = [pivot.label for pivot in pivots_of(VIEWS[0])]
    assert labels[:8] == [
        "Delivery action",
        "Sender domain",
        "Sender IP",
        "Detection technology",
        "Threat classification",
        "Full URL",
        "URL domain",
        "URL domain and path",
    ]


def test_the_malware_view_shows_only_mail_with_malware(as_ada, mail):
    mail(Subject="bad file", ThreatTypes=["Malware"])
    mail(Subject="harmless")
    page = text_of(as_ada.get("/explorer/results?view=malware"))
    assert "bad file" in page
    assert "harmless" not in page


def test_one_recipient_is_one_row(as_ada, mail):
    key = mail(to=("ann@corp.example", "bo@corp.example"))
    page = text_of(as_ada.get("/explorer/results"))
    assert f'value="{key}|ann@corp.example"' in page
    assert f'value="{key}|bo@corp.example"' in page
    assert "2 rows" in page


def test_a_row_leads_to_its_summary_and_knows_its_place_in_the_query(as_ada, mail):
    key = mail()
    page = text_of(as_ada.get("/explorer/results"))
    summary = re.search(rf'hx-get="(/email/{key}/summary\?[^"]+)"', page)
    assert summary
    assert "place=0" in summary[1]
    assert "recipient=ann%40corp.example" in summary[1]


def test_nothing_found_offers_a_longer_time_and_removing_the_filters(as_ada, mail):
    mail(age=timedelta(days=5))
    page = text_of(as_ada.get("/explorer/results?f=SenderFromDomain~equal%2520any%2520of~nobody.example"))
    assert "No mail fits" in page
    assert "Look at 7 days" in page
    assert "Remove all filters" in page


def test_an_empty_lake_says_how_mail_comes_in(as_ada, db):
    page = text_of(as_ada.get("/explorer/results"))
    assert "Connect a mailbox" in page
    assert "watchfloor import" in page


def test_a_person_without_the_right_learns_who_grants_it(as_eve):
    answer = as_eve.get("/explorer")
    assert answer.status_code == 403


def test_the_number_of_sql_queries_does_not_grow_with_the_rows(as_ada, mail):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    mail()
    as_ada.get("/explorer?complete=1")  # which keeps the question
    mail()
    with CaptureQueriesContext(connection) as few:
        as_ada.get("/explorer?complete=1")
    for number in range(30):
        mail(to=(f"p{number}@corp.example",))
    with CaptureQueriesContext(connection) as many:
        as_ada.get("/explorer?complete=1")
    assert len(many) == len(few)


def test_warming_up_asks_what_the_first_page_asks(mail, monkeypatch):
    from watchfloor.hunting.services import warm_up
    from watchfloor.lake.engines.duck import DuckEngine

    mail()
    asked: list[str] = []
    few = DuckEngine.few  # the first look at every question
    monkeypatch.setattr(
        DuckEngine, "few", lambda self, tree, found: asked.append(tree.sql(dialect="duckdb")) or few(self, tree, found)
    )
    warm_up(now=utc_now())
    assert any("EPOCH_US" in text for text in asked)
    assert any("ORDER BY" in text for text in asked)
