"""A process inside a home of its own: it does what a person or the worker does there, one question a line. Not a test.

A story starts it (`homes.Home`) because a test's own process lives on the test database, and the real worker does not. Each
line read is {"verb": name of a function below, "given": {...}}; each line written is {"result": ...} or {"error": ...}.
"""

import dataclasses
import json
import os
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "watchfloor.config.settings")

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


def _analyst() -> Any:
    from watchfloor.access.contracts import Actor, Permission

    return Actor("person:1", "Ada", frozenset(Permission))


def _query(table: str, where: dict[str, str]) -> Any:
    from watchfloor.lake.contracts import Condition, Operator, Query

    conditions = tuple(Condition(column, Operator.EQUAL_ANY, (value,)) for column, value in where.items())
    return Query(table, BEGINNING, datetime.now(UTC) + timedelta(days=1), conditions)


def connect(*, name: str, kind: str, settings: dict[str, str]) -> list[tuple[bool, str]]:
    """Try a connection and add it; returns what the trial said."""
    from watchfloor.connectors.services import add_connection, try_connection

    report = try_connection(by=_analyst(), kind=kind, settings=settings)
    add_connection(by=_analyst(), name=name, kind=kind, settings=settings)
    return list(report.lines)


def disconnect(*, name: str) -> None:
    """Take a connection away again."""
    from watchfloor.connectors.services import remove_connection

    remove_connection(by=_analyst(), name=name)


def receive(*, rows: list[dict[str, Any]]) -> int:
    """Rows of EmailEvents as the ingest would append them; a text Timestamp is ISO."""
    from watchfloor.lake.services import append

    return append("EmailEvents", [{**row, "Timestamp": datetime.fromisoformat(row["Timestamp"])} for row in rows])


def rows(*, table: str, where: dict[str, str]) -> list[dict[str, Any]]:
    from watchfloor.lake.selectors import rows

    return rows(_query(table, where), limit=100_000, descending=False)


def tracker(*, name: str, parameters: str) -> int:
    """A query of Explorer, saved for everybody and tracked; returns its number."""
    from watchfloor.hunting.trackers.keeping import Draft, save

    return save(draft=Draft(name, parameters, shared=True, tracked=True), by=_analyst(), now=datetime.now(UTC)).pk


def verdict(*, message: str) -> dict[str, Any]:
    """What the inspection of a mail was, reasons and all."""
    from watchfloor.lake.selectors import inspection_of

    return inspection_of(message)


def alerts(*, message: str) -> list[dict[str, Any]]:
    """The alerts that name a mail, each with its incident."""
    from watchfloor.incidents.selectors import alerts_of_message, incident

    found = [dataclasses.asdict(one) for one in alerts_of_message(message)]
    return [{**one, "incident": dataclasses.asdict(incident(one["incident_id"]))} for one in found]


def start(*, action: str, where: dict[str, str], incident: str = "") -> str:
    """An action on a whole query; returns the remediation's id."""
    from watchfloor.lake.selectors import parameters_of
    from watchfloor.response.contracts import Targets
    from watchfloor.response.services import start

    made = start(
        by=_analyst(),
        name="Purge",
        reason="a story",
        action=action,
        targets=Targets(query=parameters_of(_query("EmailEvents", where))),
        incident_id=incident,
    )
    return str(made.pk)


def undo(*, remediation: str) -> str:
    from watchfloor.response.services import undo

    return str(undo(by=_analyst(), remediation_id=remediation).pk)


def remediation(*, id: str) -> dict[str, Any]:
    """Status, counters and every line of the ledger."""
    from watchfloor.response.selectors import ledger, remediation

    one = remediation(id)
    lines = ledger(one).values(
        "recipient", "message_id", "status", "why", "found_where", "moved_where", "verified", "before"
    )
    counts = {status.value: number for status, number in one.counts if number}
    return {"status": one.status, "why": one.why, "counts": counts, "lines": list(lines)}


def person(*, email: str, name: str, password: str, roles: list[str]) -> int:
    from watchfloor.access.services import add_person

    return add_person(email=email, name=name, password=password, roles=roles, by=None).pk


def propose(*, action: str, where: dict[str, str]) -> str:
    """The same as `start`, for somebody else to approve."""
    from watchfloor.lake.selectors import parameters_of
    from watchfloor.response.contracts import Targets
    from watchfloor.response.services import propose

    targets = Targets(query=parameters_of(_query("EmailEvents", where)))
    return str(propose(by=_analyst(), name="Proposed", reason="a story", action=action, targets=targets).pk)


def audit(*, of: str) -> list[list[str]]:
    from watchfloor.access.models import AuditEntry

    return [
        list(pair) for pair in AuditEntry.objects.filter(verb=of).order_by("id").values_list("actor_name", "outcome")
    ]


