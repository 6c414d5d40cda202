"""The risk score against labelled records, its speed, and its false alarms on a quiet organisation.

`labelled_figures` flags records that others labelled; `scoring_figures` times a full rescoring and one event; `rise_figures`
counts sudden rises where nothing happened. Each prints what it found and returns the figures of the benchmark's line.
"""

import csv
import json
import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.users_parts import quiet
from benchmarks.users_parts.scoring_answers import LEFT_OUT, RULES, Answer
from watchfloor.connectors.records import parsers, recognised
from watchfloor.demo.directory import login_of
from watchfloor.demo.life import foreign_hands, ordinary_life, sprayed
from watchfloor.demo.organisation import Employee, found_organisation
from watchfloor.identities.models import DirectoryPerson, RiskPoint
from watchfloor.identities.scoring.activity import Activity
from watchfloor.identities.scoring.contracts import Scale
from watchfloor.identities.scoring.engine import Engine, Given
from watchfloor.identities.scoring.events import score_events
from watchfloor.identities.scoring.past import Who
from watchfloor.identities.scoring.reading import read
from watchfloor.identities.scoring.rising import Rise, rise_of, sudden
from watchfloor.identities.scoring.standing import rescore
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.lake.services import append

PANTHER = ("azure_signin", "microsoft", "okta", "gsuite_activityevent", "gsuite_reports")
SOMETIME = "2022-12-11T10:00:00Z"
ELSEWHERE = "203.0.113.77"
Record = Mapping[str, Any]


def labelled_figures(corpus: Path, *, tell: Any = print) -> dict[str, int]:
    """Labelled tests and how many of them come out right; every miss is told with what was given instead."""
    results = [*_panther(corpus / "panther"), *_training_lab(corpus / "sentinel_training_lab"), *_golden_saml(corpus)]
    for name, right, why in results:
        if not right:
            tell(f"  miss: {name}: {why}")
    left = sum(1 for _, rule, _ in _rules(corpus / "panther") if rule in LEFT_OUT)
    tell(f"  {left} labelled records are left out, as they are not about a person's activity:")
    for rule, why in LEFT_OUT.items():
        tell(f"    {rule}: {why}")
    return {"labelled_tests": len(results), "labelled_right": sum(right for _, right, _ in results)}


def _rules(folder: Path) -> Iterator[tuple[Record, str, bool]]:
    for name in PANTHER:
        for line in (folder / f"{name}_rules.jsonl").read_text().splitlines():
            test = json.loads(line)
            yield test, test["rule_id"], bool(test["has_mocks"])


def _panther(folder: Path) -> Iterator[tuple[str, bool, str]]:
    for test, rule, mocked in _rules(folder):
        if rule in LEFT_OUT or mocked:
            continue
        answer = RULES[rule]
        points, trouble = flagged([test["log"]], answer=answer, fires=bool(test["expected"]))
        right = answer.given(points) == bool(test["expected"])
        found = trouble or ", ".join(sorted({what for what, _ in points})) or "nothing given"
        yield f"{rule} “{test['test']}” (fires: {test['expected']})", right, found


def _training_lab(folder: Path) -> Iterator[tuple[str, bool, str]]:
    """Each record by itself must be flagged; the sign-ins of a quiet morning must not."""
    for name, signal in (
        ("office_activity_inbox_rule", "inbox_rule"),
        ("AuditLogs_Hunting", "credential_added"),
        ("disable_accounts", "disabled_account"),
    ):
        for number, record in enumerate(_csv(folder / f"{name}.csv")):
            points, trouble = flagged([record], answer=Answer((signal,)), fires=True)
            found = trouble or ", ".join(what for what, _ in points) or "nothing given"
            yield f"training lab {name} {number}", signal in {what for what, _ in points}, found
    points, trouble = flagged(_csv(folder / "sign-in_adelete.csv"), answer=Answer(()), fires=False)
    yield "training lab sign-in_adelete (quiet)", not points and not trouble, trouble or str(points)


