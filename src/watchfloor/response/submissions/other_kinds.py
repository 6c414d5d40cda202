"""Submitting URLs and files: by value, by hash, or as an upload that is taken apart offline."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audited, authorise
from watchfloor.connectors.selectors import yara_rules
from watchfloor.inspection.analysis.contracts import Analysis
from watchfloor.inspection.services import analyse_apart
from watchfloor.intelligence.contracts import Effect, Kind
from watchfloor.intelligence.selectors import tenant_facts
from watchfloor.intelligence.services import add_entry
from watchfloor.kernel.errors import BadInput, Conflict, WatchfloorError
from watchfloor.kernel.text import visible
from watchfloor.lake import selectors as lake
from watchfloor.lake import services as lake_services
from watchfloor.lake.contracts import Condition, Operator, Query
from watchfloor.response.submissions import lake_rows
from watchfloor.response.submissions.checks import file_checks, url_checks
from watchfloor.response.submissions.contracts import AlsoEntry, Check, Outcome, Said, Submitted
from watchfloor.response.submissions.models import Submission
from watchfloor.response.submissions.submitting import MOST_NOTE, fill, refuse_allow

MOST_URLS = 50
LARGEST_FILE = 32 << 20
SEEN_DAYS = 30
_HASH = frozenset("0123456789abcdef")


def submit_urls(
    *, by: Actor, urls: Sequence[str], verdict: Said, note: str = "", entry: AlsoEntry | None = None, now: datetime
) -> Submitted:
    """Hand in up to 50 URLs; with `entry`, each gets one of its own. Raises Forbidden, BadInput."""
    wanted = list(dict.fromkeys(one.strip() for one in urls if one.strip()))
    if not wanted or len(wanted) > MOST_URLS:
        raise BadInput(f"one URL a line, {MOST_URLS} at most", place="urls")
    for one in wanted:
        if "." not in one or " " in one or len(one) > 2000:
            raise BadInput(f"“{visible(one[:100])}” is no URL", place="urls")
    rows = [_draft("url", one, by=by, said=verdict, note=note, now=now) for one in wanted]
    for row in rows:
        row.name = row.value[:1000]
    return _submit(rows, Kind.URL, by=by, entry=entry, now=now)


def submit_file(
    *,
    by: Actor,
    verdict: Said,
    sha256: str = "",
    content: bytes = b"",
    name: str = "",
    note: str = "",
    entry: AlsoEntry | None = None,
    now: datetime,
) -> Submitted:
    """Hand in a file by its hash, or its bytes, which are taken apart in a process of their own and not kept.

    Raises Forbidden, BadInput.
    """
    if len(content) > LARGEST_FILE:
        raise BadInput(f"a file has {LARGEST_FILE >> 20} MB at most", place="file")
    value = hashlib.sha256(content).hexdigest() if content else sha256.strip().lower()
    if len(value) != 64 or not set(value) <= _HASH:
        raise BadInput("give a SHA-256 (64 hexadecimal digits), or choose a file", place="sha256")
    row = _draft("file", value, by=by, said=verdict, note=note, now=now)
    row.sha256, row.name = value, visible(name)[:1000]
    return _submit([row], Kind.FILE, by=by, entry=entry, now=now, content=content)


def _draft(kind: str, value: str, *, by: Actor, said: Said, note: str, now: datetime) -> Submission:
    return Submission(
        kind=kind,
        value=value,
        at=now,
        by=by.name,
        by_id=by.id,
        origin="Admin",
        said=said.value,
        note=note.strip()[:MOST_NOTE],
    )


def _submit(
    rows: Sequence[Submission], kind: Kind, *, by: Actor, entry: AlsoEntry | None, now: datetime, content: bytes = b""
) -> Submitted:
    if entry is not None:
        refuse_allow(entry.effect is Effect.ALLOW, Said(rows[0].said))
        authorise(by, Permission.DETECTION_TUNE)
    refused: list[tuple[str, str]] = []
    entries: list[str] = []
    what = rows[0].value[:200] if len(rows) == 1 else f"{len(rows)} URLs"
    with audited(
        by=by,
        permission=Permission.EMAIL_ACTION_PROPOSE,
        verb="submission.make",
        target_type=rows[0].kind,
        target=what,
        reason=rows[0].note,
    ) as result:
        for row in rows:
            # Judged before the entry is made, or every result would be that entry.
            outcome = (
                url_outcome(row.value, now=now)
                if row.kind == "url"
                else file_outcome(row.sha256, name=row.name, content=content, now=now)
            )
            fill(row, outcome, now=now)
            if entry is not None:
                row.entries = _entered(row, kind, entry, by=by, now=now, refused=refused)
                entries += row.entries
            row.save()
        lake_services.append("CloudAppEvents", [lake_rows.of_submission(row) for row in rows])
        result["after"] = {"said": rows[0].said, "entries": entries}
    return Submitted(tuple(row.pk for row in rows), 0, tuple(entries), tuple(refused))


def _entered(
    row: Submission, kind: Kind, entry: AlsoEntry, *, by: Actor, now: datetime, refused: list[tuple[str, str]]
) -> list[str]:
    try:
        return [
            add_entry(
                by=by,
                kind=kind,
                effect=entry.effect,
                value=row.value,
                life=entry.life,
                note=row.note,
                source="Submission",
                now=now,
            )
        ]
    except (BadInput, Conflict) as error:
        refused.append((row.value[:200], error.message))
        return []


def url_outcome(url: str, *, now: datetime) -> Outcome:
    """Entries, indicators, and what mail with this URL was found to be."""
    checks = (*url_checks(url, tenant_facts()), _seen("EmailUrlInfo.Url", url, "URL", now=now))
    return _told(checks)


def file_outcome(sha256: str, *, name: str, content: bytes = b"", now: datetime) -> Outcome:
    """The same for a file, and its analysis when its bytes are given."""
    checks = [*file_checks(sha256, tenant_facts()), _seen("EmailAttachmentInfo.SHA256", sha256, "file", now=now)]
    if content:
        checks.append(_analysed(content, name))
    return _told(tuple(checks))


def _told(checks: tuple[Check, ...]) -> Outcome:
    bad = [one for one in checks if one.state == "bad"]
    if bad:
        return Outcome("Threats found", f"{bad[0].words}.", checks)
    return Outcome("No threats found", "Nothing known here speaks for a threat.", checks)


def _seen(column: str, value: str, noun: str, *, now: datetime) -> Check:
    """What the mails of the last 30 days that carry it were found to be."""
    where = Condition(column, Operator.EQUAL_ANY, (value,))
    query = Query("EmailEvents", now - timedelta(days=SEEN_DAYS), now, (where,))
    total = lake.count(query)
    if not total:
        return Check("Mail that carries it", "none", f"No mail of the last {SEEN_DAYS} days carries this {noun}")
    threats = [(one, count) for one, count in lake.top(query, column="ThreatTypes", limit=5) if one]
    words = f"{total:,} messages of the last {SEEN_DAYS} days carry this {noun}"
    said = tuple(f"{count:,} judged as {one}" for one, count in threats)
    return Check("Mail that carries it", "bad" if threats else "good", words, said)


def _analysed(content: bytes, name: str) -> Check:
    try:
        rules = yara_rules()
    except WatchfloorError:
        rules = ()
    found = analyse_apart(content, name=name or "(no name)", rules=rules)
    if found.failed:
        return Check("Analysis of the file", "info", found.failed)
    said = _analysis_words(found)
    high = bool(found.matches) or any(one.level == "high" for one in found.behaviours)
    threat = next((one.threat for one in found.tree if one.threat), "")
    words = threat or (f"{len(said)} things about it tell" if said else "It is built to do nothing unusual when opened")
    return Check("Analysis of the file", "bad" if high or threat else "info" if said else "good", words, said)


def _analysis_words(found: Analysis) -> tuple[str, ...]:
    behaviours = [visible(f"{one.level}: {one.what} ({one.where})") for one in found.behaviours]
    rules = [visible(f"YARA rule {one.rule}: {one.description or one.where}") for one in found.matches]
    return tuple((*rules, *behaviours)[:20])
