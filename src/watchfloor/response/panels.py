"""What response contributes to other slices' pages."""

from watchfloor.access.contracts import Permission
from watchfloor.ui.services import register_settings_page

register_settings_page(
    key="response",
    label="Response",
    href="/settings/response",
    permission=Permission.SETTINGS_READ,
    description="When a second person must approve an action on mail.",
    icon="user-check",
)
