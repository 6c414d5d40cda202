"""The tags that the product gives incidents by itself (IN-13): the type of attack, and that a critical asset is among those touched.

They follow the incident: what its alerts and mails no longer show, for instance after one was taken out, is taken off again.
Done beside the raising of alerts, as it asks the lake about mails and the directory about people.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from django.db import transaction

from watchfloor.access.contracts import Permission
from watchfloor.access.selectors import system_actor
from watchfloor.incidents.assets import known_of
from watchfloor.incidents.history import CORRELATION, note
from watchfloor.incidents.models import Alert, AlertEvidence, Incident, Tag
from watchfloor.lake.contracts import Condition, Operator, Query
from watchfloor.lake.selectors import rows
from watchfloor.runtime.selectors import cursor_position
from watchfloor.runtime.services import move_cursor

READER = "incidents.tags"
"""Its position is the last change of an incident that was looked at, in microseconds since 1970."""
SETTLED = timedelta(seconds=10)
"""So old a change must be: one that was made before it is certainly stored by then."""
AT_ONCE = 50
MOST_MAILS = 20
MOST_PEOPLE = 200
TAGGER = system_actor("Incident tags", Permission.IDENTITY_READ)
CRITICAL = "Critical asset"
PHISH, BEC, TAKEOVER, MALWARE = "Credential phishing", "BEC", "Account takeover", "Malware"
TYPES = (PHISH, BEC, TAKEOVER, MALWARE, CRITICAL)
ASKS = frozenset({"Contact establishment", "Gift card", "Invoice", "Payroll", "Task"})
"""What a mail without links and files is after when it is business email compromise."""
COLUMNS = ("Timestamp", "NetworkMessageId", "ThreatTypes", "ThreatClassification", "UrlCount", "AttachmentCount")


def tag_changed(*, now: datetime) -> int:
    """Look at incidents changed since; returns how many. Those changed at one moment are looked at together."""
    position = cursor_position(READER)
    since = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=position)
    changed = Incident.objects.filter(updated_at__gt=since, updated_at__lte=now - SETTLED, redirected_to=None)
    found = list(changed.order_by("updated_at", "id")[:AT_ONCE])
    if not found:
        return 0
    found += changed.filter(updated_at=found[-1].updated_at).exclude(pk__in=[one.pk for one in found])
    mails = _mails(found)
    with transaction.atomic():
        for one in found:
            _retag(one, {*_by_alerts(one), *_by_mails(mails.get(one.pk, ())), *_critical(one)}, now=now)
        last = found[-1].updated_at - datetime.fromtimestamp(0, UTC)
        move_cursor(READER, position=last // timedelta(microseconds=1))
    return len(found)


def _by_alerts(one: Incident) -> Iterable[str]:
    """What its alerts tell by their techniques and tactics."""
    for category, techniques in Alert.objects.filter(incident=one).values_list("category", "techniques")[:1000]:
        if category == "CredentialAccess":
            yield PHISH
        if category == "LateralMovement" and "T1078" in techniques:
            yield TAKEOVER
        if "T1204.002" in techniques:
            yield MALWARE


def _by_mails(mails: Sequence[Mapping[str, object]]) -> Iterable[str]:
    """What its mails were after, as inspection read them."""
    for mail in mails:
        threats, asks = str(mail["ThreatTypes"] or ""), mail["ThreatClassification"]
        if "Malware" in threats:
            yield MALWARE
        elif "Phish" in threats and asks == "PII gathering":
            yield PHISH
        elif "Phish" in threats and asks in ASKS and not mail["UrlCount"] and not mail["AttachmentCount"]:
            yield BEC


def _mails(found: Sequence[Incident]) -> dict[int, list[Mapping[str, object]]]:
    """The lake's rows of the first mails of each incident; one question."""
    named = AlertEvidence.objects.filter(type="analyzedMessage", alert__incident__in=found).order_by("id")
    wanted: dict[int, dict[str, None]] = {}
    for incident, value in named.values_list("alert__incident", "value")[: AT_ONCE * MOST_MAILS * 5]:
        some = wanted.setdefault(incident, {})
        if len(some) < MOST_MAILS:
            some[value.lower()] = None
    every = sorted({value for some in wanted.values() for value in some})
    if not every:
        return {}
    query = Query(
        "EmailEvents",
        min(one.first_activity for one in found) - timedelta(days=1),
        max(one.last_activity for one in found) + timedelta(days=1),
        (Condition("NetworkMessageId", Operator.EQUAL_ANY, tuple(every)),),
    )
    known = {str(row["NetworkMessageId"]): row for row in rows(query, columns=COLUMNS, limit=len(every) * 20)}
    return {incident: [known[one] for one in some if one in known] for incident, some in wanted.items()}


def _critical(one: Incident) -> Iterable[str]:
    """Whether somebody whose takeover is costly is among those touched, by what the directory knows."""
    named = AlertEvidence.objects.filter(alert__incident=one, type__in=("user", "mailbox")).exclude(role="contextual")
    people = list(named.order_by("value").values_list("value", flat=True).distinct()[:MOST_PEOPLE])
    told, _ = known_of("users", people, actor=TAGGER)
    if any(facts.critical for facts in told.values()):
        yield CRITICAL


def _retag(one: Incident, wanted: set[str], *, now: datetime) -> None:
    has = set(Tag.objects.filter(incident=one, text__in=TYPES).values_list("text", flat=True))
    if fresh := sorted(wanted - has):
        Tag.objects.bulk_create([Tag(incident=one, text=text, kind="system") for text in fresh], ignore_conflicts=True)
        note(by=CORRELATION, at=now, kind="tagged", text=f"Tagged {', '.join(fresh)}", incident=one)
    if gone := sorted(has - wanted):
        dropped = Tag.objects.filter(incident=one, text__in=gone, kind="system").delete()[0]
        if dropped:
            note(by=CORRELATION, at=now, kind="untagged", text=f"No longer {', '.join(gone)}", incident=one)
