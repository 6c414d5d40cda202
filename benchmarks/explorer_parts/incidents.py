"""How long the incident queue takes among a hundred thousand incidents of a million alerts.

Alone, with the processor time of each queue beside, on SQLite or on the database that DATABASE_URL names:
`python -m labs.postgres python benchmarks/explorer_parts/incidents.py 100000 1000000`.
"""

import json
import os
import random
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAYS = 180
TACTICS = ("InitialAccess", "Execution", "Persistence", "CredentialAccess", "LateralMovement", "Exfiltration")
SOURCES = ("", "", "", "Sigma rule by Jane Doe", "Hunting query by Ada", "Wazuh")
SEVERITIES = (("high", 3), ("medium", 2), ("low", 1), ("informational", 0))
STATUSES = ("active", "inProgress", "resolved", "resolved", "resolved")
SUBJECTS = ("Your mailbox is full", "Overdue invoice", "Parcel held", "Password expires", "Shared document")
BATCH = 2000

QUEUES = (
    "/incidents",
    "/incidents?page=20",
    "/incidents?status=any&severity=any",
    "/incidents?status=any&severity=any&sort=updated",
    "/incidents?status=any&severity=any&sort=severity",
    "/incidents?status=any&severity=any&sort=alerts",
    "/incidents?status=resolved&severity=low&range=30d",
    "/incidents?category=Exfiltration&category=Persistence",
    "/incidents?status=any&severity=any&source=Wazuh&several=category",
    "/incidents?status=any&severity=any&rule=rule-39",
    "/incidents?status=any&severity=any&technique=T1041",
    "/incidents?status=any&severity=any&tag=vip",
    "/incidents?status=any&severity=any&assigned=nobody",
    "/incidents?status=any&severity=any&classification=falsePositive",
    "/incidents?status=any&severity=any&q=Parcel",
    "/incidents?status=any&severity=any&q=activity+of+kind+7",
    "/incidents?status=any&severity=any&q=no-such-words",
    "/incidents?status=any&severity=any&q=p77@corp.example",
    "/incidents?status=any&severity=any&q=4711",
    "/incidents?status=any&severity=any&entity=p77@corp.example",
    "/incidents?status=any&severity=any&has=device",
    "/incidents?range=custom&from=2026-08-01T00:00&to=2026-08-08T00:00",
)
"""Every kind of filter once; words and numbers that exist and that do not."""


def measure(incidents: int, alerts: int, *, rounds: int = 3, seed: int = 5) -> dict[str, float]:
    """Fill the home's empty database, then open the queue in each of `QUEUES`, `rounds` times.

    Gives incident_queue_p95_ms over all of them, alert_queue_p95_ms of the list of alerts, and the slowest queue's median:
    milliseconds of this process from request to answer, the page drawn.
    """
    build(incidents, alerts, seed=seed)
    return timed(rounds=rounds)


