"""What the people of the sample organisation do besides mail, as records in the shapes of the systems that would log it.

Sign-ins at Entra ID, activities of Microsoft 365, mailbox sign-ins of Dovecot and desktop sign-ins of Windows. They go through the
same reading as a log file somebody imports.
"""

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from watchfloor.demo.directory import DOMAIN_SID, FIRST_RID, cloud_key_of, login_of
from watchfloor.demo.organisation import Employee, Organisation

Record = tuple[str, dict[str, Any]]
"""The shape's key (`connectors.records`) and one record."""
OFFICE = "192.0.2.80"
APPS = ("Office 365 Exchange Online", "Microsoft Teams", "SharePoint Online", "Intranet", "Travel expenses")
BROWSER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"
SCRIPTED = "python-requests/2.32.3"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an address is, as the sign-in log says."""

    ip: str
    country: str
    city: str
    latitude: float
    longitude: float
    asn: int


BERLIN = Place(OFFICE, "DE", "Berlin", 52.52, 13.40, 64496)
TRIPS = (
    Place("198.51.100.201", "AT", "Vienna", 48.21, 16.37, 64499),
    Place("198.51.100.202", "CZ", "Prague", 50.08, 14.44, 64500),
    Place("198.51.100.203", "CH", "Zürich", 47.37, 8.54, 64501),
)
FOREIGN = Place("203.0.113.200", "NG", "Lagos", 6.45, 3.39, 64511)
SPRAYER = Place("203.0.113.44", "BR", "São Paulo", -23.55, -46.63, 64510)


def home_of(number: int) -> Place:
    """The line a person has at home."""
    return Place(f"198.51.100.{150 + number % 40}", "DE", "Berlin", 52.50, 13.45, 64497 + number % 2)


def ordinary_life(organisation: Organisation, *, end: datetime, days: int, seed: int) -> Iterator[Record]:
    """Working days of everybody, oldest first."""
    dice = random.Random(f"{seed}/life")
    start = (end - timedelta(days=days)).replace(hour=0, minute=0)
    travellers = {number: TRIPS[number % len(TRIPS)] for number in range(4, len(organisation.employees), 13)}
    for day in (start + timedelta(days=n) for n in range(days + 1)):
        if day.weekday() > 4:
            continue
        for number, person in enumerate(organisation.employees):
            if dice.random() > 0.08:
                away = travellers.get(number) if day.isocalendar().week % 3 == 0 else None
                yield from (one for one in _day(dice, number, person, day, away) if _time(one) < end)


def _time(record: Record) -> datetime:
    text = next(
        record[1][key] for key in ("createdDateTime", "CreationTime", "end_time", "@timestamp") if key in record[1]
    )
    return datetime.fromisoformat(text)


def _day(dice: random.Random, number: int, person: Employee, day: datetime, away: Place | None) -> Iterator[Record]:
    came = day + timedelta(hours=7 + number % 3, minutes=dice.randrange(0, 55), seconds=dice.randrange(60))
    place = away or BERLIN
    if away is None:
        yield _desktop(number, person, came)
    yield _mailbox(person, came + timedelta(minutes=3), place)
    for app in dice.sample(APPS, dice.randrange(1, 4)):
        at = came + timedelta(minutes=dice.randrange(5, 480))
        yield _sign_in(dice, number, person, at, place, app)
    if dice.random() < 0.35:
        yield _sign_in(dice, number, person, came + timedelta(hours=12), home_of(number), APPS[0], agent=PHONE)
    if dice.random() < 0.04:
        yield _sign_in(dice, number, person, came - timedelta(minutes=1), place, APPS[0], error=50126)
    for _ in range(dice.randrange(0, 5)):
        at = came + timedelta(minutes=dice.randrange(10, 500))
        operation = dice.choice(("FileAccessed", "FileAccessed", "FileModified", "FileDownloaded"))
        yield _file_used(dice, number, person, at, place, operation)


def foreign_hands(organisation: Organisation, *, end: datetime, seed: int) -> Iterator[Record]:
    """How the mailbox of “Compromised mailbox” was taken over, and what was done with it before it sent the lure."""
    dice = random.Random(f"{seed}/foreign")
    victim = organisation.by_department["Sales"][2]
    number = organisation.employees.index(victim)
    began = (end - timedelta(days=1)).replace(hour=12, minute=41, second=8, microsecond=0)
    for turn in range(6):
        yield _sign_in(
            dice, number, victim, began + timedelta(seconds=40 * turn), FOREIGN, APPS[0], error=50126, agent=SCRIPTED
        )
    yield _sign_in(dice, number, victim, began + timedelta(minutes=5), FOREIGN, APPS[0], agent=SCRIPTED, risk="high")
    yield _second_factor(number, victim, began + timedelta(minutes=11))
    yield _inbox_rule(number, victim, began + timedelta(minutes=16))
    for turn in range(64):
        yield _file_used(
            dice, number, victim, began + timedelta(minutes=24, seconds=9 * turn), FOREIGN, "FileDownloaded"
        )


def sprayed(organisation: Organisation, *, end: datetime, seed: int) -> Iterator[Record]:
    """One wrong password for everybody, in the night of the third day before the end; nobody falls."""
    dice = random.Random(f"{seed}/spray")
    began = (end - timedelta(days=3)).replace(hour=2, minute=10, second=0, microsecond=0)
    for number, person in enumerate(organisation.employees):
        at = began + timedelta(seconds=31 * number)
        yield _sign_in(dice, number, person, at, SPRAYER, APPS[0], error=50126, agent=SCRIPTED)


def _id(dice: random.Random) -> str:
    return str(uuid.UUID(int=dice.getrandbits(128), version=4))


def _sign_in(
    dice: random.Random, number: int, person: Employee, at: datetime, place: Place, app: str, *,
    error: int = 0, agent: str = BROWSER, risk: str = "none",
) -> Record:  # fmt: skip
    own = agent == BROWSER
    return "entra", {
        "id": _id(dice),
        "createdDateTime": at.isoformat(),
        "userPrincipalName": person.address,
        "userDisplayName": person.name,
        "userId": cloud_key_of(number),
        "appDisplayName": app,
        "ipAddress": place.ip,
        "clientAppUsed": "Browser" if own else "Mobile Apps and Desktop clients",
        "userAgent": agent,
        "isInteractive": True,
        "conditionalAccessStatus": "success" if not error else "failure",
        "riskLevelAggregated": risk,
        "riskLevelDuringSignIn": risk,
        "riskEventTypes_v2": ["unfamiliarFeatures"] if risk == "high" else [],
        "autonomousSystemNumber": place.asn,
        "status": {"errorCode": error, "failureReason": "Invalid username or password" if error else ""},
        "deviceDetail": {
            "displayName": f"HW-PC{100 + number}" if own else "",
            "deviceId": f"20000000-0000-4000-8000-{number:012d}" if own else "",
            "operatingSystem": "Windows 11" if own else "",
            "browser": "Chrome 142" if own else "",
            "trustType": "Hybrid Azure AD joined" if own else "",
            "isManaged": own,
            "isCompliant": own,
        },
        "location": {
            "city": place.city,
            "countryOrRegion": place.country,
            "geoCoordinates": {"latitude": place.latitude, "longitude": place.longitude},
        },
    }


def _audit(number: int, person: Employee, at: datetime, ip: str, said: dict[str, Any], id: str) -> Record:
    return "unified-audit", {
        "Id": id,
        "CreationTime": at.isoformat(),
        "UserId": person.address,
        "UserKey": cloud_key_of(number),
        "UserType": 0,
        "ClientIP": ip,
        **said,
    }


def _file_used(
    dice: random.Random, number: int, person: Employee, at: datetime, place: Place, operation: str
) -> Record:
    folder, name = person.department.lower(), f"Document {dice.randrange(1, 400)}.xlsx"
    said = {
        "Operation": operation,
        "Workload": "SharePoint",
        "ObjectId": f"https://files.haldenwirth.example/sites/{folder}/{name}",
        "SourceFileName": name,
        "SiteUrl": f"https://files.haldenwirth.example/sites/{folder}",
        "UserAgent": BROWSER if place is not FOREIGN else SCRIPTED,
    }
    return _audit(number, person, at, place.ip, said, _id(dice))


def _inbox_rule(number: int, person: Employee, at: datetime) -> Record:
    parameters = {
        "Name": "..",
        "SubjectOrBodyContainsWords": "invoice;payment",
        "ForwardTo": "collect@haldenwirth-files.example",
        "DeleteMessage": "True",
    }
    said = {
        "Operation": "New-InboxRule",
        "Workload": "Exchange",
        "ResultStatus": "True",
        "Parameters": [{"Name": name, "Value": value} for name, value in parameters.items()],
    }
    return _audit(number, person, at, FOREIGN.ip, said, f"30000000-0000-4000-8000-{number:012d}")


def _second_factor(number: int, person: Employee, at: datetime) -> Record:
    return "entra", {
        "id": f"Directory_{number}",
        "activityDateTime": at.isoformat(),
        "createdDateTime": at.isoformat(),
        "activityDisplayName": "User registered security info",
        "category": "UserManagement",
        "result": "success",
        "loggedByService": "Authentication Methods",
        "operationType": "Add",
        "initiatedBy": {
            "user": {"id": cloud_key_of(number), "userPrincipalName": person.address, "ipAddress": FOREIGN.ip}
        },
        "targetResources": [
            {
                "type": "User",
                "id": cloud_key_of(number),
                "userPrincipalName": person.address,
                "displayName": person.name,
            }
        ],
        "additionalDetails": [{"key": "MethodType", "value": "Phone app one-time code"}],
    }


def _mailbox(person: Employee, at: datetime, place: Place) -> Record:
    return "dovecot", {
        "event": "auth_request_finished",
        "hostname": "mail.haldenwirth.example",
        "start_time": at.isoformat(),
        "end_time": at.isoformat(),
        "categories": ["auth"],
        "fields": {
            "user": person.address,
            "protocol": "imap",
            "remote_ip": place.ip,
            "local_ip": "192.0.2.10",
            "success": "yes",
        },
    }


def _desktop(number: int, person: Employee, at: datetime) -> Record:
    said = {
        "TargetUserName": login_of(person),
        "TargetDomainName": "HALDENWIRTH",
        "TargetUserSid": f"{DOMAIN_SID}-{FIRST_RID + number}",
        "TargetLogonId": hex(int(at.timestamp())),
        "LogonType": "2",
        "AuthenticationPackageName": "Negotiate",
        "LogonProcessName": "User32",
    }
    return "windows", {
        "@timestamp": at.isoformat(),
        "winlog": {
            "event_id": 4624,
            "channel": "Security",
            "computer_name": f"HW-PC{100 + number}.haldenwirth.example",
            "record_id": int(at.timestamp()),
            "event_data": said,
        },
    }
