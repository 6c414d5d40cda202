"""Adding to a proposal that waits (EA-40), and whose right an undo asks for."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from watchfloor.access.contracts import Actor, Permission
from watchfloor.kernel.errors import BadInput, Conflict, Forbidden
from watchfloor.lake.contracts import Query
from watchfloor.lake.selectors import parameters_of
from watchfloor.response import queueing, services
from watchfloor.response.contracts import RemediationStatus, Row, Targets
from watchfloor.response.models import LedgerLine, Remediation

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
PHISH = "11111111-1111-4111-8111-111111111111"
ANN, BOB, CAT = (Row(PHISH, f"{name}@corp.example") for name in ("ann", "bob", "cat"))
S = RemediationStatus


@pytest.fixture(autouse=True)
def nothing_queued(monkeypatch):
    monkeypatch.setattr(queueing, "enqueue", lambda *arguments, id: None)


@pytest.fixture
def proposed(mails, proposer) -> Remediation:
    targets = Targets(rows=(ANN,))
    return services.propose(by=proposer, name="Purge", reason="", action="soft-delete", targets=targets, at=NOW)


def helper(*more: Permission) -> Actor:
    return Actor("person:77", "Hal", frozenset({Permission.EMAIL_ACTION_PROPOSE, *more}))


def add(one: Remediation, *rows: Row, by: Actor | None = None) -> Remediation:
    return services.add_to_proposal(by=by or helper(), remediation_id=one.pk, targets=Targets(rows=rows), at=NOW)


def test_messages_join_a_proposal_once(proposed):
    one = add(proposed, ANN, BOB)
    one.refresh_from_db()
    assert (one.rows, one.expected, one.status) == ([str(ANN), str(BOB)], 2, S.PENDING)
    assert one.additions[0]["name"] == "Hal"
    with pytest.raises(BadInput, match="already"):
        add(one, BOB)


def test_whoever_added_a_part_is_no_second_person(proposed):
    services.change_policy(by=Actor("person:1", "Bea", frozenset({Permission.CONNECTION_MANAGE})), second_person_over=1)
    hal = helper(Permission.EMAIL_ACTION_MANAGE)
    one = add(proposed, BOB, by=hal)
    assert one.second_person
    with pytest.raises(Forbidden, match="second person"):
        services.approve(by=hal, remediation_id=one.pk, at=NOW)


def test_one_adds_only_with_the_right_and_only_to_what_waits(proposed, analyst):
    with pytest.raises(Forbidden):
        add(proposed, BOB, by=Actor("person:5", "Eve", frozenset()))
    services.approve(by=analyst, remediation_id=proposed.pk, at=NOW)
    with pytest.raises(Conflict, match="decided already"):
        add(proposed, BOB)


def test_a_proposal_of_a_whole_query_takes_no_further_messages(proposed):
    Remediation.objects.filter(pk=proposed.pk).update(query="view=all", rows=[])
    with pytest.raises(Conflict, match="on their own"):
        add(proposed, BOB)


def test_the_wizard_offers_proposals_of_the_same_action_and_adds_to_them(proposed, as_ada):
    chosen = {"action": "soft-delete", "row": [str(BOB)]}
    page = as_ada.post("/actions/new/review", chosen).content.decode()
    assert "Add to proposal" in page
    assert str(proposed.pk) in page
    assert (
        "Add to proposal"
        not in as_ada.post("/actions/new/review", {**chosen, "action": "move-to-junk"}).content.decode()
    )
    answer = as_ada.post("/actions/new/submit", {**chosen, "do": "add", "proposal": str(proposed.pk)})
    assert answer["Location"] == proposed.href
    proposed.refresh_from_db()
    assert str(BOB) in proposed.rows
    assert "1 by Ada" in as_ada.get(proposed.href).content.decode()


def test_undoing_a_quarantine_asks_for_the_right_to_release(mails, analyst):
    one = services.start(by=analyst, name="Out", reason="", action="quarantine", targets=Targets(rows=(ANN,)), at=NOW)
    LedgerLine.objects.create(
        remediation=one, network_message_id=PHISH, recipient=ANN.recipient, status="moved", before=[{}], at=NOW
    )
    Remediation.objects.filter(pk=one.pk).update(status=S.COMPLETED.value, moved=1, total=1, frozen_at=NOW)
    with pytest.raises(Forbidden):
        services.undo(by=helper(Permission.EMAIL_ACTION_MANAGE), remediation_id=one.pk, at=NOW)
    undo = services.undo(by=helper(Permission.QUARANTINE_MANAGE), remediation_id=one.pk, at=NOW)
    assert (undo.action, services.permission_to_change(undo)) == ("release", Permission.QUARANTINE_MANAGE)


def test_the_panel_of_a_cluster_shows_its_whole_query_and_what_it_holds(mails, analyst, as_ada, as_eve):
    query = parameters_of(Query("EmailEvents", NOW - timedelta(days=1), NOW + timedelta(days=1)))
    one = services.start(by=analyst, name="All", reason="", action="soft-delete", targets=Targets(query=query), at=NOW)
    page = as_ada.get(f"{one.href}/cluster").content.decode()
    assert "EmailEvents" in page
    assert "Messages when it was asked" in page
    assert "it-support@elsewhere.example" in page
    assert f"{one.href}/cluster" in as_ada.get(one.href).content.decode()
    assert as_eve.get(f"{one.href}/cluster").status_code == 403
    chosen = services.propose(
        by=analyst, name="One", reason="", action="soft-delete", targets=Targets(rows=(ANN,)), at=NOW
    )
    assert as_ada.get(f"{chosen.href}/cluster")["Location"] == chosen.href


def test_nobody_approves_messages_that_were_added_after_they_looked(proposed, analyst):
    services.add_to_proposal(
        by=helper(), remediation_id=proposed.pk, targets=Targets(rows=(BOB,)), at=NOW + timedelta(minutes=2)
    )
    with pytest.raises(Conflict, match="Hal added 1 message to “Purge” since you looked"):
        services.approve(by=analyst, remediation_id=proposed.pk, seen=NOW + timedelta(minutes=1), at=NOW)
    one = services.approve(by=analyst, remediation_id=proposed.pk, seen=NOW + timedelta(minutes=3), at=NOW)
    assert one.status == S.STARTED


@pytest.mark.parametrize("page", ["/action-center/{}", "/action-center?tab=pending"])
def test_the_forms_say_when_their_page_was_made(as_ada, proposed, page):
    form = as_ada.get(page.format(proposed.pk)).content.decode()
    seen = re.search(r'name="seen" value="(\d+)"', form).group(1)
    services.add_to_proposal(by=helper(), remediation_id=proposed.pk, targets=Targets(rows=(BOB,)))
    chosen = {"decision": "approve", "row": str(proposed.pk), "seen": seen}
    as_ada.post("/action-center/decide", chosen)
    as_ada.post(f"/action-center/{proposed.pk}/approve", {"seen": seen})
    proposed.refresh_from_db()
    assert proposed.status == S.PENDING
