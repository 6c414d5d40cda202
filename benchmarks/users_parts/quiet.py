"""A quiet organisation: seeded, plausible sign-ins and deeds of people at work, on holiday and on business, and attacks on top.

Nothing bad happens in it: people travel, get new phones, forget passwords, tidy their mail, join. Places are those of capitals,
networks and devices are made up. `attacks` gives the labelled other side: what a taken account would do.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from watchfloor.identities.scoring.activity import Activity, Kind
from watchfloor.identities.scoring.past import Who

START = datetime(2026, 6, 1, tzinfo=UTC)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
PLACES = {
    "DE": (52.5, 13.4), "FR": (48.9, 2.4), "ES": (40.4, -3.7), "IT": (41.9, 12.5), "GR": (38.0, 23.7), "TR": (39.9, 32.9),
    "GB": (51.5, -0.1), "US": (38.9, -77.0), "TH": (13.8, 100.5), "EG": (30.0, 31.2), "PT": (38.7, -9.1), "HR": (45.8, 16.0),
    "NL": (52.4, 4.9), "PL": (52.2, 21.0), "AT": (48.2, 16.4), "NG": (9.1, 7.5), "RU": (55.8, 37.6), "BR": (-15.8, -47.9),
}  # fmt: skip
HOLIDAYS = ("ES", "IT", "GR", "TR", "FR", "PT", "HR", "TH", "EG", "AT")
BUSINESS = ("FR", "GB", "NL", "PL", "AT", "US")
DEPARTMENTS = (
    "Sales",
    "Finance",
    "Engineering",
    "Legal",
    "Support",
    "Marketing",
    "HR",
    "Logistics",
    "IT",
    "Production",
)
TRAVELLING = frozenset({"Sales", "Marketing"})


@dataclass
class Person:
    """One person's ways; `away` maps days to the country they are in."""

    who: Who
    department: str
    joined: int = 0
    home: str = ""
    mobile: str = ""
    devices: list[str] = field(default_factory=list)
    away: dict[int, str] = field(default_factory=dict)
    new_phone: int = -1
    begins: float = 8.0
    files: int = 5


def people(number: int, days: int, *, rng: random.Random) -> list[Person]:
    """So many people, one in sixty of whom joins on the way."""
    return [_person(n, days, rng=rng) for n in range(1, number + 1)]


def _person(n: int, days: int, *, rng: random.Random) -> Person:
    department = DEPARTMENTS[n % len(DEPARTMENTS)]
    title = f"{department} {'lead' if n % 30 < 2 else 'staff'}"
    admin = department == "IT" and n % 40 < 12
    who = Who(
        n,
        f"Person {n}",
        f"p{n}@corp.example",
        (f"department:{department}", f"title:{title}"),
        importance="privileged" if admin else "vip" if n % 100 == 1 else "",
        why="",
        domains=frozenset({"corp.example"}),
    )
    found = Person(
        who,
        department,
        joined=rng.randrange(10, days) if n % 60 == 59 else 0,
        home=f"home-{rng.randrange(6)}",
        mobile=f"mobile-{rng.randrange(3)}",
        devices=[f"laptop-{n}", f"phone-{n}"],
        new_phone=rng.randrange(days) if rng.random() < days / 550 else -1,
        begins=rng.gauss(8.0, 0.8),
        files=rng.choice((2, 4, 6, 10, 20)),
    )
    if rng.random() < 0.35 * days / 60:
        _go(found, rng.choice(HOLIDAYS), rng.randrange(days), rng.randrange(5, 15))
    if department in TRAVELLING:
        for _ in range(rng.randrange(3)):
            _go(found, rng.choice(BUSINESS), rng.randrange(days), rng.randrange(2, 4))
    return found


def _go(person: Person, country: str, start: int, length: int) -> None:
    person.away.update(dict.fromkeys(range(start, start + length), country))


def activities(person: Person, day: int, *, rng: random.Random) -> Iterator[Activity]:
    """What one person does on one day, in order."""
    weekend = (START + day * DAY).weekday() >= 5
    country = person.away.get(day, "DE")
    abroad = country != "DE"
    if day < person.joined or (weekend and rng.random() < 0.8) or (abroad and rng.random() < 0.35):
        return
    if day == person.new_phone:
        person.devices[1] = f"phone-{person.who.pk}-new"
    at = START + day * DAY + max(5.0, person.begins + rng.gauss(0, 0.5)) * HOUR
    for number in range(1 if weekend or abroad else rng.randrange(2, 4)):
        phone = abroad or rng.random() < 0.3
        if rng.random() < 0.02:
            for slip in range(rng.randrange(1, 5)):
                yield _sign_in(person, at - (5 - slip) * MINUTE, country, phone=phone, rng=rng, kind=Kind.FAILED)
        yield _sign_in(person, at, country, phone=phone, rng=rng)
        if number == 0 and not abroad:
            yield from _work(person, at + HOUR / 2, rng=rng)
        at += rng.uniform(1.5, 4) * HOUR
    if day == person.new_phone:
        yield deed(person.who, at, "User registered security info", "Second factor changed")


