"""A phish in the lake, aimed at people of corp.example, and the queue asked without a worker."""

from datetime import UTC, datetime

import pytest

from watchfloor.access.selectors import actor_of
from watchfloor.lake import services as lake

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
PHISH = "11111111-1111-4111-8111-111111111111"
CLEAN = "22222222-2222-4222-8222-222222222222"


def email_row(message: str, recipient: str, **facts):
    """One row of EmailEvents."""
    location = facts.get("DeliveryLocation", "Inbox/folder")
    return {
        "LatestDeliveryLocation": location,
        "Timestamp": NOW,
        "NetworkMessageId": message,
        "InternetMessageId": f"<{message}@elsewhere.example>",
        "SenderFromAddress": "it-support@elsewhere.example",
        "RecipientEmailAddress": recipient,
        "Subject": "Your password ends today",
        "EmailDirection": "Inbound",
        "DeliveryAction": "Delivered",
        "DeliveryLocation": "Inbox/folder",
        "ThreatTypes": ["Phish"],
        "ReportId": f"{message}-{recipient}",
        **facts,
    }


@pytest.fixture
def mails(db):
    """The phish in three mailboxes (one already in Junk), outside once; a clean mail beside it."""
    lake.append(
        "EmailEvents",
        [
            email_row(PHISH, "ann@corp.example"),
            email_row(PHISH, "bob@corp.example"),
            email_row(PHISH, "cat@corp.example", DeliveryLocation="Junk folder"),
            email_row(PHISH, "dan@partner.example", DeliveryLocation="On-premises/external"),
            email_row(CLEAN, "ann@corp.example", Subject="Lunch", ThreatTypes=[], SenderFromAddress="bob@corp.example"),
        ],
    )


@pytest.fixture
def analyst(ada):
    """Ada as an actor: Search and Purge."""
    return actor_of(ada)


@pytest.fixture
def proposer(db):
    """An operator without Search and Purge: may propose, not act."""
    from watchfloor.access.contracts import Actor, Permission

    rights = {Permission.EMAIL_ACTION_PROPOSE, Permission.EMAIL_METADATA_READ, Permission.ACTION_CENTER_READ}
    return Actor("person:900", "Olga Operator", frozenset(rights))
