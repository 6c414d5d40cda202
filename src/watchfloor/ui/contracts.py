"""The words of the screen: tones, table pages, settings pages, what an asking person must be able to say."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, Protocol


class Tone(StrEnum):
    """How much a thing asks for attention; every tone has readable contrast in both themes."""

    NEUTRAL = "neutral"
    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    DANGER = "danger"


class Asking(Protocol):
    """Whoever asks: `access.contracts.Actor` fits. `may` takes an `access.contracts.Permission`."""

    def may(self, permission: Any, /) -> bool: ...


GroupKey = Literal["mail", "alerts", "automation", "people", "data"]


@dataclass(frozen=True, slots=True)
class SettingsGroup:
    """Settings pages that belong together, as the list and the side navigation show them."""

    key: GroupKey
    label: str
    sentence: str


SETTINGS_GROUPS = (
    SettingsGroup("mail", "Mail and protection", "What counts as a threat, and what becomes of mail that is one"),
    SettingsGroup(
        "alerts", "Alerts and incidents", "What raises an alert, how alerts come together, and who hears of it"
    ),
    SettingsGroup("automation", "Automation", "What is done without asking, and what waits for a person"),
    SettingsGroup("people", "People and access", "Who signs in, what they may do, and what they did"),
    SettingsGroup("data", "Data and connections", "Where data comes from, where it goes, and how long it is kept"),
)
"""In the order in which they are shown."""


@dataclass(frozen=True, slots=True)
class SettingsPage:
    """One line of the settings' side navigation. `permission` is a value of `access.contracts.Permission`."""

    key: str
    group: GroupKey
    label: str
    href: str
    permission: str
    description: str
    icon: str = "settings"
