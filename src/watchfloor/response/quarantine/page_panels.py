"""What the quarantine's pages add to the settings' navigation."""

from watchfloor.access.contracts import Permission
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
