"""What investigations contribute to other slices' pages."""

from collections.abc import Sequence
from urllib.parse import quote

from django.template.loader import render_to_string

from watchfloor.access.contracts import Actor, Permission
from watchfloor.identities.page.contracts import PersonAction
from watchfloor.identities.selectors import names_of
from watchfloor.identities.services import register_person_action, register_person_panel
from watchfloor.investigations import asked_by_state as _asked_by_state  # noqa: F401  # a filter of the queues
from watchfloor.investigations.rendering import Line
from watchfloor.investigations.selectors import of_message, of_person
from watchfloor.kernel.clock import utc_now
from watchfloor.mail.contracts import EmailEntity, Source, TimelineEvent
from watchfloor.mail.services import register_panel
from watchfloor.ui.services import register_settings_page

register_settings_page(
    key="investigations",
    group="automation",
    label="Investigations",
    href="/settings/investigations",
    permission=Permission.SETTINGS_READ,
    description="How far automated investigation is trusted, and from when on a cluster is malicious.",
    icon="robot",
)
register_settings_page(
    key="after-investigations",
    group="automation",
    label="After investigations",
    href="/settings/after-investigations",
    permission=Permission.SETTINGS_READ,
    description="Who is answered, who is reminded of what waits, how long investigations are kept.",
    icon="bell",
)


class InvestigationsOfAnEmail:
    """The investigations that met this mail, and a button to begin one (AI-20)."""

    key = "investigations"
    title = "Investigations"
    tab = "analysis"
    permission = Permission.INCIDENT_READ

    def render(self, *, entity: EmailEntity, actor: Actor) -> str:
        rows = [Line.of(one, now=utc_now()) for one in of_message(entity.id, by=actor)]
        may_start = actor.may(Permission.EMAIL_ACTION_PROPOSE)
        if not rows and not may_start:
            return ""
        new = f"/investigations/new?message={entity.id}"
        return render_to_string("investigations/panel.html", {"rows": rows, "new": new if may_start else ""})

    def events(self, *, entity: EmailEntity, actor: Actor) -> Sequence[TimelineEvent]:
        """When each began."""
        return [
            TimelineEvent(
                at=one.created_at,
                source=Source.SYSTEM,
                event=f"Investigation: {one.kind}",
                result=one.status,
                details=one.name,
                href=one.href,
            )
            for one in of_message(entity.id, by=actor)
        ]


class InvestigationsOfAPerson:
    """The investigations that looked at this person's mailbox."""

    key = "investigations"
    title = "Investigations"
    tab = "incidents"
    permission = Permission.INCIDENT_READ

    def render(self, person_pk: int, actor: Actor, /) -> str:
        rows = [Line.of(one, now=utc_now()) for one in of_person(names_of(person_pk).addresses, by=actor)]
        return render_to_string("investigations/panel.html", {"rows": rows}) if rows else ""


register_panel(InvestigationsOfAnEmail())
register_person_panel(InvestigationsOfAPerson())
register_person_action(
    PersonAction(
        key="investigate",
        label="Investigate",
        icon="robot",
        permission=Permission.EMAIL_ACTION_PROPOSE,
        href=lambda pk: f"/investigations/new?person={pk}",
    )
)
register_person_action(
    PersonAction(
        key="restrict-sending",
        label="Restrict from sending",
        icon="ban",
        permission=Permission.IDENTITY_ACTION_MANAGE,
        href=lambda pk: f"/investigations/restrict?address={quote(next(iter(names_of(pk).addresses), ''))}",
    )
)
