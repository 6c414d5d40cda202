"""What rendering takes and how it fails."""

from dataclasses import dataclass

from watchfloor.kernel.errors import NotConfigured, WatchfloorError


class NoRenderer(WatchfloorError):
    """There is no picture; the message says why in words for a person. Never answered with a picture of something else."""


class NoChromium(NoRenderer, NotConfigured):
    """No Chromium is installed where we looked."""


class TooSlow(NoRenderer):
    """Chromium did not finish within its time, or every place for one was taken."""

    retry = True


class TooLarge(NoRenderer):
    """The document, or what became of it, is larger than we make."""


class BrowserEnded(NoRenderer):
    """Chromium ended before its answer: it crashed, took too much memory, or could not start."""

    retry = True


@dataclass(frozen=True, slots=True)
class Cage:
    """What one browser may use. `seconds` is wall time, `memory` bytes of all its processes together.

    `network` says whether the browser gets a network namespace of its own, without any interface, where the kernel lets us make
    one; the dead proxy and the resolver that finds nothing hold in either case.
    """

    seconds: float = 20.0
    memory: int = 1 << 30
    network: bool = True
