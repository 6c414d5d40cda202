"""Connections and dead letters as the settings pages show them."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ConnectionLine:
    """One connection as people see it; `state` is ok, warning, failing, disabled or starting."""

    id: int
    name: str
    label: str
    can: tuple[str, ...]
    enabled: bool
    state: str
    sentence: str

    @property
    def tone(self) -> str:
        return {"ok": "success", "warning": "warning", "failing": "danger"}.get(self.state, "neutral")

    @property
    def switch_label(self) -> str:
        return "Disable" if self.enabled else "Enable"


@dataclass(frozen=True, slots=True)
class DeadLetterLine:
    """One dead letter as people see it; `where` is its file, folder or queue id, else the hash of its bytes."""

    id: int
    at: datetime
    source: str
    reason: str
    where: str
    attempts: int
    can_retry: bool
