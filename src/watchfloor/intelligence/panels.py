"""What this slice adds to other pages: its lines in the settings."""

from watchfloor.access.contracts import Permission
from watchfloor.ui.services import register_settings_page

register_settings_page(
    key="allow-block-list",
    group="mail",
    label="Allow/block list",
    href="/settings/allow-block-list",
    permission=Permission.SETTINGS_READ,
    description="Senders, domains, URLs, files and addresses that are blocked or allowed, and indicators",
    icon="ban",
)
register_settings_page(
    key="verdict-policy",
    group="mail",
    label="Verdict policy",
    href="/settings/verdict-policy",
    permission=Permission.SETTINGS_READ,
    description="From how many points a mail is a threat, which reasons are silenced, and what a change would do",
    icon="scale",
)
register_settings_page(
    key="verdict-labels",
    group="mail",
    label="Verdict labels",
    href="/settings/verdict-labels",
    permission=Permission.EMAIL_METADATA_READ,
    description="Verdicts that people marked as wrong",
    icon="thumb-down",
)
