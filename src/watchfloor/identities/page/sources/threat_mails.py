"""Mails with a threat that the person received, and those that went out under their address."""

from urllib.parse import quote

from watchfloor.access.contracts import Permission
from watchfloor.identities.contracts import PersonNames
from watchfloor.identities.page import kql
from watchfloor.identities.page.source_kinds import LakeSource, Row, after


def sent(names: PersonNames) -> str:
    """A stranger may write any sender into a mail; what came from outside was not sent by the person."""
    return f'(EmailDirection != "Inbound" and {kql.one_of("SenderFromAddress", names.mails)})'


def where(names: PersonNames) -> str:
    if not names.mails:
        return ""
    return f'ThreatTypes != "" and ({kql.one_of("RecipientEmailAddress", names.mails)} or {sent(names)})'


def words(row: Row) -> str:
    if row["Way"] == "by":
        return f"“{row['Object']}” to {row['Detail'].partition(' ')[0]}"
    _, sender, where = row["Detail"].split(" ", 2)
    return f"“{row['Object']}” from {sender}{after(', now in ', where)}"


SOURCE = LakeSource(
    kind="Threat mail",
    table="EmailEvents",
    permission=Permission.EMAIL_METADATA_READ,
    where=where,
    on=lambda names: f"not({sent(names)})",
    cells={
        "Activity": "ThreatTypes",
        "App": '"Email"',
        "IP": "SenderIP",
        "Object": "Subject",
        "Detail": 'strcat(RecipientEmailAddress, " ", SenderFromAddress, " ", LatestDeliveryLocation)',
        "Target": "NetworkMessageId",
    },
    words=words,
    techniques=lambda row: ("T1534" if row["Way"] == "by" else "T1566",) if row["Activity"] != "Spam" else (),
    href=lambda row: f"/email/{quote(row['Target'], safe='')}",
)