def take_in(*, raw: str, recipients: list[str]) -> str:
    """A mail accepted at a door of ours, as it stood; returns its hash."""
    from watchfloor.connectors.services import accept

    at, client = datetime.now(UTC), "192.0.2.7"
    return accept(raw.encode(), source="journal", received_at=at, recipients=recipients, client_ip=client).sha256


def label(*, message: str, kind: str) -> None:
    """A person says what a mail really is."""
    from watchfloor.intelligence.contracts import LabelKind
    from watchfloor.intelligence.services import label_verdict

    label_verdict(
        by=_analyst(), network_message_id=message, kind=LabelKind(kind), note="a story", now=datetime.now(UTC)
    )


def zero_hour(*, what: str) -> None:
    """The same for late verdicts of every threat."""
    from watchfloor.response.zero_hour import DEFAULTS, Rule, What
    from watchfloor.response.zero_hour_policy import change

    rules = {threat: Rule(What(what), rule.action) for threat, rule in DEFAULTS.items()}
    change(by=_analyst(), rules=rules, untouched=[], at=datetime.now(UTC))


def purges() -> list[dict[str, Any]]:
    """What zero-hour purge led to, oldest first."""
    from watchfloor.response.models import Remediation

    found = Remediation.objects.exclude(event_type="").order_by("created_at")
    return [{"id": str(one.pk), "name": one.name, "status": one.status, "rows": one.rows} for one in found]


def sigma(*, texts: list[str]) -> dict[str, str]:
    """Bring Sigma rules, all on, and run them; the addresses of the first one, of one that is refused, and of the import."""
    from watchfloor.hunting.models import SigmaEntry
    from watchfloor.hunting.sigma.keeping import bring
    from watchfloor.hunting.sigma.running import run_due

    now = datetime.now(UTC)
    files = [(f"rules/{number}.yml", text.encode()) for number, text in enumerate(texts)]
    told = bring(files=files, source="rules.zip", by=_analyst(), now=now, switch_on="all")
    run_due(now=now)
    refused = SigmaEntry.objects.exclude(refused="").first()
    return {
        "sigma_rule": SigmaEntry.objects.exclude(kql="").order_by("pk")[0].href,
        "sigma_refused": refused.href if refused else "",
        "sigma_import": f"/hunting/sigma/imports/{told.pk}",
    }


def hunting(*, query: str) -> dict[str, str]:
    """Link the first row of a query to a new incident and put the query on a schedule; the addresses of what came of it."""
    from watchfloor.hunting.advanced.asking import Found, ask, read_question
    from watchfloor.hunting.advanced.linking import Wish, alert_of, link_rows
    from watchfloor.hunting.custom.keeping import Plan, save
    from watchfloor.hunting.custom.mapping import guessed
    from watchfloor.hunting.custom.running import run_now
    from watchfloor.incidents.promotion import promote

    now, by = datetime.now(UTC), _analyst()
    told = ask(read_question({"query": query}, now=now), by=by, now=now)
    assert isinstance(told, Found), told
    entities = guessed(head.name for head in told.heads)
    link = link_rows(run=told.run, values=["#0"], wish=Wish("Chosen by hand", "low", entities), by=by, now=now)
    plan = Plan("Asked every day", query, "low", 1440, 1440, entities, most_findings=1)
    detection = run_now(key=save(plan=plan, by=by, now=now).pk, by=by, now=now)
    while (alert := alert_of(link)) is None:
        promote(now=now)
    return {
        "linked": f"/hunting/links/{link.pk}",
        "linked_alert": alert.href,
        "linked_incident": f"/incidents/{alert.incident_id}?tab=alerts",
        "behind": f"/hunting/behind/{alert.alert_id}",
        "of_incident": f"/hunting/of-incident/{alert.incident_id}",
        "detection": detection.href,
    }


VERBS = {
    one.__name__: one
    for one in (
        *(connect, disconnect, receive, rows, verdict, alerts, start, propose, undo, remediation, person, audit),
        *(take_in, label, zero_hour, purges, sigma, hunting, tracker),
    )
}


def main() -> None:
    """Prepare the home, then answer until the story closes our input."""
    from watchfloor.config.preparing import prepare
    from watchfloor.config.slices import load

    answers, sys.stdout = sys.stdout, sys.stderr  # nothing but answers goes to the story
    prepare()
    load("jobs")
    print(json.dumps({"result": "ready"}), file=answers, flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer = {"result": VERBS[asked["verb"]](**asked["given"])}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer, default=str), file=answers, flush=True)


if __name__ == "__main__":
    main()
