"""What this slice adds to other pages: its line in the settings."""

from watchfloor.access.contracts import Permission
from watchfloor.ui.services import register_settings_page

register_settings_page(
    key="detections",
    group="alerts",
    label="Alert policies",
    href="/settings/detections",
    permission=Permission.SETTINGS_READ,
    description="The rules that raise alerts: what each says, whether it is on, when it last hit",
    icon="bell",
)
