"""What the score adds to other pages: the card of a person, and its settings page."""

from dataclasses import dataclass

from django.template.loader import render_to_string

from watchfloor.access.contracts import Actor, Permission
from watchfloor.identities.page.registry import register_person_panel
from watchfloor.identities.scoring.showing import card
from watchfloor.kernel.clock import utc_now
from watchfloor.ui.services import register_settings_page


@dataclass(frozen=True, slots=True)
class RiskCard:
    """Score, percentile, level, state and the last thirty days (US-30, US-34)."""

    key: str = "risk-score"
    title: str = "Risk"
    tab: str = "risk"
    permission: Permission = Permission.IDENTITY_READ

    def render(self, person_pk: int, actor: Actor) -> str:
        return render_to_string("identities/scoring/card.html", card(person_pk, now=utc_now()))


register_person_panel(RiskCard())
register_settings_page(
    key="risk-score",
    group="alerts",
    label="Risk score",
    href="/settings/risk-score",
    permission=Permission.SETTINGS_READ,
    description="How people's risk is scored: formulas, thresholds, and each signal with its weight",
    icon="flame",
)
