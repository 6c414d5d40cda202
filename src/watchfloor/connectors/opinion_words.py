"""What another filter holds against a mail, in words and in types."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Opinion:
    """One thing another filter holds against a mail. `who` is the connection's name, `kind` its system's.

    `score` is on the filter's own scale, where `threshold` is its limit, both 0 when it has none; `points` is the strength on
    ours, None when the filter names none. `threat` is Malware, Phish, Spam, or "" when it does not say; `files` are the SHA-256
    of the attachments it was found in, where that is known; `symbols` are the names of the rules that matched.
    """

    who: str
    kind: str
    words: str
    score: float = 0.0
    threshold: float = 0.0
    points: float | None = None
    threat: str = ""
    threat_name: str = ""
    symbols: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Heard:
    """What the other filters said about one mail. `unanswered` holds a sentence for each that did not."""

    opinions: tuple[Opinion, ...] = ()
    unanswered: tuple[str, ...] = ()