def timed(*, rounds: int = 3) -> dict[str, float]:
    """The figures of a database that is filled already."""
    client = _client()
    took = {one: [_open(client, one) for _ in range(rounds + 1)][1:] for one in QUEUES}
    others = {one: [_open(client, one) for _ in range(rounds + 1)][1:] for one in ALERT_LISTS}
    return {
        "incident_queue_p95_ms": _p95(took),
        "incident_queue_slowest_ms": max(sorted(values)[len(values) // 2] for values in took.values()),
        "alert_queue_p95_ms": _p95(others),
    }


ALERT_LISTS = (
    "/alerts",
    "/alerts?category=Exfiltration&range=180d",
    "/alerts?rule=rule-7&range=180d&status=any&severity=any",
    "/alerts?q=p77@corp.example&range=180d",
    "/alerts?q=Suspicious",
    "/alerts?q=no-such-words",
)


def _p95(took: dict[str, list[float]]) -> float:
    every = sorted(one for values in took.values() for one in values)
    return every[min(len(every) - 1, int(len(every) * 0.95))]


def _open(client: Any, address: str) -> float:
    from watchfloor.incidents import alert_views, views

    views.utc_now = alert_views.utc_now = lambda: NOW
    began = time.perf_counter()
    answer = client.get(address)
    took = (time.perf_counter() - began) * 1000
    if answer.status_code != 200:
        raise RuntimeError(f"{address} answered {answer.status_code}")
    return took


def _client() -> Any:
    """A signed-in analyst."""
    from django.conf import settings
    from django.test import Client

    from watchfloor.access.models import Person, Role
    from watchfloor.access.services import ensure_built_in_roles

    settings.ALLOWED_HOSTS = ["*"]
    ensure_built_in_roles()
    person, _ = Person.objects.get_or_create(email="bench@corp.example", defaults={"name": "Bench"})
    person.roles.set(Role.objects.all())
    client = Client()
    client.force_login(person)
    return client


def build(incidents: int, alerts: int, *, seed: int = 5) -> None:
    """Incidents of ten alerts on average over half a year, each alert with a sender, a mail and one to three people."""
    from watchfloor.incidents.models import Alert, AlertEvidence, Incident, IncidentLink, Tag

    dice = random.Random(seed)
    _insert(Incident, (_incident(number, incidents, alerts, dice) for number in range(1, incidents + 1)))
    _insert(Alert, (_alert(number, incidents, dice) for number in range(1, alerts + 1)))
    _write(IncidentLink, LINK, (_link(number, incidents) for number in range(1, alerts + 1)))
    _write(AlertEvidence, EVIDENCE, (one for number in range(1, alerts + 1) for one in _evidence(number, alerts, dice)))
    _insert(Tag, (Tag(incident_id=number, text="VIP") for number in range(1, incidents + 1, 50)))
    _analyse()


def _insert(model: Any, rows: Iterator[Any]) -> None:
    from django.db import transaction

    piece: list[Any] = []
    with transaction.atomic():
        for row in rows:
            piece.append(row)
            if len(piece) == BATCH:
                model.objects.bulk_create(piece)
                piece = []
        model.objects.bulk_create(piece)


def _write(model: Any, columns: tuple[str, ...], rows: Iterator[tuple[Any, ...]]) -> None:
    """Rows straight into a table: there are millions of them, and they need nothing of what models do."""
    from django.db import connection, transaction

    marks = ", ".join(["%s"] * len(columns))
    text = f"INSERT INTO {model._meta.db_table} ({', '.join(map(connection.ops.quote_name, columns))}) VALUES ({marks})"
    with transaction.atomic(), connection.cursor() as cursor:
        while piece := list(islice(rows, 10 * BATCH)):
            cursor.executemany(text, piece)


def _analyse() -> None:
    """Let the database know its tables, as it does by itself in a place that grew."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _incident(number: int, incidents: int, alerts: int, dice: random.Random) -> Any:
    from watchfloor.incidents.facets import facets_of
    from watchfloor.incidents.models import Incident
    from watchfloor.incidents.summing import words_of

    each = max(1, alerts // incidents)
    last = NOW - timedelta(days=DAYS) * (1 - number / incidents)
    severity, rank = dice.choice(SEVERITIES)
    tactics = dice.sample(TACTICS, dice.choice((1, 1, 2)))
    found = [
        {"severity": severity, "category": one, "source": dice.choice(SOURCES), "rule_id": f"rule-{dice.randrange(40)}"}
        | {"techniques": [dice.choice(("T1566", "T1204", "T1041", "T1078"))]}
        for one in tactics
    ]
    assigned = dice.choice(("", "", "person:1", "person:2"))
    name = f"Phishing campaign “{dice.choice(SUBJECTS)}” reaching {dice.randrange(2, 400)} people"
    return Incident(
        id=number,
        name=name,
        words=words_of(name, (f"Suspicious activity of kind {dice.randrange(40)}" for _ in range(each))),
        status=dice.choice(STATUSES),
        severity=severity,
        severity_rank=rank,
        classification=dice.choice(("", "", "truePositive", "falsePositive")),
        assigned_to=assigned,
        assigned_name="Ada" if assigned else "",
        categories=tactics,
        detection_sources=["Alert policies"],
        facets=facets_of(found, ("analyzedMessage", "mailbox", "sender", *(("device",) if number % 20 == 0 else ()))),
        alert_count=each,
        active_alert_count=each // 2,
        user_count=2,
        mailbox_count=dice.randrange(1, 400),
        first_activity=last - timedelta(hours=dice.randrange(1, 40)),
        last_activity=last,
        created_at=last - timedelta(hours=1),
        updated_at=last + timedelta(minutes=dice.randrange(5000)),
    )


def _alert(number: int, incidents: int, dice: random.Random) -> Any:
    from watchfloor.incidents.models import Alert

    last = NOW - timedelta(days=DAYS) * (1 - (number % incidents + 1) / incidents) - timedelta(minutes=number % 60)
    severity, rank = dice.choice(SEVERITIES)
    rule = dice.randrange(40)
    return Alert(
        id=number,
        alert_id=f"wf{number:032x}",
        finding_key=f"bench-{number}",
        incident_id=number % incidents + 1,
        rule_id=f"rule-{rule}",
        source=dice.choice(SOURCES),
        aggregation_key=f"key-{number}",
        title=f"Suspicious activity of kind {rule}",
        description="What a rule found, in a sentence as long as such sentences are.",
        severity=severity,
        severity_rank=rank,
        category=dice.choice(TACTICS),
        techniques=["T1566"],
        explanation=["threat type is “Phish” (found: Phish)"],
        status=dice.choice(("new", "inProgress", "resolved", "resolved")),
        impacted=[f"p{number % 5000}@corp.example"],
        impacted_count=1,
        first_activity=last - timedelta(minutes=10),
        last_activity=last,
        created_at=last,
        updated_at=last,
    )


LINK = (*("alert_id", "incident_id", "kind", "reason", "by", "at", "score", "also", "current"),)
EVIDENCE = ("alert_id", "key", "type", "value", "label", "role", "verdict", "first_seen", "last_seen")


def _link(number: int, incidents: int) -> tuple[Any, ...]:
    reason = "shares the sender billing@x.example with the alert “Suspicious activity”"
    return number, number % incidents + 1, "shared", reason, "", NOW, 0.0, "[]", True


def _evidence(number: int, alerts: int, dice: random.Random) -> Iterator[tuple[Any, ...]]:
    from watchfloor.incidents.correlation import entity_key

    named = [
        ("mailbox", f"p{number % 5000}@corp.example", "impacted"),
        ("sender", f"s{dice.randrange(max(1, alerts // 5))}@x.example", "source"),
        ("analyzedMessage", f"m-{number}", "source"),
    ]
    for kind, value, role in named:
        yield number, entity_key(kind, value), kind, value, "", role, "suspicious", NOW, NOW


def processor_times(*, rounds: int = 8) -> dict[str, float]:
    """Milliseconds of processor time per opening, of this process and of PostgreSQL's for this connection; a busy machine changes them little."""
    client = _client()
    found: dict[str, float] = {}
    for one in (*QUEUES, *ALERT_LISTS):
        _open(client, one)
        began, theirs = time.process_time(), _of_server()
        for _ in range(rounds):
            _open(client, one)
        found[one] = ((time.process_time() - began) * 1000 + _of_server() - theirs) / rounds
    return found


def _of_server() -> float:
    """Processor time of the connection's PostgreSQL so far, in ms; 0 on SQLite, which runs in this process."""
    from django.db import connection

    if connection.vendor != "postgresql":
        return 0.0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def alone(incidents: int, alerts: int) -> None:
    """One part by itself, in a home of its own; the last line is one JSON object."""
    import shutil

    from benchmarks.workplace import own_home, percentile

    home = own_home()
    try:
        from watchfloor.config.preparing import prepare

        prepare()
        found = measure(incidents, alerts)
        spent = processor_times()
        found["incident_queue_cpu_p95_ms"] = percentile([spent[one] for one in QUEUES], 0.95)
        found["alert_queue_cpu_p95_ms"] = percentile([spent[one] for one in ALERT_LISTS], 0.95)
        for one, took in sorted(spent.items(), key=lambda pair: -pair[1])[:8]:
            print(f"{took:7.1f} ms of processor time  {one}", file=sys.stderr)
        print(json.dumps({key: round(value, 1) for key, value in found.items()}))
    finally:
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    sys.path.insert(0, os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..")))
    alone(int(sys.argv[1]), int(sys.argv[2]))
