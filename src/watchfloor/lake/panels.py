"""What this slice adds to other pages: its lines in the settings."""

from watchfloor.access.contracts import Permission
from watchfloor.ui.services import register_settings_page

register_settings_page(
    key="retention",
    group="data",
    label="Retention",
    href="/settings/retention",
    permission=Permission.SETTINGS_READ,
    description="How much the event tables hold, and how long they keep it",
    icon="database",
)
register_settings_page(
    key="lists",
    group="data",
    label="Lists",
    href="/settings/lists",
    permission=Permission.SETTINGS_READ,
    description="Lists that hunting queries name: watchlists, and what externaldata is given instead of the internet",
    icon="list-details",
)
