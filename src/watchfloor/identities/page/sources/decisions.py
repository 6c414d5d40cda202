"""What people of this product did about the person, from the audit log."""

from collections.abc import Iterable

from django.db.models import Q

from watchfloor.access.contracts import Permission
from watchfloor.access.selectors import AuditFilter, audit_entries
from watchfloor.identities.page.lines import Line
from watchfloor.identities.page.source_kinds import Asking, StoredSource

MOST = 300
LOOKS = ("email.preview", "email.download")


def lines(asked: Asking) -> Iterable[Line]:
    known = [*asked.names.addresses, *asked.names.logins, str(asked.person), f"person:{asked.person}"]
    about = Q(target__in=known) & ~Q(target_type__in=("account", "role"))
    entries = audit_entries(AuditFilter(after=asked.start, before=asked.end)).filter(about)
    for entry in entries.exclude(outcome="attempt").exclude(verb__in=LOOKS)[:MOST]:
        yield Line(
            at=entry.at,
            key=f"audit:{entry.pk}",
            kind="Decision",
            activity=entry.verb,
            words=f"{entry.actor_name}{f': {entry.reason}' if entry.reason else ''}",
            app="Watchfloor",
            status=entry.outcome,
            on=True,
            href=f"/settings/audit/{entry.pk}",
        )


SOURCE = StoredSource(key="audit", kind="Decision", permission=Permission.AUDIT_READ, lines=lines)
