"""A token that is kept while it lasts and fetched anew before it ends; asked by many threads, fetched by one."""

import threading
import time
from collections.abc import Callable

EARLY_SECONDS = 120.0
"""A token is used some moments after it is asked for, and clocks differ."""


class AccessToken:
    """`fetch` gives (token, seconds it lasts); its errors go through. `scheme` stands before the token in the header."""

    def __init__(
        self,
        fetch: Callable[[], tuple[str, float]],
        *,
        scheme: str = "Bearer",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch, self._scheme, self._clock = fetch, scheme, clock
        self._lock = threading.Lock()
        self._token, self._ends = "", float("-inf")

    def header(self) -> str:
        """The value of the Authorization header."""
        return f"{self._scheme} {self.token()}"

    def token(self) -> str:
        with self._lock:
            if self._clock() >= self._ends:
                self._token, seconds = self._fetch()
                self._ends = self._clock() + max(seconds - EARLY_SECONDS, seconds / 2)
            return self._token

    def forget(self) -> None:
        """The server turned it down before its time: the next question fetches another."""
        with self._lock:
            self._ends = float("-inf")


def lasting(token: str, *, scheme: str) -> AccessToken:
    """One that never ends, as an API token that somebody made by hand."""
    return AccessToken(lambda: (token, float("inf")), scheme=scheme)
