"""How many may be inside at once: a listener that lets everybody in soon has no room for the mail server it is there for."""

import logging
from dataclasses import dataclass, field

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Doorkeeper:
    """Counts the connections of the listener `name`; to be used from its event loop only.

    Entering or leaving twice counts once, as a connection that turns to TLS is made twice.
    """

    name: str
    at_most: int
    inside: set[object] = field(default_factory=set)
    full: bool = False

    def enter(self, who: object) -> bool:
        """Whether there is room; the log says once that there was none, until there is again."""
        if who in self.inside or len(self.inside) < self.at_most:
            self.inside.add(who)
            self.full = False
            return True
        if not self.full:
            log.warning(
                "%s turns connections away: %d are open, as many as its settings allow", self.name, self.at_most
            )
        self.full = True
        return False

    def leave(self, who: object) -> None:
        self.inside.discard(who)