def _golden_saml(corpus: Path) -> Iterator[tuple[str, bool, str]]:
    """The forged token's tracks: directory replication, a credential and a grant for an application."""
    folder = corpus / "goldensaml_otrf"
    audits = [json.loads(line) for line in (folder / "AADAuditEvents.json").read_text().splitlines() if line.strip()]
    defender = [
        json.loads(line) for line in (folder / "Microsoft365DefenderEvents.json").read_text().splitlines() if line
    ]
    points, trouble = flagged(audits, answer=Answer(()), fires=False)
    given = {what for what, _ in points}
    for signal in ("credential_added", "consent_grant"):
        yield f"golden SAML {signal}", signal in given, trouble or ", ".join(sorted(given)) or "nothing given"
    rows = [("IdentityDirectoryEvents", row) for row in defender if "replication" in str(row.get("ActionType"))]
    given = {what for what, _ in judged(rows)}
    yield "golden SAML directory_replication", "directory_replication" in given, ", ".join(given) or "nothing given"


def _csv(path: Path) -> list[Record]:
    csv.field_size_limit(sys.maxsize)
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def flagged(records: Iterable[Record], *, answer: Answer, fires: bool) -> tuple[list[tuple[str, str]], str]:
    """(signal, sentence) of every point that these records give through our parsers, and what went wrong in reading them."""
    rows: list[tuple[str, Mapping[str, Any]]] = []
    for record in map(timed, records):
        source = recognised(record)
        if source is None:
            return [], "no parser takes it"
        try:
            found = parsers()[source.key](record)
        except WatchfloorError as error:
            return [], f"{source.key}: {error}"
        rows += found
        if fires:
            rows += _again(found, answer)
    return judged(rows), ""


def timed(record: Record) -> Record:
    """The record with a time where whoever cut it for the corpus left it out; a log's records always have one."""
    identity = record.get("id")
    if isinstance(identity, Mapping) and "applicationName" in identity and "time" not in identity:
        return {**record, "id": {**identity, "time": SOMETIME}}
    if record.get("LoggedByService") and not record.get("TimeGenerated"):
        return {**record, "TimeGenerated": SOMETIME}
    return record


def _again(found: Iterable[tuple[str, Mapping[str, Any]]], answer: Answer) -> list[tuple[str, Mapping[str, Any]]]:
    more: list[tuple[str, Mapping[str, Any]]] = []
    for table, row in found:
        moved = {"IPAddress": ELSEWHERE} if answer.moved else {}
        for number in range(1, answer.times + answer.moved):
            at = _time(row["Timestamp"]) + timedelta(seconds=number)
            more.append((table, {**row, **moved, "Timestamp": at, "ReportId": f"{row.get('ReportId', '')}{number}"}))
    return more


def judged(rows: Iterable[tuple[str, Mapping[str, Any]]]) -> list[tuple[str, str]]:
    """What a fresh engine gives for these rows; everybody is somebody without history."""
    engine, people = Engine({}, scale=Scale()), dict[str, int]()
    activities = [read(table, {**row, "Timestamp": _time(row["Timestamp"])}) for table, row in rows]
    points = []
    for activity in sorted(filter(None, activities), key=lambda one: one.at):
        points += engine.judge(activity, _who(activity, people))
    return [(point.what, point.words) for point in points]


def _who(activity: Activity, people: dict[str, int]) -> Who:
    name = activity.names[0] if activity.names else "nobody"
    return Who(people.setdefault(name, len(people) + 1), name, name)


