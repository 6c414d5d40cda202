"""What the quarantine's pages add to the settings' navigation, and to the page of an email."""

from collections.abc import Sequence

from watchfloor.access.contracts import Actor, Permission
from watchfloor.mail.contracts import EmailEntity, EmailLink
from watchfloor.mail.services import register_links
from watchfloor.response.quarantine.contracts import HELD
from watchfloor.response.quarantine.selectors import copies_of, quarantined_of
from watchfloor.ui.services import register_settings_page

register_settings_page(
    key="quarantine",
    group="mail",
    label="Quarantine policy",
    href="/settings/quarantine",
    permission=Permission.SETTINGS_READ,
    description="What the border does with each threat, for how long it is kept, and what recipients may do with it.",
    icon="shield-lock",
)
register_settings_page(
    key="quarantine-digest",
    group="mail",
    label="Quarantine digest",
    href="/settings/quarantine-digest",
    permission=Permission.SETTINGS_READ,
    description="How recipients are told of mail held for them, and for how long their links work.",
    icon="mailbox",
)


class QuarantineOfAnEmail:
    """The way from an email to its place in quarantine, while we hold a copy of it (EE-60)."""

    key = "quarantine"
    permission = Permission.QUARANTINE_READ

    def links(self, *, entity: EmailEntity, actor: Actor) -> Sequence[EmailLink]:
        mails = [one.pk for one in quarantined_of(entity.id)]
        held = {copy.mail_id for copy in copies_of(mails) if copy.status in HELD} if mails else set()
        return [EmailLink("Go to quarantined email", f"/quarantine/{one}", "lock") for one in mails if one in held][:1]


register_links(QuarantineOfAnEmail())
