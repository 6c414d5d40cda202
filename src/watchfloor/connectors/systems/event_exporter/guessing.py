"""Wrong secrets are counted by the sender's address, so that a secret cannot be guessed by trying.

An address may be wrong ten times, then once in six seconds. While it may not, nothing is compared, a right secret included:
otherwise guessing would merely go on. IPv6 senders count by their /64, of which everybody has one.
"""

import ipaddress
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

log = logging.getLogger(__name__)

FREE = 10
SECONDS_EACH = 6.0
MOST_ADDRESSES = 10_000


@dataclass(slots=True)
class Guesses:
    """Wrong secrets of late, by address. `_made` holds (how many, as of when); they are forgiven one by one."""

    name: str
    clock: Callable[[], float] = time.monotonic
    _made: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def may_try(self, address: str) -> bool:
        with self._lock:
            return self._now(_sender(address)) <= FREE - 1

    def wrong(self, address: str) -> None:
        """Count one; the log says once that an address has to wait."""
        sender = _sender(address)
        with self._lock:
            made = self._now(sender) + 1
            self._made[sender] = made, self.clock()
            self._made.move_to_end(sender)
            while len(self._made) > MOST_ADDRESSES:
                self._made.popitem(last=False)
        if FREE - 1 < made <= FREE:
            log.warning("%s: %s sent %d wrong secrets and has to wait", self.name, address, FREE)

    def _now(self, sender: str) -> float:
        made, at = self._made.get(sender, (0.0, 0.0))
        return max(0.0, made - (self.clock() - at) / SECONDS_EACH) if made else 0.0


def _sender(address: str) -> str:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped  # all of IPv4 lies in one /64 of those: one guesser would lock everybody out
    return str(found) if found.version == 4 else str(ipaddress.ip_network((int(found) >> 64 << 64, 64)))
