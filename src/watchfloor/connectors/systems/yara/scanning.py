"""A mail's parts against the rules, in a limited process; a rule's meta says what a match means."""

import atexit
import json
import math
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from watchfloor.connectors.contracts import AcceptedMail, Opinion
from watchfloor.connectors.parts import reader
from watchfloor.connectors.protocols.enclosed import Enclosed
from watchfloor.connectors.systems.yara.matching import matcher
from watchfloor.connectors.systems.yara.rules import RuleFiles, Sources
from watchfloor.kernel.errors import BadInput, NotConfigured, Unreachable

THREATS = {"malware": "Malware", "phish": "Phish", "phishing": "Phish", "spam": "Spam"}
MOST_POINTS = 20.0
START_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Rules:
    """What the child says of the rules it compiled; `errors` are sentences that name file and line."""

    files: int
    errors: tuple[str, ...]


@dataclass(slots=True)
class Yara:
    """The rules of `files`, compiled in a child of their own that is replaced when a file changes."""

    who: str
    files: RuleFiles
    seconds: float = 5.0
    largest: int = 25 << 20
    _child: Enclosed | None = None
    _compiled: Sources = ()
    _errors: tuple[str, ...] = ()
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, raw: bytes, *, mail: AcceptedMail) -> tuple[Opinion, ...]:
        if len(raw) > self.largest:
            raise BadInput(f"the mail is larger than {self.largest >> 20} MB")
        child = self._current()
        self._errors = _rules(child.hello(seconds=self.seconds)).errors
        found = _read(child.ask(raw, seconds=self.seconds))
        if isinstance(found, str):
            raise Unreachable(found)
        return tuple(opinions_of(found, who=self.who))

    @property
    def settings(self) -> tuple[object, ...]:
        """What makes two of one name the same."""
        return self.files.folders, self.seconds, self.largest

    def warning(self) -> str:
        left_out = len(self._errors) - 1
        more = f" (and {left_out} more)" if left_out > 0 else ""
        return f"a broken rule is left out: {self._errors[0]}{more}" if self._errors else ""

    def rules(self) -> Rules:
        """Compile, and say what is there. Raises NotConfigured, or Unreachable when compiling takes too long."""
        return _rules(self._current().hello(seconds=START_SECONDS))

    def close(self) -> None:
        """End the child."""
        if self._child is not None:
            self._child.close()

    def _current(self) -> Enclosed:
        with self._lock:
            sources = self.files.sources()
            if not sources:
                raise NotConfigured("there is no rule file (.yar or .yara) in its folders", place="folder")
            if self._child is None or sources != self._compiled:
                self.close()
                self._child = Enclosed(matcher, reader(), sources, self.seconds)
                self._compiled = sources
            return self._child


_open: dict[str, Yara] = {}
_opening = threading.Lock()


def kept(made: Yara) -> Yara:
    """The one of this name and these settings that runs already, else `made`: compiling for every batch would cost too much."""
    with _opening:
        known = _open.get(made.who)
        if known and known.settings == made.settings:
            return known
        if known:
            known.close()
        _open[made.who] = made
    atexit.register(made.close)
    return made


def opinions_of(matches: Iterable[dict[str, Any]], *, who: str) -> list[Opinion]:
    """One opinion per kind of threat, of the weightiest rule; twenty rules for one thing do not count twenty times."""
    by_threat: dict[str, list[dict[str, Any]]] = {}
    for one in matches:
        threat = THREATS.get(str(one["meta"].get("threat", "malware")).lower(), "Malware")
        by_threat.setdefault(threat, []).append(one)
    return [_opinion(threat, found, who) for threat, found in by_threat.items()]


def _opinion(threat: str, found: list[dict[str, Any]], who: str) -> Opinion:
    first = max(found, key=lambda one: _points(one) or 0.0)
    names = tuple(dict.fromkeys(str(one["rule"]) for one in found))
    others = [name for name in names if name != first["rule"]]
    meta = first["meta"]
    said = str(meta.get("words") or meta.get("description") or "").strip()
    where = f' in "{" ".join(first["piece"].split())[:80]}"' if first["piece"] else ""
    return Opinion(
        who=who,
        kind="yara",
        words=f"{who}: rule {first['rule']} matches{where}"
        + (f": {said[:300]}" if said else "")
        + (f" (also {', '.join(others[:5])})" if others else ""),
        points=_points(first),
        threat=threat,
        threat_name=str(meta.get("threat_name") or first["rule"])[:100] if threat == "Malware" else "",
        symbols=names,
        files=tuple(dict.fromkeys(one["sha256"] for one in found if one["sha256"])) if threat == "Malware" else (),
    )


def _points(match: dict[str, Any]) -> float | None:
    """The rule's own `points`, None when it names none."""
    try:
        points = float(match["meta"]["points"])
    except (KeyError, ValueError, TypeError):
        return None
    return min(max(points, 0.0), MOST_POINTS) if math.isfinite(points) else None


def _rules(hello: bytes) -> Rules:
    said = json.loads(hello)
    return Rules(said["files"], tuple(f"{one['file']} line {one['line']}: {one['words']}" for one in said["errors"]))


def _read(answer: bytes) -> list[dict[str, Any]] | str:
    """The child's matches. It may have been taken over: whatever is not of the right shape is no answer."""
    try:
        said = json.loads(answer)
        if isinstance(said, str):
            return said[:200]
        return [
            {
                "rule": str(one["rule"])[:100],
                "meta": dict(one["meta"]),
                "piece": str(one["piece"])[:200],
                "sha256": str(one["sha256"])[:64],
            }
            for one in said
        ]
    except (ValueError, LookupError, TypeError) as error:
        raise Unreachable("its process gave an answer that is none") from error
