"""What a spam filter of ours, SpamAssassin or rspamd, wrote into the headers before the mail came here.

Such headers name nobody, and senders forge them. Two places count. Above the Received line that a host named in
`authserv_ids` wrote when it took the mail in from outside, or later, no sender can write. Elsewhere, as below the sender's
headers where milters add theirs, only the run of filter headers counts that bears the queue id of that Received line.
A mail that an outside client hands to us has no such line yet, so nothing in it counts.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from watchfloor.inspection.contracts import Envelope, Header, TenantFacts
from watchfloor.inspection.delivery import hop_of, is_outside
from watchfloor.inspection.evidence import Evidence
from watchfloor.inspection.weights import HIGH, THRESHOLD

_FILTER = re.compile(r"x-(spam(d)?|rspamd)(-[a-z-]+)?", re.IGNORECASE)
_QUEUE_IDS = frozenset({"x-rspamd-queue-id", "x-spamd-queue-id"})
_ID = re.compile(r"\bid\s+([A-Za-z0-9._-]{8,64})(?=[\s;)]|$)")
_STATUS = re.compile(r"^\s*(yes|no)\b", re.IGNORECASE)
_POINTS = re.compile(r"\b(?:score|hits)=(-?\d{1,4}(?:\.\d{1,4})?)(?:.{0,80}?\brequired=(-?\d{1,4}(?:\.\d{1,4})?))?")
_RESULT = re.compile(r"\b(True|False)\s*\[\s*(-?\d{1,4}(?:\.\d{1,4})?)\s*/\s*(-?\d{1,4}(?:\.\d{1,4})?)\s*\]")
_SCORE = re.compile(r"^\s*(-?\d{1,4}(?:\.\d{1,4})?)\b")
_BAD_ACTIONS = frozenset({"add header", "rewrite subject", "quarantine", "reject"})
_DOUBT = 0.5
"""From this share of what the filter needs to call a mail spam, its score is worth a word."""
_MOST_DOUBT = 2.5


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the headers say together: whether spam, with how many points of how many; `headers` names those that say so."""

    is_spam: bool
    score: float | None
    needed: float | None
    headers: tuple[str, ...]


def evidence_of(headers: tuple[Header, ...], envelope: Envelope, facts: TenantFacts) -> Iterator[Evidence]:
    """At most one piece of evidence: our filter judged it spam, or came near it."""
    told, host = believed(headers, envelope, facts)
    opinion = opinion_of(told)
    share = opinion.score / opinion.needed if opinion.score is not None and opinion.needed else 0.0
    by = f"Imported header: our own filter at {host}"
    named = f"({', '.join(opinion.headers)})"
    if opinion.is_spam:
        points = HIGH if share >= 2 else THRESHOLD
        yield Evidence("filter_spam", f"{by} judged it spam{_numbers(opinion)} {named}", points=points, imported=True)
    elif share >= _DOUBT:
        points = round(_MOST_DOUBT * min(share, 1.0), 2)
        yield Evidence("filter_doubt", f"{by} came near spam{_numbers(opinion)} {named}", points=points, imported=True)


def believed(headers: tuple[Header, ...], envelope: Envelope, facts: TenantFacts) -> tuple[tuple[Header, ...], str]:
    """The filter headers that our own servers wrote, and the host that vouches for them; () and "" when none does."""
    if not facts.authserv_ids or is_outside(envelope.client_ip):
        return (), ""
    place = _trusted(headers, facts.authserv_ids)
    if place is None:
        return (), ""
    value = headers[place].value
    above = tuple(header for header in headers[:place] if _FILTER.fullmatch(header.name))
    return above or _vouched(headers[place + 1 :], _ID.search(value)), hop_of(value).by


def _trusted(headers: Sequence[Header], names: frozenset[str]) -> int | None:
    """The lowest Received line by one of our hosts that is no deeper than the first hop from outside."""
    found = None
    for place, header in enumerate(headers):
        if header.name.lower() != "received":
            continue
        hop = hop_of(header.value)
        if any(hop.by == name or hop.by.endswith("." + name) for name in names):
            found = place
        if is_outside(hop.ip):
            break
    return found


def _vouched(headers: Sequence[Header], queue_id: re.Match[str] | None) -> tuple[Header, ...]:
    """The lowest unbroken run of filter headers that bears the queue id."""
    runs: list[list[Header]] = [[]]
    for header in headers:
        if _FILTER.fullmatch(header.name):
            runs[-1].append(header)
        elif runs[-1]:
            runs.append([])
    wanted = queue_id[1] if queue_id else ""
    bearing = (
        run for run in reversed(runs) if any(h.name.lower() in _QUEUE_IDS and h.value.strip() == wanted for h in run)
    )
    return tuple(next(bearing, ())) if wanted else ()


def opinion_of(headers: Sequence[Header]) -> Opinion:
    """What filter headers say. Of two of one name the lower counts: filters add theirs at the end."""
    last = {header.name.lower(): header for header in headers}
    value = {name: header.value[:4000] for name, header in last.items()}
    status, result = _STATUS.search(value.get("x-spam-status", "")), _RESULT.search(value.get("x-spamd-result", ""))
    says = {
        "x-spam-flag": value.get("x-spam-flag", "").strip().lower() == "yes",
        "x-spam": value.get("x-spam", "").strip().lower() == "yes",
        "x-spam-status": bool(status and status[1].lower() == "yes"),
        "x-spamd-result": bool(result and result[1] == "True"),
        "x-rspamd-action": value.get("x-rspamd-action", "").strip().lower() in _BAD_ACTIONS,
    }
    counted, score, needed = _points(value)
    names = [name for name, is_spam in says.items() if is_spam]
    shown = dict.fromkeys([*names, *([counted] if counted else [])])
    return Opinion(bool(names), score, needed, tuple(last[name].name for name in shown))


def _points(value: dict[str, str]) -> tuple[str, float | None, float | None]:
    """The header that names points, the points, and how many make a mail spam."""
    if found := _RESULT.search(value.get("x-spamd-result", "")):
        return "x-spamd-result", float(found[2]), float(found[3])
    if found := _POINTS.search(value.get("x-spam-status", "")):
        return "x-spam-status", float(found[1]), float(found[2]) if found[2] else None
    for name in ("x-rspamd-score", "x-spam-score"):
        if found := _SCORE.search(value.get(name, "")):
            return name, float(found[1]), None
    return "", None, None


def _numbers(opinion: Opinion) -> str:
    if opinion.score is None:
        return ""
    return f" with {opinion.score:g} points" + (f" of {opinion.needed:g} needed" if opinion.needed else "")
