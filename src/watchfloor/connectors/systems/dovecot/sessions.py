"""Open sessions of a mailbox: who is there, and out with them (doveadm who, kick, auth cache flush)."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from watchfloor.connectors.protocols.doveadm import CannotDo, Doveadm

TRIES = 20
BETWEEN_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Sessions:
    """The sessions of this server."""

    doveadm: Doveadm
    wait: Callable[[float], None] = time.sleep

    def count(self, user: str) -> int:
        """How many connections of this user are open now, over all services."""
        rows = self.doveadm.call("who", mask=[user])
        return sum(int(row["connections"]) for row in rows if row["username"].lower() == user.lower())

    def end(self, user: str) -> bool:
        """Throw the user out until nobody of that name is left; False when somebody still is.

        Dovecot may keep a password it saw (auth_cache_size); that is forgotten first, or the lock of a directory would come
        late. Looks twice, as a sign-in that was under way may show up just behind the first kick.
        """
        self.forget(user)
        quiet = 0
        for _ in range(TRIES):
            if self.count(user):
                quiet = 0
                self._kick(user)
            else:
                quiet += 1
                if quiet == 2:
                    return True
            self.wait(BETWEEN_SECONDS)
        return False

    def forget(self, user: str) -> None:
        """Let Dovecot's authentication cache forget the user."""
        self.doveadm.call("authCacheFlush", user=[user])

    def _kick(self, user: str) -> None:
        try:
            self.doveadm.call("kick", mask=[user])
        except CannotDo:  # gone by themselves meanwhile
            return
