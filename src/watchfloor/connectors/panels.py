"""What this slice adds to other pages: its lines in the settings."""

from watchfloor.access.contracts import Permission
from watchfloor.ui.services import register_settings_page

register_settings_page(
    key="connections",
    group="data",
    label="Connections",
    href="/settings/connections",
    permission=Permission.SETTINGS_READ,
    description="Where mail comes from, and where actions land",
    icon="plug-connected",
)
register_settings_page(
    key="dead-letters",
    group="data",
    label="Dead letters",
    href="/settings/dead-letters",
    permission=Permission.SETTINGS_READ,
    description="What could not be read, and why",
    icon="mail-x",
)
register_settings_page(
    key="outgoing-mail",
    group="data",
    label="Outgoing mail",
    href="/settings/outgoing-mail",
    permission=Permission.SETTINGS_READ,
    description="Reports and notices that were sent, wait, or could not be sent",
    icon="mail-forward",
)
register_settings_page(
    key="webhook-deliveries",
    group="data",
    label="Webhook deliveries",
    href="/settings/webhook-deliveries",
    permission=Permission.SETTINGS_READ,
    description="Alerts and incidents posted to other programs: delivered, waiting, given up",
    icon="mail-forward",
)
register_settings_page(
    key="import-events",
    group="data",
    label="Import events",
    href="/settings/import-events",
    permission=Permission.CONNECTION_MANAGE,
    description="Sign-ins and activities that other products exported",
    icon="upload",
)
