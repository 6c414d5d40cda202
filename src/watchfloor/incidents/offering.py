"""What the filter pane offers: the values that alerts of this place have, read without walking over all alerts."""

from collections.abc import Sequence
from functools import cache

from django.db.models import Min

from watchfloor.detection.contracts import EvidenceType
from watchfloor.detection.selectors import rule as rule_of
from watchfloor.incidents.contracts import WORDS
from watchfloor.incidents.facets import OWN
from watchfloor.incidents.models import Alert, Tag
from watchfloor.kernel.text import spaced

TACTICS = (
    *("Reconnaissance", "ResourceDevelopment", "InitialAccess", "Execution", "Persistence", "PrivilegeEscalation"),
    *("DefenseEvasion", "CredentialAccess", "Discovery", "LateralMovement", "Collection", "CommandAndControl"),
    *("Exfiltration", "Impact"),
)
"""ATT&CK's tactics in the order of an attack, as Defender's categories are named."""
OTHER_CATEGORIES = ("Malware", "SuspiciousActivity", "UnwantedSoftware", "Exploit", "Ransomware")
MOST = 60

Options = Sequence[tuple[str, str]]


def values_of(field: str) -> list[str]:
    """The different values of an indexed column of alerts, each found by one step in the index; at most `MOST`."""
    found: list[str] = []
    after = Alert.objects.order_by()
    value = after.aggregate(first=Min(field))["first"]
    while value is not None and len(found) < MOST:
        found.append(value)
        value = after.filter(**{f"{field}__gt": value}).aggregate(first=Min(field))["first"]
    return found


def categories() -> Options:
    """Those that alerts have, in the order of an attack."""
    known = (*TACTICS, *OTHER_CATEGORIES)
    order = {name: place for place, name in enumerate(known)}
    found = sorted(filter(None, values_of("category")), key=lambda one: order.get(one, len(order)))
    return [(one, spaced(one)) for one in found]


def sources_known() -> Options:
    return [(one or OWN, one or OWN) for one in values_of("source")]


def rules_known() -> Options:
    """Alert policies and rules that raised an alert, by title."""
    named = [(one, title(one)) for one in values_of("rule_id")]
    return sorted(named, key=lambda pair: pair[1])


@cache
def _title(rule_id: str) -> str:
    rule = rule_of(rule_id)
    return rule.title if rule else ""


def title(rule_id: str) -> str:
    """The title of one of our policies, else the id."""
    return _title(rule_id) or rule_id


def entity_kinds() -> Options:
    return [(one.value, WORDS[one.value]) for one in EvidenceType]


def tags_known() -> list[str]:
    """Tags in use, for completion."""
    return list(Tag.objects.order_by("text").values_list("text", flat=True).distinct()[:200])
