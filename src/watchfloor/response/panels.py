"""What response contributes to other slices' pages."""

from collections.abc import Sequence

from watchfloor.access.contracts import Actor, Permission
from watchfloor.mail.contracts import EmailEntity, Source, TimelineEvent
from watchfloor.mail.services import register_panel
from watchfloor.response.accounts import panels as _  # noqa: F401  # buttons on the page of a person
from watchfloor.response.quarantine import page_panels as _quarantine_pages  # noqa: F401
from watchfloor.response.selectors import remediations_of_message
from watchfloor.response.submissions import panels as _submissions  # noqa: F401  # settings page of the sub-package
from watchfloor.ui.services import register_settings_page

register_settings_page(
    key="response",
    group="automation",
    label="Response",
    href="/settings/response",
    permission=Permission.SETTINGS_READ,
    description="When a second person must approve an action on mail.",
    icon="user-check",
)
register_settings_page(
    key="zero-hour",
    group="mail",
    label="Zero-hour purge",
    href="/settings/zero-hour",
    permission=Permission.SETTINGS_READ,
    description="What a verdict that comes after delivery does to mail in mailboxes.",
    icon="history",
)

register_settings_page(
    key="click-protection",
    group="mail",
    label="Click protection",
    href="/settings/click-protection",
    permission=Permission.SETTINGS_READ,
    description="Links of delivered mail lead here first and are checked when somebody clicks.",
    icon="link",
)


class RemediationsOfAnEmail:
    """Each remediation that named this recipient's copy, as a line of the email's timeline that leads to its ledger (EE-10)."""

    key = "remediations"
    title = "Remediations"
    tab = "timeline"
    permission = Permission.ACTION_CENTER_READ

    def render(self, *, entity: EmailEntity, actor: Actor) -> str:
        """Nothing beside the timeline."""
        return ""

    def events(self, *, entity: EmailEntity, actor: Actor) -> Sequence[TimelineEvent]:
        found = remediations_of_message(network_message_id=entity.id, recipient=entity.recipient)
        return [
            TimelineEvent(
                at=one.at,
                source=Source.SYSTEM if one.automatic else Source.ADMIN,
                event=f"{one.kind}: {one.action_label}",
                result=one.sentence,
                details=f"“{one.name}” by {one.by}, {one.remediation_status.lower()}",
                href=one.href,
                tells=one.report_id,
            )
            for one in found
        ]


register_panel(RemediationsOfAnEmail())
