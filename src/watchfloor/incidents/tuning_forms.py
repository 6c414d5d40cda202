"""The form of a tuning rule as JSON and back: rows of conditions, each in a numbered group."""

from collections.abc import Iterable
from datetime import UTC, datetime, time
from typing import Any

from django.http import QueryDict

from watchfloor.detection.selectors import rule as rule_of
from watchfloor.incidents.contracts import DETERMINATIONS, WORDS, AlertSummary, Classification, EvidenceItem
from watchfloor.incidents.models import TuningRule
from watchfloor.incidents.offering import rules_known, sources_known
from watchfloor.incidents.tuned import HIDE, RESOLVE
from watchfloor.incidents.tuning import TITLE, TYPES
from watchfloor.incidents.tuning_keeping import Wanted
from watchfloor.intelligence.contracts import Kind
from watchfloor.kernel.errors import BadInput

BLANK_ROWS, MOST_ROWS, GROUPS = 3, 40, 6
Row = dict[str, Any]
LISTED = {"sender": Kind.SENDER, "url": Kind.URL, "file": Kind.FILE, "ip": Kind.IP}
"""Evidence that the allow list may hold."""
STARTS_WITH = ("sender", "mailCluster", "url", "file", "ip", "user", "device")
"""What a rule made from an alert proposes first: the sender, else the next that the alert has."""


def read_wanted(data: QueryDict) -> Wanted:
    """What was typed. Raises BadInput for what cannot be read at all."""
    classification, _, determination = str(data.get("classification", "")).partition("/")
    return Wanted(
        name=data.get("name", ""),
        action=data.get("action", ""),
        conditions={"match": data.get("match", "all"), "groups": _groups(rows_of(data))},
        policies=tuple(one[:100] for one in data.getlist("policy")),
        sources=tuple(one[:300] for one in data.getlist("source")),
        classification=classification or Classification.EXPECTED,
        determination=determination or "confirmedActivity",
        comment=data.get("comment", ""),
        expires_at=_until(data.get("expires", "")),
    )


def _until(text: str) -> datetime | None:
    """The end of a day; None for none."""
    if not text.strip():
        return None
    try:
        return datetime.combine(datetime.fromisoformat(text.strip()).date(), time.max, UTC)
    except ValueError:
        raise BadInput("write the last day as 2027-01-31", place="expires") from None


def rows_of(data: QueryDict) -> list[Row]:
    """The rows of the form that say anything."""
    columns = (data.getlist(name)[:MOST_ROWS] for name in ("type", "how", "values", "group"))
    return [
        {"type": kind, "how": how, "values": values, "group": group}
        for kind, how, values, group in zip(*columns, strict=False)
        if values.strip()
    ]


def _groups(rows: Iterable[Row]) -> list[list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        values = [one.strip() for one in row["values"].replace("\n", ",").split(",") if one.strip()]
        # A link may hold a comma; it is one value.
        values = [row["values"].strip()] if row["type"] in ("url", TITLE) else values
        found.setdefault(row["group"], []).append({"type": row["type"], "how": row["how"], "values": values})
    return [found[key] for key in sorted(found)]


def rows_of_rule(rule: TuningRule) -> list[Row]:
    """A kept rule as rows; conditions of several links become several rows."""
    rows = []
    for number, group in enumerate(rule.conditions.get("groups", ()), 1):
        for one in group:
            several = one["type"] in ("url", TITLE)
            texts = one["values"] if several else [", ".join(one["values"])]
            rows += [{"type": one["type"], "how": one["how"], "values": text, "group": str(number)} for text in texts]
    return rows


def rows_of_alert(evidence: Iterable[EvidenceItem]) -> list[Row]:
    """What a rule made from an alert begins with: its strongest entity."""
    items = list(evidence)
    for kind in STARTS_WITH:
        values = [one.value for one in items if one.type == kind][:20]
        if values and kind == "url":
            return [{"type": kind, "how": "every", "values": values[0], "group": "1"}]
        if values:
            return [{"type": kind, "how": "every", "values": ", ".join(values), "group": "1"}]
    return []


def initial(alert: AlertSummary | None, evidence: Iterable[EvidenceItem]) -> Row:
    """The form before anybody typed, as the alert suggests."""
    return {
        "name": f"{alert.title}: expected" if alert else "",
        "action": RESOLVE,
        "match": "all",
        "rows": rows_of_alert(evidence) if alert else [],
        "policies": [alert.rule_id] if alert else [],
        "sources": [],
        "classification": "informationalExpectedActivity/confirmedActivity",
        "comment": "",
        "expires": "",
    }


def of_rule(rule: TuningRule) -> Row:
    """The form of a kept rule."""
    judged = f"{rule.classification}/{rule.determination}" if rule.classification else ""
    return {
        "name": rule.name,
        "action": rule.action,
        "match": rule.conditions.get("match", "all"),
        "rows": rows_of_rule(rule),
        "policies": rule.policies,
        "sources": rule.sources,
        "classification": judged or "informationalExpectedActivity/confirmedActivity",
        "comment": rule.comment,
        "expires": f"{rule.expires_at:%Y-%m-%d}" if rule.expires_at else "",
    }


def of_post(data: QueryDict) -> Row:
    """The form as it was typed."""
    plain = {name: data.get(name, "") for name in ("name", "action", "match", "classification", "comment", "expires")}
    return {**plain, "rows": rows_of(data), "policies": data.getlist("policy"), "sources": data.getlist("source")}


def offered(values: Row) -> Row:
    """What the form's selects offer."""
    blank = {"type": "sender", "how": "every", "values": "", "group": "1"}
    policies = dict(rules_known())
    for one in values["policies"]:
        known = rule_of(one)
        policies.setdefault(one, known.title if known else one)
    return {
        "rows": [*values["rows"], *([blank] * BLANK_ROWS)],
        "types": [(one, "Title of the alert" if one == TITLE else WORDS[one]) for one in TYPES],
        "groups": [str(number) for number in range(1, GROUPS + 1)],
        "actions": [(RESOLVE, "Resolve it as it is raised"), (HIDE, "Hide it: it is not raised, but can be later")],
        "policies": sorted(policies.items(), key=lambda pair: pair[1].lower()),
        "sources": sources_known(),
        "judgements": [
            (f"{kind.value}/{one}", f"{WORDS[kind.value]}: {WORDS[one].lower()}")
            for kind in (Classification.EXPECTED, Classification.FALSE_POSITIVE)
            for one in DETERMINATIONS[kind]
        ],
    }