def _time(value: Any) -> datetime:
    found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).replace("Z", "+00:00")[:32])
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def rise_figures(*, number: int = 300, days: int = 60, seed: int = 20261122, tell: Any = print) -> dict[str, float]:
    """Sudden rises in an organisation where nothing happened, by 1,000 days of a person; and how many attacks rise."""
    watch, rng = Watch(), random.Random(seed)
    crowd = quiet.people(number, days, rng=rng)
    for day in range(days):
        today = [(p.who, one) for p in crowd for one in quiet.activities(p, day, rng=rng)]
        for who, activity in sorted(today, key=lambda pair: pair[1].at):
            watch.see(who, activity)
    for who, rise, points in watch.rises:
        tell(f"  false rise of {who.name} ({rise.rise:.0f}): {'; '.join(f'{p.points:.0f} {p.words}' for p in points)}")
    calm, user_days = len(watch.rises), sum(days - person.joined for person in crowd)
    risen, told = _attacked(watch, crowd, days)
    tell(f"  {watch.seen:,} activities gave {watch.given:,} points; {calm} rises in {user_days:,} quiet user days")
    tell(f"  attacks that rise: {', '.join(f'{name} ({found:.0f})' for name, found in told.items())}")
    return {
        "false_rise_alerts_per_1000_user_days": round(1000 * calm / user_days, 3),
        "rise_attacks": len(told),
        "rise_attacks_found": risen,
        **sample_figures(tell=tell),
    }


def _attacked(watch: "Watch", crowd: list[quiet.Person], days: int) -> tuple[int, dict[str, float]]:
    """Each attack hits somebody who sat at home; how many rise, and the points each victim got."""
    at = quiet.START + (days + 1) * quiet.DAY + 10 * quiet.HOUR
    settled = [p for p in crowd if not p.joined and not p.away and not p.who.importance]
    told: dict[str, float] = {}
    risen = 0
    for name, steps in quiet.attacks(settled[:12], at).items():
        before = len(watch.rises)
        got = [point for who, activity in steps for point in watch.see(who, activity)]
        victim = steps[-1][0].pk
        told[name] = sum(point.points for point in got if point.person == victim)
        risen += any(who.pk == victim for who, _, _ in watch.rises[before:])
    return risen, told


class Watch:
    """The engine and the rule of rises over a stream of activities, as the ticks run them, without a database."""

    def __init__(self, scale: Scale | None = None) -> None:
        self.scale = scale or Scale()
        self.engine = Engine({}, scale=self.scale)
        self.points: dict[int, list[Given]] = defaultdict(list)
        self.circle: dict[int, str] = {}
        self.since: dict[int, datetime] = {}
        self.told: dict[int, tuple[datetime, float]] = {}
        self.rises: list[tuple[Who, Rise, list[Given]]] = []
        self.seen = self.given = 0

    def see(self, who: Who, activity: Activity) -> list[Given]:
        """Judge one activity; returns its points, and keeps a rise when it makes one."""
        self.seen += 1
        self.since.setdefault(who.pk, activity.at)
        self.circle[who.pk] = who.circles[0]
        found = self.engine.judge(activity, who)
        if found:
            self.given += len(found)
            self.points[who.pk] += found
            self._rise(who, activity.at)
        return found

    def _rise(self, who: Who, now: datetime) -> None:
        mine = [(point.at, point.points) for point in self.points[who.pk]]
        rise = sudden(
            mine,
            self._peers(who, now),
            now=now,
            since=self.since[who.pk],
            told=self.told.get(who.pk),
            chosen=self.scale,
        )
        if rise:
            self.told[who.pk] = (now, rise.rise)
            recent = [point for point in self.points[who.pk] if now - quiet.DAY < point.at <= now]
            self.rises.append((who, rise, recent))

    def _peers(self, who: Who, now: datetime) -> list[float]:
        if rise_of([(p.at, p.points) for p in self.points[who.pk]], now=now) < self.scale.rise_least:
            return []
        sums: dict[tuple[int, int], float] = defaultdict(float)
        for pk, points in self.points.items():
            if pk != who.pk and self.circle[pk] == who.circles[0]:
                for point in points:
                    if now - 31 * quiet.DAY < point.at <= now - quiet.DAY:
                        sums[pk, point.at.toordinal()] += point.points
        return list(sums.values())


