"""What this slice adds to other pages: its line in the settings."""

from watchfloor.access.contracts import Permission
from watchfloor.ui.services import register_settings_page

register_settings_page(
    key="retention",
    label="Retention",
    href="/settings/retention",
    permission=Permission.SETTINGS_READ,
    description="How much the event tables hold, and how long they keep it",
    icon="database",
)
