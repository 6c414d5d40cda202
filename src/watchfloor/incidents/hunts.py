"""Go hunt: the questions one asks next of an entity, each as a query that opens in hunting with its time (IN-22)."""

import json
from datetime import datetime, timedelta
from urllib.parse import urlencode

AROUND = timedelta(days=7)
MAIL = "EmailEvents | where {} | project Timestamp, SenderFromAddress, RecipientEmailAddress, Subject, LatestDeliveryLocation, ThreatTypes | sort by Timestamp desc"

ALERTS = "AlertEvidence | where {} | distinct AlertId | join kind=inner AlertInfo on AlertId | project Timestamp, AlertId, Title, Severity, Category, DetectionSource | sort by Timestamp desc"

QUESTIONS: dict[str, tuple[tuple[str, str], ...]] = {
    "analyzedMessage": (
        ("This mail, every copy", MAIL.format("NetworkMessageId == {0}")),
        ("Its links", "EmailUrlInfo | where NetworkMessageId == {0}"),
        ("Its attachments", "EmailAttachmentInfo | where NetworkMessageId == {0}"),
        ("Clicks on its links", "UrlClickEvents | where NetworkMessageId == {0} | sort by Timestamp desc"),
        ("What happened to it after delivery", "EmailPostDeliveryEvents | where NetworkMessageId == {0} | sort by Timestamp asc"),
        ("Related alerts", ALERTS.format("NetworkMessageId == {0}")),
    ),
    "mailCluster": (("Mails of the cluster", MAIL.format("tostring(EmailClusterId) == {0}")),),
    "sender": (
        ("Mails from this sender", MAIL.format("SenderFromAddress =~ {0} or SenderMailFromAddress =~ {0}")),
        ("Who received how much of it", "EmailEvents | where SenderFromAddress =~ {0} | summarize Mails = count() by RecipientEmailAddress | sort by Mails desc"),
        ("Related alerts", ALERTS.format("AccountUpn =~ {0}")),
    ),
    "account": (
        ("Mails to this address", MAIL.format("RecipientEmailAddress =~ {0}")),
        ("Mails from this address", MAIL.format("SenderFromAddress =~ {0}")),
        ("Clicks", "UrlClickEvents | where AccountUpn =~ {0} | sort by Timestamp desc"),
        ("Sign-ins", "IdentityLogonEvents | where AccountUpn =~ {0} | sort by Timestamp desc"),
        ("All activity in applications", "CloudAppEvents | where AccountId =~ {0} or AccountDisplayName =~ {0} | sort by Timestamp desc"),
        ("Related alerts", ALERTS.format("AccountUpn =~ {0}")),
    ),
    "url": (
        ("Mails with this link", "EmailUrlInfo | where Url == {0} | join kind=inner EmailEvents on NetworkMessageId | project Timestamp, SenderFromAddress, RecipientEmailAddress, Subject, Url | sort by Timestamp desc"),
        ("Clicks on it", "UrlClickEvents | where Url == {0} | sort by Timestamp desc"),
        ("Related alerts", ALERTS.format("RemoteUrl == {0}")),
    ),
    "file": (
        ("Mails with this file", "EmailAttachmentInfo | where SHA256 == {0} | sort by Timestamp desc"),
        ("The file on devices", "DeviceFileEvents | where SHA256 == {0} | sort by Timestamp desc"),
        ("Processes of it", "DeviceProcessEvents | where SHA256 == {0} | sort by Timestamp desc"),
        ("Related alerts", ALERTS.format("SHA256 == {0}")),
    ),
    "ip": (
        ("Mails from this address", MAIL.format("SenderIPv4 == {0} or SenderIPv6 == {0}")),
        ("Sign-ins from it", "IdentityLogonEvents | where IPAddress == {0} | sort by Timestamp desc"),
        ("Devices that talked to it", "DeviceNetworkEvents | where RemoteIP == {0} | sort by Timestamp desc"),
        ("Related alerts", ALERTS.format("RemoteIP == {0}")),
    ),
    "device": (
        ("Sign-ins on it", "DeviceLogonEvents | where DeviceName =~ {0} | sort by Timestamp desc"),
        ("Processes", "DeviceProcessEvents | where DeviceName =~ {0} | sort by Timestamp desc"),
        ("Connections", "DeviceNetworkEvents | where DeviceName =~ {0} | sort by Timestamp desc"),
        ("Files", "DeviceFileEvents | where DeviceName =~ {0} | sort by Timestamp desc"),
        ("Related alerts", ALERTS.format("DeviceName =~ {0}")),
    ),
    "cloudApplication": (
        ("All activity in it", "CloudAppEvents | where Application =~ {0} | sort by Timestamp desc"),
        ("Who did how much in it", "CloudAppEvents | where Application =~ {0} | summarize Activities = count() by AccountDisplayName, ActionType | sort by Activities desc"),
        ("Sign-ins to it", "IdentityLogonEvents | where Application =~ {0} | sort by Timestamp desc"),
        ("Related alerts", ALERTS.format("Application =~ {0}")),
    ),
}  # fmt: skip


def hunts(kind: str, value: str, first: datetime, last: datetime) -> list[tuple[str, str]]:
    """(what it asks, address) of each question about an entity, from a week before it was first seen to a week after."""
    span = f" and Timestamp between (datetime({first - AROUND:%Y-%m-%dT%H:%M:%SZ}) .. datetime({last + AROUND:%Y-%m-%dT%H:%M:%SZ}))"
    quoted = json.dumps(value, ensure_ascii=False)
    found = []
    for words, text in QUESTIONS.get("account" if kind in ("mailbox", "user") else kind, ()):
        table, _, rest = text.partition(" | where ")
        condition, bar, after = rest.partition(" | ")
        whole = f"{table} | where ({condition}){span}{bar}{after}".replace(
            "{0}", quoted
        )  # last: a value may hold a “ | ”
        found.append((words, f"/hunting?{urlencode({'query': whole, 'run': 1})}"))
    return found
