"""What submissions contribute to other slices' pages."""

from watchfloor.access.contracts import Permission
from watchfloor.lake.services import leave_unfiltered
from watchfloor.response.submissions.policy import report_addresses
from watchfloor.ui.services import register_settings_page

register_settings_page(
    key="user-reports",
    group="mail",
    label="User reported settings",
    href="/settings/user-reports",
    permission=Permission.SETTINGS_READ,
    description="Where people report suspicious mail, and what they are answered.",
    icon="mail-exclamation",
)
leave_unfiltered(report_addresses)
