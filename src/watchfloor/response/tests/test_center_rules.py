"""What an action fits, what the action center lists, and what a remediation tells of itself: rules without a mailbox."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.http import QueryDict

from watchfloor.connectors.contracts import Folder, Located
from watchfloor.kernel.errors import BadInput, NotFound
from watchfloor.response import selectors
from watchfloor.response.catalogue import account_actions, action_of, actions
from watchfloor.response.contracts import ActionSource, LineStatus, RemediationStatus, Row
from watchfloor.response.events import events_of, location_after
from watchfloor.response.exports import csv_answer
from watchfloor.response.models import LedgerLine, Remediation
from watchfloor.response.places import as_json, from_json, paths_of
from watchfloor.response.progress import begin, finish
from watchfloor.response.rendering import explorer_href, ledger_tabs, remediation_facts, status_words, tone_of

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
S = RemediationStatus
ANN = Row("11111111-1111-4111-8111-111111111111", "ann@corp.example")


def remediation(**facts) -> Remediation:
    given = {
        "id": uuid4(),
        "approval_id": uuid4().hex[-8:].upper(),
        "name": "Purge the phish",
        "action": "soft-delete",
        "status": S.COMPLETED.value,
        "created_at": NOW,
        "created_by": "person:1",
        "created_by_name": "Ada",
        **facts,
    }
    return Remediation(**given)


def stored(**facts) -> Remediation:
    one = remediation(**facts)
    one.save(force_insert=True)
    return one


# --- where an action fits (EA-61) ---------------------------------------------------------------------------------


MOVING = ("hard-delete", "move-to-deleted", "move-to-inbox", "move-to-junk", "restore", "soft-delete")


@pytest.mark.parametrize("key", MOVING)
@pytest.mark.parametrize(
    "location", ["Hard deleted", "Quarantine", "On-prem/external", "Failed", "Dropped", "Forwarded"]
)
def test_mail_outside_any_mailbox_is_touched_by_no_action_and_each_place_has_its_reason(key, location):
    action = action_of(key)
    assert action.unreachable(location)
    assert action.why_not(location) == action.unreachable(location)
    assert "latest location is" not in action.unreachable(location), "a reason of its own"


def test_a_place_that_nobody_foresaw_is_named_in_the_reason():
    assert "“Moon”" in action_of("soft-delete").unreachable("Moon")


@pytest.mark.parametrize(
    ("key", "location", "why"),
    [
        ("move-to-junk", "Junk folder", "it already lies in Junk folder"),
        ("move-to-inbox", "Inbox/folder", "it already lies in Inbox/folder"),
        ("soft-delete", "Inbox/folder", ""),
        ("hard-delete", "Recoverable items folder", ""),
        ("soft-delete", "", ""),
    ],
)
def test_an_action_is_offered_where_it_would_change_something(key, location, why):
    assert action_of(key).why_not(location) == why


def test_only_what_erases_asks_for_a_tick_and_it_has_no_undo():
    assert [key for key, action in actions().items() if action.dangerous] == ["hard-delete"]
    assert action_of("hard-delete").erases
    assert not action_of("hard-delete").undoable


# --- the listing (AC-01, AC-02, AC-05) ----------------------------------------------------------------------------


def listed(query: str, *, now: datetime = NOW) -> set[str]:
    return {one.name for one in selectors.listed(selectors.read_listing(QueryDict(query)), now=now)}


@pytest.fixture
def several(db):
    stored(name="old", created_at=NOW - timedelta(days=40), decided_by_name="Ada")
    stored(name="new", decided_by_name="Max", action="hard-delete", reason="a worm", approval_id="ABCD1234")
    stored(name="machine", decided_by_name="Automation", source=ActionSource.AUTOMATED.value)
    stored(name="waits", status=S.PENDING.value, created_at=NOW - timedelta(days=400))


def test_history_has_what_was_decided_in_the_period_and_pending_all_that_waits(several):
    assert listed("") == {"new", "machine"}
    assert listed("period=6m") == {"old", "new", "machine"}
    assert listed("tab=pending&period=day") == {"waits"}, "however old"


def test_what_waits_for_a_decision_comes_first(several, as_ada):
    assert as_ada.get("/action-center").headers["Location"] == "/action-center?tab=pending"
    Remediation.objects.filter(status=S.PENDING.value).update(status=S.COMPLETED.value)
    assert as_ada.get("/action-center").status_code == 200


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("action=hard-delete", {"new"}),
        ("decided_by=Automation", {"machine"}),
        ("q=worm", {"new"}),
        ("q=abcd1234", {"new"}),
        ("q=ABCD", set()),
        ("source=" + ActionSource.AUTOMATED.value.replace(" ", "+"), {"machine"}),
        ("status=Failed", set()),
    ],
)
def test_each_filter_of_the_action_center_narrows_it(several, query, found):
    assert listed(query) == found


def test_what_the_filters_offer_is_what_there_is(several):
    offered = selectors.choices()
    assert [name for name, _ in offered["decided_by"]] == ["Ada", "Automation", "Max"]
    assert {key for key, _ in offered["action"]} == {*actions(), *account_actions()}
    assert S.PENDING.value not in {value for value, _ in offered["status"]}


@pytest.mark.parametrize("sort", [*selectors.SORTS, *(f"-{name}" for name in selectors.SORTS)])
def test_every_column_that_can_be_sorted_sorts(several, sort):
    field = sort.lstrip("-")
    found = list(selectors.listed(selectors.read_listing(QueryDict(f"period=all&sort={sort}")), now=NOW))
    values = [getattr(one, field) for one in found if getattr(one, field) is not None]
    assert values == sorted(values, reverse=sort.startswith("-"))
    assert len(found) == 3


@pytest.mark.parametrize("id", ["", "no-id", "3ff2b162-c6d1-4a5a-b642-4dcba5b2e210", "0" * 500])
def test_a_remediation_that_is_not_there_is_said(db, id):
    with pytest.raises(NotFound):
        selectors.remediation(id)


# --- how it begins and ends (EA-62) -------------------------------------------------------------------------------


def test_who_was_asked_to_stop_before_beginning_is_not_begun(db):
    one = stored(status=S.STOPPING.value)
    assert begin(one.pk, now=NOW).status == S.STOPPING.value


def test_the_first_beginning_is_when_it_started_however_often_it_is_resumed(db):
    one = stored(status=S.QUEUED.value)
    begin(one.pk, now=NOW)
    assert begin(one.pk, now=NOW + timedelta(hours=1)).started_at == NOW


@pytest.mark.parametrize(
    ("facts", "trouble", "status"),
    [
        ({"total": 3, "moved": 3, "frozen_at": NOW}, "", S.COMPLETED),
        ({"total": 3, "moved": 2, "failed": 1, "frozen_at": NOW}, "", S.COMPLETED),
        ({"total": 3, "failed": 2, "skipped": 1, "frozen_at": NOW}, "", S.FAILED),
        ({"total": 3, "moved": 1, "frozen_at": NOW}, "", S.STOPPED),
        ({"total": 0, "frozen_at": NOW}, "", S.COMPLETED),
        ({"total": 0}, "", S.STOPPED),
        ({"total": 3, "moved": 3, "frozen_at": NOW}, "the mail server is away", S.FAILED),
    ],
)
def test_how_a_remediation_ends_follows_from_its_ledger(db, facts, trouble, status):
    ended = finish(stored(status=S.IN_PROGRESS.value, **facts).pk, now=NOW, trouble=trouble)
    assert (ended.status, ended.finished_at) == (status, NOW)
    assert bool(ended.why) == (status == S.FAILED)
    assert finish(ended.pk, now=NOW + timedelta(hours=1), trouble="late").finished_at == NOW, (
        "ending twice changes nothing"
    )


@pytest.mark.parametrize(("failed", "status"), [(0, S.UNDONE), (1, S.COMPLETED)])
def test_only_a_whole_undo_makes_the_original_undone(db, failed, status):
    original = stored(moved=2)
    undo = stored(undo_of=original, status=S.IN_PROGRESS.value, total=2, moved=2 - failed, failed=failed, frozen_at=NOW)
    finish(undo.pk, now=NOW)
    original.refresh_from_db()
    assert original.status == status


# --- what it tells of itself --------------------------------------------------------------------------------------


def test_completed_does_not_hide_what_failed():
    one = remediation(total=1500, moved=500, failed=1000)
    assert (status_words(one), tone_of(one)) == ("Completed, 1,000 failed", "warning")
    assert (status_words(remediation(total=1, moved=1)), tone_of(remediation(total=1, moved=1))) == (
        "Completed",
        "success",
    )


def test_the_facts_leave_out_what_is_empty_and_link_to_where_it_came_from():
    facts = {fact[0]: fact[1:] for fact in remediation_facts(remediation(incident_id="7", alert_id="wf1"))}
    assert facts["Incident"] == ("7", "/incidents/7")
    assert facts["Alert"] == ("wf1", "/alerts/wf1")
    assert facts["Decided by"] == ("nobody yet",)
    assert "Why it failed" not in facts


def test_explorer_opens_with_the_query_or_with_the_chosen_messages_while_they_fit_into_an_address():
    assert explorer_href(remediation(query="f=Subject~x")) == "/explorer?f=Subject~x"
    assert ANN.network_message_id in explorer_href(remediation(rows=[str(ANN)]))
    many = [str(Row(str(uuid4()), "ann@corp.example")) for _ in range(41)]
    assert explorer_href(remediation(rows=many)) == ""


def test_the_ledger_has_a_tab_for_each_result_there_is_and_for_the_one_looked_at():
    one = remediation(total=5, moved=3, failed=2)
    assert [(label, count) for _, label, _, count in ledger_tabs(one, "")] == [("All", 5), ("Moved", 3), ("Failed", 2)]
    assert ("Not found", 0) in [(label, count) for _, label, _, count in ledger_tabs(one, "missing")]


# --- what the lake hears ------------------------------------------------------------------------------------------


def line(status: LineStatus, *, location="Inbox/folder", origin=()) -> LedgerLine:
    return LedgerLine(
        id=1, network_message_id="m", recipient="ann@corp.example", status=status.value, location=location,
        origin=list(origin), at=NOW,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("status", "location", "told"),
    [
        (LineStatus.MOVED, "Inbox/folder", "Success"),
        (LineStatus.ALREADY, "Inbox/folder", "Already in destination"),
        (LineStatus.ALREADY, "Junk folder", None),
        (LineStatus.MISSING, "Inbox/folder", "Not found"),
        (LineStatus.MISSING, "Unknown", None),
        (LineStatus.FAILED, "Inbox/folder", None),
        (LineStatus.SKIPPED, "Inbox/folder", None),
        (LineStatus.PENDING, "Inbox/folder", None),
    ],
)
def test_the_lake_hears_of_a_line_what_it_did_not_know(status, location, told):
    events = events_of(remediation(action="move-to-junk"), action_of("move-to-junk"), [line(status, location=location)])
    assert [event["ActionResult"] for event in events] == ([told] if told else [])


@pytest.mark.parametrize(
    ("source", "kind", "trigger"),
    [
        (ActionSource.EXPLORER, "Manual Remediation", "AdminAction"),
        (ActionSource.AUTOMATED, "Automated Remediation", "Automation"),
    ],
)
def test_an_event_says_whether_a_person_or_the_product_did_it(source, kind, trigger):
    one = remediation(action="move-to-junk", source=source.value)
    (event,) = events_of(one, action_of("move-to-junk"), [line(LineStatus.MOVED)])
    assert (event["ActionType"], event["ActionTrigger"], event["DeliveryLocation"]) == (kind, trigger, "Junk folder")


def test_what_was_restored_lies_where_it_came_from_as_far_as_that_is_known():
    restore = action_of("restore")
    assert location_after(restore, line(LineStatus.MOVED, origin=[{"folder": "Junk folder"}])) == "Junk folder"
    assert location_after(restore, line(LineStatus.MOVED)) == "Unknown"
    assert location_after(action_of("soft-delete"), line(LineStatus.MISSING)) == "Unknown"


def test_a_copy_comes_back_from_the_ledger_as_it_went_in():
    copies = (
        Located("ann@corp.example", "INBOX", 5, 7, "<1@x>", ("\\Seen", "$Label"), NOW, Folder.INBOX),
        Located("ann@corp.example", "Archive/Ünï", 0, 0, "<1@x>"),
        Located("ann@corp.example", "INBOX", 6, 7, "<1@x>"),
    )
    assert from_json(as_json(copies)) == copies
    assert paths_of(as_json(copies)) == "INBOX, Archive/Ünï"


# --- the export (LM-02) -------------------------------------------------------------------------------------------


def test_an_export_leaves_line_by_line_and_no_cell_is_a_formula():
    written = []

    def rows():
        for number in range(3):
            written.append(number)
            yield [f"=HYPERLINK({number})", None, 'a "quoted" word', "two\nlines"]

    answer = csv_answer("Ledger.csv", ("A", "B", "C", "D"), rows())
    lines = iter(answer.streaming_content)
    assert next(lines).decode("utf-8") == '\ufeff"A","B","C","D"\r\n'
    assert written == []
    assert next(lines).decode().startswith('"\'=HYPERLINK(0)"')
    assert written == [0]
    assert answer["Content-Disposition"] == 'attachment; filename="Ledger.csv"'


def test_an_action_that_nobody_wrote_is_refused():
    with pytest.raises(BadInput):
        action_of("evaporate")
