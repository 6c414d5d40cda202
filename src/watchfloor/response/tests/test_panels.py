"""What response shows on the email page: each remediation of that copy, with its person, its result and the way to its ledger."""

from datetime import UTC, datetime
from types import SimpleNamespace

from watchfloor.mail.contracts import Source
from watchfloor.response import services
from watchfloor.response.catalogue import action_of
from watchfloor.response.contracts import Row, Targets
from watchfloor.response.events import events_of
from watchfloor.response.models import LedgerLine
from watchfloor.response.panels import RemediationsOfAnEmail

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
PHISH = "11111111-1111-4111-8111-111111111111"


def of(recipient: str) -> SimpleNamespace:
    return SimpleNamespace(id=PHISH, recipient=recipient)


def test_a_remediation_stands_in_the_timeline_of_the_copy_it_named(mails, analyst):
    one = services.start(
        by=analyst, name="Purge the phish", reason="it is one", action="soft-delete",
        targets=Targets(rows=(Row.parse(f"{PHISH}|ann@corp.example"),)), at=NOW,
    )  # fmt: skip
    LedgerLine.objects.create(
        remediation=one, network_message_id=PHISH, recipient="ann@corp.example", status="moved", at=NOW
    )
    (event,) = RemediationsOfAnEmail().events(entity=of("ann@corp.example"), actor=analyst)
    assert event.at == NOW
    assert event.source == Source.ADMIN
    assert event.event == "Remediation: Soft delete"
    assert event.result == "Moved, and seen in its new folder"
    assert event.details.startswith(f"“Purge the phish” by {analyst.name}")
    assert event.href == one.href
    assert event.tells == events_of(one, action_of("soft-delete"), LedgerLine.objects.all())[0]["ReportId"]
    assert RemediationsOfAnEmail().events(entity=of("bob@corp.example"), actor=analyst) == []


def test_it_brings_no_empty_box(mails, analyst):
    assert RemediationsOfAnEmail().render(entity=of("ann@corp.example"), actor=analyst) == ""
