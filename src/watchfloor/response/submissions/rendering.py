"""Reports and submissions as pages and exports show them."""

from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from watchfloor.intelligence.selectors import entry_addresses
from watchfloor.response.submissions.contracts import Check
from watchfloor.response.submissions.models import ReportGroup, Submission, UserReport
from watchfloor.response.submissions.selectors import SORTS

REPORT_COLUMNS = (
    ("subject", "Name and type", False),
    ("reporters", "Reported by", False),
    ("last_at", "Date reported", False),
    ("sender", "Sender", False),
    ("reason", "Reported reason", False),
    ("result", "Result", False),
    ("marked_as", "Marked as", False),
    ("marked_by", "Marked by", False),
    ("marked_at", "Date marked", True),
    ("tags", "Tags", False),
    ("first_at", "First reported", True),
    ("sender_ip", "Sender IP", True),
    ("network_message_id", "Network message ID", True),
    ("converted", "Converted to submission", True),
    ("simulation", "Phish simulation", True),
)
EXPORTED = (
    "Name", "Reported by", "Date reported", "Sender", "Reported reason", "Result", "Message reported ID", "Network message ID",
    "Sender IP", "Reported from", "Reported through", "Comment", "Matched by", "Converted", "Marked as", "Marked by",
    "Date marked", "Tags", "Answers", "Phish simulation",
)  # fmt: skip
SUBMITTED = (
    "Name", "Value", "Sender", "Recipient", "Submitted by", "Date", "Said", "Note", "Result", "Explanation", "Entries",
    "Disputed", "Origin",
)  # fmt: skip
TONES = {"good": "success", "bad": "danger", "info": "info", "none": "neutral"}
RESULT_TONES = {
    "Threats found": "danger",
    "No threats found": "success",
    "Should not have been blocked": "success",
    "Original not found": "neutral",
    "Phish simulation": "info",
}


def heads(
    parameters: QueryDict, sort: str, *, columns: tuple[tuple[str, str, bool], ...]
) -> list[tuple[str, str, str, str, str]]:
    """(name, label, address that sorts by it, aria-sort, "off" when hidden at first)."""
    found = []
    for name, label, off in columns:
        href, aria = "", ""
        if name in SORTS:
            falling = sort == f"-{name}"
            kept = {key: value for key, value in parameters.items() if key not in ("page", "sort")}
            href = f"/submissions?{urlencode(kept | {'sort': name if falling else f'-{name}'})}"
            aria = "descending" if falling else "ascending" if sort == name else "none"
        found.append((name, label, href, aria, "off" if off else ""))
    return found


def tone_of(result: str) -> str:
    return RESULT_TONES.get(result, "info")


def checks_of(row: Submission) -> list[tuple[Check, str]]:
    """The checks of a submission with the tone of their badge."""
    return [
        (Check(one["name"], one["state"], one["words"], tuple(one["details"])), TONES.get(one["state"], "neutral"))
        for one in row.checks
    ]


def entries_named(checks: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """(name, address) of the allow and block entries that checks name and that are there still (SU-13)."""
    said = [detail for one in checks for detail in one["details"] if str(detail).startswith(("allow ", "block "))]
    return entry_addresses(said[:20])


def export_line(group: ReportGroup, line: UserReport) -> list[str]:
    return [
        line.subject, line.reporter, line.reported_at.isoformat(), line.sender, line.reason, group.result,
        line.internet_message_id, line.network_message_id, line.sender_ip, line.reported_from, line.via, line.comment,
        line.matched_by, "yes" if group.submissions.exists() else "no", group.marked_as, group.marked_by,
        group.marked_at.isoformat() if group.marked_at else "", ", ".join(group.tags), str(len(line.answers)),
        group.simulation,
    ]  # fmt: skip


def submission_line(row: Submission) -> list[str]:
    return [
        row.name, row.value, row.sender, row.recipient, row.by, row.at.isoformat(), row.words, row.note, row.result,
        row.explanation, ", ".join(row.entries), row.dispute, row.origin,
    ]  # fmt: skip
