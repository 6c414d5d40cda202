"""What every action of `response/actions/` must do, on a real Dovecot and on a tree of Maildirs; a new file there is tested here."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.conformance.conftest import USERS
from tests.conformance.test_mailbox_actions import DovecotWorld, MaildirWorld
from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.models import AuditEntry
from watchfloor.access.selectors import actor_of
from watchfloor.connectors.contracts import Target
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import Conflict, Forbidden
from watchfloor.lake import selectors as lake
from watchfloor.lake import services as lake_services
from watchfloor.lake.contracts import Query
from watchfloor.response import services
from watchfloor.response.action import MailAction
from watchfloor.response.catalogue import action_of, actions
from watchfloor.response.contracts import RemediationStatus, Row, Targets
from watchfloor.response.engine import work_batch
from watchfloor.response.freezing import freeze
from watchfloor.response.models import LedgerLine, Remediation
from watchfloor.response.progress import begin, finish
from watchfloor.response.quarantine.releasing import release_batch

ADA = USERS[0]
SENT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
FLAGS = ("\\Flagged", "\\Seen")
START = {"move-to-inbox": ("Junk", "Junk folder")}
"""Where the message lies before the action, as (folder, Defender's location); a folder of one's own unless told otherwise."""


@pytest.fixture(params=["dovecot", "maildir store"])
def world(request, tmp_path):
    if request.param == "maildir store":
        return MaildirWorld(tmp_path)
    return DovecotWorld(request.getfixturevalue("dovecot"))


@pytest.fixture(params=[key for key, one in actions().items() if one.mailboxes and not one.from_quarantine])
def action(request) -> MailAction:
    return actions()[request.param]


@pytest.fixture
def analyst(ada) -> Actor:
    return actor_of(ada)


@pytest.fixture
def target(world, action, analyst) -> Target:
    """One message where the action fits, in the mailbox and in the lake."""
    nmid = f"{time.monotonic_ns():032x}"
    folder, location = START.get(action.key, ("Projects", "Inbox/folder"))
    world.put(ADA, f"<{nmid}@evil.example>", folder=folder, flags=FLAGS)
    row = {
        "Timestamp": SENT,
        "NetworkMessageId": nmid,
        "InternetMessageId": f"<{nmid}@evil.example>",
        "RecipientEmailAddress": ADA,
        "LatestDeliveryLocation": location,
        "Subject": "Invoice",
        "ReportId": nmid,
    }
    lake_services.append("EmailEvents", [row])
    if action.needs_origin:
        carry_out(begun(analyst, nmid, "soft-delete"), world)
    return Target(ADA, f"<{nmid}@evil.example>")


def nmid_of(target: Target) -> str:
    return target.message_id[1:].partition("@")[0]


def begun(by: Actor, nmid: str, key: str) -> Remediation:
    return services.start(
        by=by, name=f"{key} it", reason="conformance", action=key, targets=Targets(rows=(Row(nmid, ADA),))
    )


def carry_out(remediation: Remediation, world) -> Remediation:
    """What the worker's job does, here and now."""
    remediation = begin(remediation.pk, now=utc_now())
    freeze(remediation, now=utc_now())
    if action_of(remediation.action).from_quarantine:
        while release_batch(remediation, clock=utc_now, mailboxes=lambda: world.actions):
            pass
    while work_batch(remediation, mailboxes=world.actions, clock=utc_now):
        pass
    return finish(remediation.pk, now=utc_now())


def lies(world, target: Target):
    """(folder, flags, date) of each copy."""
    ((_, copies),) = list(world.actions.find([target]))
    return sorted((copy.path, copy.flags, copy.internal_date) for copy in copies)


def outcomes_of(verb: str) -> set[str]:
    return set(AuditEntry.objects.filter(verb=verb).values_list("outcome", flat=True))


def test_it_says_what_it_is(db, action):
    assert action.label
    assert action.description.endswith(".")
    assert action.event_action
    assert action.fits
    assert action.permission == Permission.EMAIL_ACTION_MANAGE


def test_it_is_refused_without_the_right_and_the_refusal_is_audited(db, action, mailer_rows):
    nobody = Actor("person:7", "Eve", frozenset())
    proposer = Actor("person:8", "Olga", frozenset({Permission.EMAIL_ACTION_PROPOSE}))
    for actor in (nobody, proposer):
        with pytest.raises(Forbidden):
            begun(actor, "0" * 32, action.key)
    with pytest.raises(Forbidden):
        services.propose(by=nobody, name="x", reason="", action=action.key, targets=mailer_rows)
    assert outcomes_of("remediation.start") == {"refused"}
    assert not Remediation.objects.exists()


@pytest.fixture
def mailer_rows() -> Targets:
    return Targets(rows=(Row("0" * 32, ADA),))


def test_it_does_what_it_says_verified_in_the_mailbox_and_is_audited(world, action, target, analyst):
    done = carry_out(begun(analyst, nmid_of(target), action.key), world)
    assert (done.status, done.moved + done.deleted, done.failed) == (RemediationStatus.COMPLETED, 1, 0)
    line = LedgerLine.objects.get(remediation=done)
    assert line.verified
    copies = lies(world, target)
    if action.erases or action.keeps:
        assert copies == []
    else:
        ((path, flags, _),) = copies
        assert path == line.moved_where
        assert flags == FLAGS
    assert outcomes_of("remediation.start") == {"attempt", "success"}


def test_the_lake_hears_of_it_once_and_knows_the_new_place(world, action, target, analyst):
    carry_out(begun(analyst, nmid_of(target), action.key), world)
    now = utc_now()
    events = lake.rows(Query("EmailPostDeliveryEvents", SENT, now + timedelta(hours=1)), limit=10)
    mine = [event for event in events if event["Action"] == action.event_action]
    assert len(mine) == 1
    (row,) = lake.rows(Query("EmailEvents", SENT, SENT + timedelta(hours=1)), limit=10)
    assert row["LatestDeliveryLocation"] == mine[0]["DeliveryLocation"]
    if action.destination:
        assert mine[0]["DeliveryLocation"] == action.destination.value


def test_done_twice_changes_nothing_the_second_time(world, action, target, analyst):
    carry_out(begun(analyst, nmid_of(target), action.key), world)
    before = lies(world, target)
    for hours in (0, 2):
        LedgerLine.objects.update(at=utc_now() - timedelta(hours=hours))
        again = carry_out(begun(analyst, nmid_of(target), action.key), world)
        assert (again.moved, again.deleted, again.failed) == (0, 0, 0)
        assert again.already == 1 or ((action.erases or action.keeps) and again.skipped == 1)
        assert lies(world, target) == before


def test_undo_puts_back_folder_flags_and_date_or_is_refused_in_words(world, action, target, analyst):
    before = lies(world, target)
    done = carry_out(begun(analyst, nmid_of(target), action.key), world)
    if not action.undoable:
        with pytest.raises(Conflict, match="cannot be undone"):
            services.undo(by=analyst, remediation_id=done.pk)
        return
    # Who may act may not always undo: what was quarantined comes back by a release.
    back = Actor("person:9", "Rhea", frozenset({services.permission_to_undo(done)}))
    undone = carry_out(services.undo(by=back, remediation_id=done.pk, reason="it was clean"), world)
    assert (undone.status, undone.moved) == (RemediationStatus.COMPLETED, 1)
    assert lies(world, target) == before
    assert outcomes_of("remediation.undo") == {"attempt", "success"}


def test_the_wizard_offers_it(as_ada, action, mailer_rows, db):
    page = as_ada.get("/actions/new", {"row": str(mailer_rows.rows[0])})
    assert action.label in page.content.decode()
