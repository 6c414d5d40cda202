"""The words of the screen: tones, table pages, settings pages, what an asking person must be able to say."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol


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


@dataclass(frozen=True, slots=True)
class SettingsPage:
    """One line of the settings' side navigation. `permission` is a value of `access.contracts.Permission`."""

    key: str
    label: str
    href: str
    permission: str
    description: str
    icon: str = "settings"
