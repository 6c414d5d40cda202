"""A connection whose settings cannot even be read: it answers nobody, and says why."""

from dataclasses import dataclass

from watchfloor.connectors.contracts import AcceptedMail, Opinion
from watchfloor.kernel.errors import NotConfigured


@dataclass(frozen=True, slots=True)
class Unusable:
    """Stands in for a second opinion, so that mail says who was not asked instead of waiting."""

    who: str
    why: str

    def __call__(self, raw: bytes, *, mail: AcceptedMail) -> tuple[Opinion, ...]:
        raise NotConfigured(self.why)

    def warning(self) -> str:
        return self.why
