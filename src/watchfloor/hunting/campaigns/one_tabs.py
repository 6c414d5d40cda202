"""The tabs of a campaign: sending addresses, senders, attachments, URLs, each counted in the time that is looked at (CA-16)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from watchfloor.hunting.campaigns.figures import INBOX, narrowed
from watchfloor.hunting.campaigns.noting import CLUSTER, MAIL
from watchfloor.hunting.campaigns.one_state import CampaignState
from watchfloor.kernel.text import visible
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Measure, Operator, Query

SHOWN = 200
TOTAL = Measure("total")
INBOXED = Measure("inboxed", where=("DeliveryLocation", INBOX))
PASSED = ("Pass",)


@dataclass(frozen=True, slots=True)
class Line:
    """One row: `values` stand under the tab's text heads, `counts` under its number heads; `explore` narrows Explorer to it."""

    values: tuple[str, ...]
    counts: tuple[int, ...]
    explore: str = ""


@dataclass(frozen=True, slots=True)
class TabTable:
    """A tab as a table; `more` is how many rows stand beyond those shown."""

    texts: tuple[str, ...]
    numbers: tuple[str, ...]
    lines: tuple[Line, ...]
    more: int
    empty: str


def sender_ips(state: CampaignState) -> TabTable:
    """Sending addresses with what reached an inbox and what passed SPF."""
    rows = _summed(state, ("SenderIP",), Measure("spf", where=("Spf", PASSED)))
    lines = [
        Line(
            (visible(row["SenderIP"]) or "Unknown", _place(row["SenderIP"])),
            (row["total"], row["inboxed"], row["total"] - row["inboxed"], row["spf"]),
            _narrow(state, "SenderIP", row["SenderIP"]),
        )
        for row in rows
    ]
    numbers = ("Total", "Inboxed", "Not inboxed", "SPF passed")
    return _table(("Sender IP", "Country"), numbers, lines, "No sending address is known.")


def senders(state: CampaignState) -> TabTable:
    """Envelope senders with what reached an inbox and what passed DKIM and DMARC."""
    proofs = (Measure("dkim", where=("Dkim", PASSED)), Measure("dmarc", where=("Dmarc", PASSED)))
    lines = [
        Line(
            (visible(row["SenderMailFromAddress"]) or "(none)",),
            (row["total"], row["inboxed"], row["total"] - row["inboxed"], row["dkim"], row["dmarc"]),
            _narrow(state, "SenderMailFromAddress", row["SenderMailFromAddress"]),
        )
        for row in _summed(state, ("SenderMailFromAddress",), *proofs)
    ]
    numbers = ("Total", "Inboxed", "Not inboxed", "DKIM passed", "DMARC passed")
    return _table(("MAIL FROM",), numbers, lines, "No envelope sender is known.")


def attachments(state: CampaignState) -> TabTable:
    """Attached files by name and content."""
    rows = _details(state, "EmailAttachmentInfo", ("FileName", "SHA256", "ThreatNames"))
    lines = [
        Line(
            (visible(row["FileName"]), row["SHA256"], visible(row["ThreatNames"]) or "–"),
            (row["total"],),
            _narrow(state, "EmailAttachmentInfo.SHA256", row["SHA256"]),
        )
        for row in rows
    ]
    return _table(("File name", "SHA256", "Malware family"), ("Total",), lines, "These mails have no attachment.")


def urls(state: CampaignState) -> TabTable:
    """URLs in the mails and their attachments."""
    lines = [
        Line((visible(row["Url"]),), (row["total"],), _narrow(state, "EmailUrlInfo.Url", row["Url"]))
        for row in _details(state, "EmailUrlInfo", ("Url",))
    ]
    return _table(("URL",), ("Total",), lines, "These mails have no URL.")


TABLES: Mapping[str, Callable[[CampaignState], TabTable]] = {
    "ips": sender_ips,
    "senders": senders,
    "attachments": attachments,
    "urls": urls,
}


def _summed(state: CampaignState, by: Sequence[str], *measures: Measure) -> list[dict[str, Any]]:
    inside = narrowed(state.query, [state.campaign])
    return _ranked(lake.summed(inside, by=by, measures=(TOTAL, INBOXED, *measures)), by)


def _details(state: CampaignState, table: str, by: Sequence[str]) -> list[dict[str, Any]]:
    """Rows of a table of parts, one for each mail and recipient, of the campaign's mails."""
    theirs = Condition(f"{MAIL}.{CLUSTER}", Operator.EQUAL_ANY, tuple(map(str, state.campaign.ids)))
    mails = Measure("total", "distinct", "ReportId")
    return _ranked(lake.summed(Query(table, state.start, state.end, required=(theirs,)), by=by, measures=(mails,)), by)


def _ranked(rows: list[dict[str, Any]], by: Sequence[str]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: (-row["total"], [str(row[name]) for name in by]))


def _table(texts: tuple[str, ...], numbers: tuple[str, ...], lines: Sequence[Line], empty: str) -> TabTable:
    return TabTable(texts, numbers, tuple(lines[:SHOWN]), max(0, len(lines) - SHOWN), empty)


def _place(address: str) -> str:
    return visible(lake.place_of(address or "").country) or "–"


def _narrow(state: CampaignState, column: str, value: str) -> str:
    return state.explored(Condition(column, Operator.EQUAL_ANY, (value,))) if value else ""