def scoring_figures(number: int, *, now: datetime, tell: Any = print) -> dict[str, float]:
    """A full rescoring of `number` people of whom a fifth have points, and one event from the lake to the person's score.

    Needs a migrated, empty database. Times are the processor's, as other work on the machine says nothing of ours.
    """
    people = _crowd(number, now=now)
    took = _timed(lambda: rescore(now=now))
    tell(f"  {number:,} people rescored in {took:.1f} s")
    events = [_one_event(people[n % len(people)], now=now, n=n) for n in range(21)]
    middle = sorted(events)[len(events) // 2]
    tell(f"  one event took {1000 * min(events):.0f} to {1000 * max(events):.0f} ms")
    return {"score_people_per_s": round(number / took), "score_event_ms": round(1000 * middle, 1)}


def _timed(run: Callable[[], object]) -> float:
    began = time.process_time()
    run()
    return time.process_time() - began


def _crowd(number: int, *, now: datetime) -> list[DirectoryPerson]:
    """People in departments; a fifth have three points each, everybody has a profile of two months' sign-ins."""
    people = DirectoryPerson.objects.bulk_create(
        (
            DirectoryPerson(
                address=f"b{n}@corp.example",
                name=f"Person {n}",
                department=f"Department {n % 100}",
                title=f"Title {n % 40}",
                source="benchmark",
                imported_at=now,
                first_seen_at=now - timedelta(days=90),
            )
            for n in range(number)
        ),
        batch_size=2000,
    )
    RiskPoint.objects.bulk_create(
        (
            RiskPoint(
                person=person,
                key=f"event:T:{n}:x:{person.pk}:{n}",
                kind="activity",
                what="new_country",
                at=now - timedelta(hours=(n * 7 + person.pk) % 160),
                points=5.0 + (person.pk * 7 + n) % 30,
                words="A point",
            )
            for person in people[::5]
            for n in range(3)
        ),
        batch_size=2000,
    )
    return people


def _one_event(person: DirectoryPerson, *, now: datetime, n: int) -> float:
    row = {
        "Timestamp": now + timedelta(seconds=n),
        "AccountUpn": person.address,
        "IPAddress": "198.51.100.9",
        "Country": "PE",
        "RiskLevelAggregated": 100,
        "ReportId": f"e{n}",
    }
    append("EntraIdSignInEvents", [row])
    return _timed(lambda: score_events(now=now + timedelta(seconds=n + 1)))


def sample_figures(*, seed: int = 1, days: int = 30, tell: Any = print) -> dict[str, float]:
    """The sample organisation's month, its attacks too: rises of people who were not taken over, and whether the victim rises."""
    organisation, end = found_organisation(seed), datetime(2026, 11, 20, 18, tzinfo=UTC)
    people = {person.address: _employee(n, person) for n, person in enumerate(organisation.employees, 1)}
    people |= {login_of(person): people[person.address] for person in organisation.employees}
    victim = people[organisation.by_department["Sales"][2].address]
    told = [
        *ordinary_life(organisation, end=end, days=days, seed=seed),
        *sprayed(organisation, end=end, seed=seed),
        *foreign_hands(organisation, end=end, seed=seed),
    ]
    rows = ((table, row) for shape, record in told for table, row in parsers()[shape](record))
    found = [read(table, {**row, "Timestamp": _time(row["Timestamp"])}) for table, row in rows]
    watch = Watch()
    for activity in sorted(filter(None, found), key=lambda one: one.at):
        who = next((people[name] for name in activity.names if name in people), None)
        if who is not None:
            watch.see(who, activity)
    wrong = [who for who, _, _ in watch.rises if who.pk != victim.pk]
    for who, rise, points in watch.rises:
        tell(f"  sample: {who.name} rose by {rise.rise:.0f}: {'; '.join(point.words for point in points)[:300]}")
    user_days = days * len(organisation.employees)
    tell(f"  sample organisation: {watch.seen:,} activities, {watch.given:,} points, {len(wrong)} wrong rises")
    return {
        "sample_false_rise_alerts_per_1000_user_days": round(1000 * len(wrong) / user_days, 3),
        "sample_victim_rises": int(any(who.pk == victim.pk for who, _, _ in watch.rises)),
    }


def _employee(number: int, person: Employee) -> Who:
    circles = (f"department:{person.department}", f"title:{person.title}")
    return Who(number, person.name, person.address, circles, domains=frozenset({person.address.partition("@")[2]}))