def _sign_in(
    person: Person, at: datetime, country: str, *, phone: bool, rng: random.Random, kind: Kind = Kind.SIGN_IN
) -> Activity:
    if country != "DE":
        network = f"{country}-{rng.choice(('hotel', 'mobile', 'mobile'))}"
    elif phone:
        network = rng.choice((person.mobile, person.home))
    else:
        network = rng.choice(("office", "office", person.home))
    return Activity(
        at=at,
        table="EntraIdSignInEvents",
        report=f"{person.who.pk}-{at.timestamp():.0f}",
        kind=kind,
        ip=f"{network}-{person.who.pk if network.startswith('home') else 0}",
        country=country,
        network=network,
        place=PLACES[country],
        device=person.devices[phone],
        client="Safari on iOS" if phone else "Edge on Windows",
        protocol="Browser",
        application=rng.choice(("Mail", "Mail", "Teams", "Files")),
        action="Sign-in",
        error="50126" if kind is Kind.FAILED else "",
    )


def _work(person: Person, at: datetime, *, rng: random.Random) -> Iterator[Activity]:
    for number in range(min(60, int(rng.expovariate(1 / person.files)))):
        yield deed(person.who, at + number * MINUTE / 2, "FileDownloaded", "File downloaded", table="CloudAppEvents")
    if rng.random() < 0.006:
        rule = {"Name": "Newsletters", "MoveToFolder": "Reading", "FromAddressContainsWords": "news@"}
        yield deed(person.who, at + HOUR, "New-InboxRule", "New or changed inbox rule", table="CloudAppEvents", **rule)
    if rng.random() < 0.004:
        yield deed(
            person.who, at + HOUR, "Consent to application", "Consent to application", object=f"App {rng.randrange(8)}"
        )
    if person.who.importance == "privileged" and rng.random() < 0.5:
        word, kind = rng.choice(
            (("Add user", "Account changed"), ("Reset user password", "Password reset or changed"),
             ("Add member to group", "Group membership changed"), ("Add member to role", "Administrator role granted"))
        )  # fmt: skip
        yield deed(person.who, at + HOUR, word, kind, target=f"p{rng.randrange(300)}@corp.example")


def deed(
    who: Who, at: datetime, action: str, kind: str, *, table: str = "IdentityDirectoryEvents", object: str = "",
    target: str = "", **parameters: str,
) -> Activity:  # fmt: skip
    """One action with its record's parameters."""
    return Activity(
        at=at,
        table=table,
        report=f"{who.pk}-{at.timestamp():.3f}-{action}",
        kind=Kind.ACTION,
        names=(who.address,),
        application="Microsoft 365",
        action=action,
        object=object,
        target=target,
        raw=({"ActivityType": kind, **parameters},),
    )


def attacks(victims: list[Person], at: datetime) -> dict[str, list[tuple[Who, Activity]]]:
    """Seven takeovers, each of one person within an hour or two, as incident reports tell them."""
    rng = random.Random(7)

    def foreign(person: Person, when: datetime, country: str = "NG", **more: object) -> Activity:
        usual = {"network": "AS-hosting", "ip": "203.0.113.66", "device": "", "client": "Chrome on Linux"}
        base = _sign_in(person, when, country, phone=False, rng=rng)
        return Activity(**{**base.__dict__, **usual, "report": f"a{person.who.pk}-{when.timestamp():.0f}", **more})  # type: ignore[arg-type]

    def cloud(person: Person, minutes: float, action: str, kind: str, **more: str) -> Activity:
        return deed(person.who, at + minutes * MINUTE, action, kind, table="CloudAppEvents", **more)

    a, b, c, d, e, f, g = victims[:7]
    hide = {"Name": ".", "DeleteMessage": "True", "SubjectContainsWords": "invoice"}
    away = {"ForwardingSmtpAddress": "smtp:drop@evil.example"}
    told = {
        "adversary in the middle": [
            (a, foreign(a, at)), (a, cloud(a, 5, "New-InboxRule", "New or changed inbox rule", **hide)),
            (a, cloud(a, 9, "Set-Mailbox", "Mail forwarding", **away)),
        ],
        "password spray": [
            *((p, foreign(p, at + n * MINUTE / 4, "RU", kind=Kind.FAILED, error="50126")) for n, p in enumerate(victims)),
            (b, foreign(b, at + 20 * MINUTE, "RU")), (b, cloud(b, 30, "User registered security info", "Second factor changed")),
        ],
        "guessed password": [
            *((c, foreign(c, at + n * MINUTE / 2, "BR", kind=Kind.FAILED, error="50126")) for n in range(40)),
            (c, foreign(c, at + 25 * MINUTE, "BR")),
        ],
        "stolen files": [
            (d, _sign_in(d, at, "DE", phone=False, rng=rng)), (d, foreign(d, at + 30 * MINUTE)),
            *((d, cloud(d, 35 + n / 8, "FileDownloaded", "File downloaded")) for n in range(200)),
        ],
        "consent phishing": [
            (e, foreign(e, at, "RU", application="Visual Studio Code", object="Microsoft Graph")),
            (e, cloud(e, 4, "Consent to application", "Consent to application", object="Mail helper", scope="Mail.ReadWrite offline_access")),
        ],
        "golden SAML": [
            (f, deed(f.who, at, "Directory Services replication", "Other")),
            (f, cloud(f, 20, "Update application - Certificates and secrets management", "Credential or owner added to application", object="SimuApp")),
        ],
        "risky sign-in": [(g, foreign(g, at, risk="high", risk_types=("anonymizedIPAddress",)))],
    }  # fmt: skip
    return {name: [(person.who, activity) for person, activity in steps] for name, steps in told.items()}
