"""What feedback on a point teaches: the same thing of the same person gives no points any more."""

from datetime import datetime

from watchfloor.identities.models import RiskPoint, RiskProfile

MOST_TAUGHT = 200


def scope_of(person: int) -> str:
    """The profile of a person."""
    return f"person:{person}"


def subject_of(point: RiskPoint) -> str:
    """What a point is about, "signal:hash of the value"; "" for an alert."""
    parts = point.key.split(":")
    return f"{parts[-3]}:{parts[-1]}" if parts[0] == "event" and len(parts) > 5 else ""


def teach(point: RiskPoint, *, now: datetime) -> None:
    """Remember in the person's profile that this was wrong; call it in the transaction that voids the point."""
    subject = subject_of(point)
    if not subject:
        return
    row, _ = RiskProfile.objects.select_for_update().get_or_create(
        scope=scope_of(point.person_id), defaults={"since": now, "changed_at": now}
    )
    taught = {**row.body.get("taught", {}), subject: now.toordinal()}
    row.body = {**row.body, "taught": dict(sorted(taught.items(), key=lambda item: item[1])[-MOST_TAUGHT:])}
    row.changed_at = now
    row.save(update_fields=["body", "changed_at"])
