"""Verbs on custom detections: written, switched, deleted; each needs the right to tune detections and is audited."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited
from watchfloor.detection.contracts import SEVERITIES
from watchfloor.hunting.models import CustomDetection
from watchfloor.kernel.errors import BadInput, NotFound
from watchfloor.lake import selectors as lake

audit_verb("custom_detection.save", "{actor} saved the custom detection {target}")
audit_verb("custom_detection.switch", "{actor} switched the custom detection {target}")
audit_verb("custom_detection.delete", "{actor} deleted the custom detection {target}")

FREQUENCIES = {5: "5 minutes", 60: "hour", 180: "3 hours", 720: "12 hours", 1440: "day"}
LONGEST_LOOK_BACK = 30 * 1440
MOST_FINDINGS = 1000
"""New findings that one run may be allowed to make."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a person wrote into the form."""

    title: str
    text: str
    severity: str
    every_minutes: int
    look_back_minutes: int
    entities: Sequence[Sequence[str]]
    description: str = ""
    category: str = ""
    techniques: Sequence[str] = ()
    most_findings: int = 100

    def check(self, *, by: Actor, now: datetime) -> None:
        """Raises BadInput for what could never run or never find: a wrong query, a look-back with gaps, nothing mapped."""
        if not self.title.strip():
            raise BadInput("give the detection a title", place="title")
        if self.severity not in SEVERITIES:
            raise BadInput(f"the severity is one of {', '.join(SEVERITIES)}", place="severity")
        if self.every_minutes not in FREQUENCIES:
            raise BadInput("choose how often it runs", place="every_minutes")
        if not self.every_minutes <= self.look_back_minutes <= LONGEST_LOOK_BACK:
            raise BadInput(
                "it must look back at least as long as between two runs, and 30 days at most", place="look_back"
            )
        if not 1 <= self.most_findings <= MOST_FINDINGS:
            raise BadInput(f"one run makes between 1 and {MOST_FINDINGS:,} new findings", place="most_findings")
        if not self.entities:
            raise BadInput(
                "name at least one column that is evidence, as “SenderFromAddress: sender”", place="entities"
            )
        if not self.text.strip():
            raise BadInput("write a query first", place="query")
        for remark in lake.check_query(self.text, by=by, now=now):
            if remark.kind == "error":
                raise BadInput(f"the query cannot run: {remark.words}", place="query")


def save(*, plan: Plan, by: Actor, now: datetime, key: int | None = None) -> CustomDetection:
    """Keep a detection, due at once. The writer's own rights on its tables are checked, since it runs for everybody."""
    with audited(
        by=by,
        permission=Permission.DETECTION_TUNE,
        verb="custom_detection.save",
        target_type="detection",
        target=plan.title,
    ) as result:
        plan.check(by=by, now=now)
        row = detection(key) if key else CustomDetection(owner_name=by.name)
        fields: dict[str, Any] = {name: getattr(plan, name) for name in Plan.__dataclass_fields__}
        for name, value in fields.items():
            setattr(
                row,
                name,
                [list(one) if not isinstance(one, str) else one for one in value]
                if name in ("entities", "techniques")
                else value,
            )
        row.title, row.changed_by = " ".join(plan.title.split())[:200], by.name
        row.changed_at = row.next_at = now
        row.save()
        result["after"] = {"text": plan.text[:4000], "every_minutes": plan.every_minutes, "severity": plan.severity}
    return row


def span_words(minutes: int) -> str:
    """“4 hours”, “30 days”, “90 minutes”."""
    for size, unit in ((1440, "day"), (60, "hour")):
        if minutes % size == 0:
            return f"{minutes // size} {unit}{'' if minutes == size else 's'}"
    return f"{minutes} minutes"


def detection(key: int) -> CustomDetection:
    """One of them. Raises NotFound."""
    found = CustomDetection.objects.filter(pk=key).first()
    if found is None:
        raise NotFound("there is no such custom detection")
    return found


def switch(*, key: int, enabled: bool, by: Actor, now: datetime) -> None:
    """Turn it on (due at once) or off."""
    row = detection(key)
    with audited(
        by=by,
        permission=Permission.DETECTION_TUNE,
        verb="custom_detection.switch",
        target_type="detection",
        target=row.title,
        before={"enabled": row.enabled},
    ) as result:
        CustomDetection.objects.filter(pk=key).update(enabled=enabled, next_at=now)
        result["after"] = {"enabled": enabled}


def delete(*, key: int, by: Actor) -> None:
    """Delete it; its alerts stay."""
    row = detection(key)
    with audited(
        by=by,
        permission=Permission.DETECTION_TUNE,
        verb="custom_detection.delete",
        target_type="detection",
        target=row.title,
        before={"text": row.text[:4000]},
    ):
        row.delete()
