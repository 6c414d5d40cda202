"""Rows of an answer made evidence: an alert of its own in the incident a person names, or in a new one (SI-08)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited, authorise
from watchfloor.detection.contracts import SEVERITIES, Evidence, Finding
from watchfloor.detection.services import report_findings
from watchfloor.hunting.advanced.cells import key_of, mail_keys
from watchfloor.hunting.advanced.recording import Kept, Rows, kept
from watchfloor.hunting.custom.mapping import Entities, evidence_of, moment_of
from watchfloor.hunting.models import LinkedRows
from watchfloor.incidents import selectors as incidents
from watchfloor.incidents.contracts import AlertSummary
from watchfloor.kernel.errors import BadInput, Conflict, NotFound

audit_verb("hunting.link", "{actor} linked rows of a query as {target}")

MOST_LINKED = 500


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wrote into the form. `incident` 0 is a new one; `entities` say which columns are evidence."""

    title: str
    severity: str
    entities: Entities
    incident: int = 0
    comment: str = ""
    category: str = "SuspiciousActivity"

    def check(self, *, by: Actor) -> None:
        """Raises BadInput, NotFound; Conflict for an incident that takes no more alerts."""
        if not self.title.strip():
            raise BadInput("give the alert a title", place="title")
        if self.severity not in SEVERITIES:
            raise BadInput(f"the severity is one of {', '.join(SEVERITIES)}", place="severity")
        if not self.entities:
            raise BadInput("name at least one column that is evidence", place="entities")
        if self.incident and not incidents.incident_for(self.incident, by=by).open:
            raise Conflict(f"incident {self.incident} is resolved or merged; reopen it, or name another")


def chosen_rows(answer: Kept, values: Sequence[str]) -> Rows:
    """The rows that a form's `row` values name: by their mail's copy, or by their place as “#12”."""
    wanted, keys = set(values), mail_keys(answer.heads)
    return [row for place, row in enumerate(answer.rows) if f"#{place}" in wanted or key_of(row, keys) in wanted]


def link_rows(*, run: int, values: Sequence[str], wish: Wish, by: Actor, now: datetime) -> LinkedRows:
    """Keep the chosen rows of a run with its query, and report them as one finding; the alert follows within seconds."""
    authorise(by, Permission.EMAIL_METADATA_READ)
    with audited(
        by=by,
        permission=Permission.INCIDENT_MANAGE,
        verb="hunting.link",
        target_type="query",
        target=wish.title[:200],
        reason=wish.comment,
    ) as result:
        wish.check(by=by)
        answer = kept(run, by=by)
        rows = chosen_rows(answer, values)
        if not rows:
            raise BadInput("choose at least one row", place="row")
        if len(rows) > MOST_LINKED:
            raise BadInput(f"link at most {MOST_LINKED} rows at once; these are {len(rows):,}", place="row")
        link = LinkedRows(
            title=" ".join(wish.title.split())[:200],
            text=answer.run.text,
            span=answer.run.span,
            start=answer.run.start,
            end=answer.run.end,
            columns=[[head.name, head.type] for head in answer.heads],
            rows=_storable(rows),
            comment=wish.comment.strip(),
            incident=wish.incident,
            by_id=by.id,
            by_name=by.name,
            at=now,
        )
        evidence = _evidence(link, wish)
        link.save()
        report_findings([_finding(link, wish, evidence, now=now)], now=now)
        result["after"] = {"incident": wish.incident, "rows": len(rows), "query": link.text[:4000]}
    return link


def _storable(value: Any) -> Any:
    """The rows as every database keeps them in JSON: PostgreSQL holds no NUL."""
    if isinstance(value, str):
        return value.replace("\0", "")
    return [_storable(one) for one in value] if isinstance(value, list | tuple) else value


def named(link: LinkedRows) -> list[dict[str, Any]]:
    """The rows by their columns' names."""
    names = [name for name, _ in link.columns]
    return [dict(zip(names, row, strict=True)) for row in link.rows]


def _evidence(link: LinkedRows, wish: Wish) -> tuple[Evidence, ...]:
    found = {(one.type, one.value): one for row in named(link) for one in evidence_of(row, wish.entities)}
    if not found:
        raise BadInput("the chosen rows hold nothing in the columns that are evidence", place="entities")
    return tuple(found.values())


def _finding(link: LinkedRows, wish: Wish, evidence: tuple[Evidence, ...], *, now: datetime) -> Finding:
    moments = [moment_of(row, otherwise=now) for row in named(link)]
    count = f"{len(link.rows):,} row{'' if len(link.rows) == 1 else 's'}"
    said = f": {link.comment}" if link.comment else ""
    return Finding(
        position=0,
        key=hashlib.sha256(link.rule_id.encode()).hexdigest(),
        rule_id=link.rule_id,
        title=link.title,
        severity=wish.severity,
        category=wish.category,
        description=f"{link.by_name} linked {count} of a query from advanced hunting{said}",
        techniques=(),
        first_activity=min(moments),
        last_activity=max(moments),
        evidence=evidence,
        hits=len(link.rows),
        explanation=(f"{link.by_name} chose {count} that a query found ({link.span or 'time set in the query'})",),
        incident=wish.incident,
    )


def linked(key: int) -> LinkedRows:
    """Raises NotFound."""
    found = LinkedRows.objects.filter(pk=key).first()
    if found is None:
        raise NotFound("there are no such linked rows")
    return found


def alert_of(link: LinkedRows) -> AlertSummary | None:
    """The alert that came of it; None in the seconds before it is raised."""
    return next(iter(incidents.alerts_by_rule(link.rule_id, limit=1)), None)


def linked_of_incident(incident: int) -> list[tuple[AlertSummary, LinkedRows]]:
    """Each alert of an incident that came of linked rows, with them; two queries."""
    alerts = {one.rule_id: one for one in incidents.alerts_of_incident(incident) if one.rule_id.startswith("hunt-")}
    keys = [int(rule_id.removeprefix("hunt-")) for rule_id in alerts]
    return [(alerts[one.rule_id], one) for one in LinkedRows.objects.filter(pk__in=keys).order_by("id")]
