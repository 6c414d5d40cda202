"""What this slice adds to other pages: its lines in the settings."""

from watchfloor.access.contracts import Permission
from watchfloor.incidents import sentinel  # noqa: F401  gives the rows of SecurityIncident
from watchfloor.ui.services import register_settings_page

register_settings_page(
    key="correlation",
    group="alerts",
    label="Correlation",
    href="/settings/correlation",
    permission=Permission.SETTINGS_READ,
    description="By which rules alerts become one incident",
    icon="git-merge",
)
register_settings_page(
    key="alert-categories",
    group="alerts",
    label="Alert categories",
    href="/settings/alert-categories",
    permission=Permission.SETTINGS_READ,
    description="Which roles see the alerts of which category",
    icon="lock",
)
register_settings_page(
    key="incident-notifications",
    group="alerts",
    label="Incident notifications",
    href="/settings/incident-notifications",
    permission=Permission.INCIDENT_READ,
    description="Who is told by mail of which incidents",
    icon="mail",
)
register_settings_page(
    key="alert-tuning",
    group="alerts",
    label="Alert tuning",
    href="/settings/alert-tuning",
    permission=Permission.INCIDENT_READ,
    description="Alerts that are hidden or resolved as they are raised, and why",
    icon="adjustments",
)
