"""From the wizard to the quarantine: what is held of the chosen messages is released there, for all or some recipients (EA-11)."""

import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.models import AuditEntry
from watchfloor.lake import services as lake
from watchfloor.response import wizard
from watchfloor.response.contracts import Row, Targets
from watchfloor.response.models import Remediation
from watchfloor.response.quarantine import acting, held_among
from watchfloor.response.tests.conftest import email_row
from watchfloor.response.tests.quarantined import ANN, BOB, NOW, copy_of, hold, name

CAT = "cat@corp.example"


@pytest.fixture(autouse=True)
def noon(monkeypatch):
    """The pages' clock stands still at an hour after the mails came."""
    from watchfloor.response.quarantine import acting_views

    for module in (wizard, acting_views):
        monkeypatch.setattr(module, "utc_now", lambda: NOW + timedelta(hours=1))
    monkeypatch.setattr(acting, "enqueue", lambda *arguments, id: None)


@pytest.fixture
def held(db):
    """One mail held for Ann and Bob; the lake says so, and that Cat got hers."""
    mail = name(hold(ANN, BOB))
    rows = [
        email_row(mail.network_message_id, person, Timestamp=NOW, DeliveryLocation="Quarantine")
        for person in (ANN, BOB)
    ]
    lake.append("EmailEvents", [*rows, email_row(mail.network_message_id, CAT, Timestamp=NOW)])
    return mail


def rows_of(mail, *people):
    return [f"{mail.network_message_id}|{person}" for person in people]


def fields(page: str) -> dict[str, list[str]]:
    """What the form of the quarantine sends: its hidden fields and ticked boxes."""
    form = re.search(r'<form[^>]*action="/quarantine/[^"]*release".*?</form>', page, re.S)
    assert form is not None
    sent: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", form[0]):
        kind, key, value = (re.search(rf'{what}="([^"]*)"', tag) for what in ("type", "name", "value"))
        if key and value and (kind is None or kind[1] != "checkbox" or " checked" in tag):
            sent.setdefault(key[1], []).append(value[1])
    sent.pop("csrfmiddlewaretoken", None)
    return sent


def test_the_wizard_leads_to_the_release_of_just_the_recipients_chosen(as_max, held):
    page = as_max.get(f"/actions/new?{urlencode({'row': rows_of(held, ANN, CAT)}, doseq=True)}").content.decode()
    assert "1 copy lies in quarantine" in page
    ask = as_max.post("/quarantine/ask/release", fields(page)).content.decode()
    assert BOB in ask
    assert fields(ask)["copy"] == [str(copy_of(ANN).pk)]
    done = as_max.post("/quarantine/do/release", fields(ask) | {"reason": "a real invoice"})
    assert done.status_code == 200
    one = Remediation.objects.get()
    assert (one.action, one.rows) == ("release", rows_of(held, ANN))
    assert copy_of(BOB).release is None
    assert AuditEntry.objects.filter(verb="quarantine.release", outcome="success").exists()


def test_of_several_mails_single_recipients_can_be_left_out(as_max, held):
    other = name(hold(ANN, key="2", subject="Second invoice"), 6)
    chosen = [*rows_of(held, ANN, BOB), *rows_of(other, ANN)]
    page = as_max.get(f"/actions/new?{urlencode({'row': chosen}, doseq=True)}").content.decode()
    assert "3 copies for 2 recipients lie in quarantine" in page
    ask = as_max.post("/quarantine/ask/release", fields(page)).content.decode()
    assert f"{BOB}: Your invoice" in ask
    assert f"{ANN}: Second invoice" in ask
    sent = fields(ask)
    assert len(sent["copy"]) == 3
    sent["copy"].remove(str(copy_of(BOB).pk))
    as_max.post("/quarantine/do/release", sent)
    assert sorted(Remediation.objects.get().rows) == sorted([*rows_of(held, ANN), *rows_of(other, ANN)])


def test_a_whole_query_finds_what_is_held_among_it(held):
    targets = Targets(query="received=30d", excepted=(Row(held.network_message_id, BOB),))
    found = held_among.held_among(targets, now=NOW + timedelta(hours=1))
    assert [copy.recipient for copy in found] == [ANN]


def test_no_more_copies_are_carried_than_a_form_holds(held, monkeypatch):
    monkeypatch.setattr(held_among, "MOST", 1)
    targets = Targets(rows=tuple(map(Row.parse, rows_of(held, ANN, BOB, CAT))))
    assert len(held_among.held_among(targets, now=NOW)) == 1


def test_too_many_to_tick_are_carried_on_and_released(as_max, held, monkeypatch):
    from watchfloor.response.quarantine import acting_views

    monkeypatch.setattr(acting_views, "MOST_PICKED", 1)
    other = name(hold(ANN, key="2"), 6)
    chosen = [*rows_of(held, ANN, BOB), *rows_of(other, ANN)]
    page = as_max.get(f"/actions/new?{urlencode({'row': chosen}, doseq=True)}").content.decode()
    ask = as_max.post("/quarantine/ask/release", fields(page)).content.decode()
    assert "3 chosen copies." in ask
    as_max.post("/quarantine/do/release", fields(ask))
    assert len(Remediation.objects.get().rows) == 3


def test_nothing_is_offered_where_nothing_is_held_or_by_whom_may_not_release(as_max, held, rf):
    page = as_max.get(f"/actions/new?{urlencode({'row': rows_of(held, CAT)}, doseq=True)}").content.decode()
    assert "in quarantine, outside" not in page
    request = rf.get("/actions/new")
    request.actor = Actor("person:7", "Olga", frozenset({Permission.EMAIL_ACTION_PROPOSE}))
    draft = wizard.read_draft(_aimed(held), actor=request.actor, now=NOW)
    assert wizard._held(request, draft, now=NOW) == []


def _aimed(held):
    from django.http import QueryDict

    return QueryDict(urlencode({"row": rows_of(held, ANN)}, doseq=True))
