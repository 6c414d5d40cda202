"""Errors are types that say what to do next; nobody reads a message text to decide."""


class WatchfloorError(Exception):
    """Base of all our errors.

    `retry` says whether the same call may succeed later; `place` names where the input was wrong
    (a file and line, a header, a field), empty when it does not apply.
    """

    retry: bool = False

    def __init__(self, message: str, *, place: str = "") -> None:
        super().__init__(f"{place}: {message}" if place else message)
        self.message = message
        self.place = place


class BadInput(WatchfloorError):
    """The input can never be accepted as it is."""


class NotConfigured(WatchfloorError):
    """A setting, package or program is missing; the message names it and how to add it."""


class Forbidden(WatchfloorError):
    """The actor lacks a permission; `permission` names it so that a page can say who grants it."""

    def __init__(self, message: str, *, permission: str) -> None:
        super().__init__(message)
        self.permission = permission


class Unreachable(WatchfloorError):
    """The other system did not answer; asking again later is right."""

    retry = True


class NotFound(WatchfloorError):
    """The thing asked for is not there."""


class Conflict(WatchfloorError):
    """The thing changed meanwhile, or exists already."""
