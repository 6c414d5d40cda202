"""The result of one offline analysis: plain values, so that it passes between processes and to disk as JSON."""

from dataclasses import asdict, dataclass, field
from typing import Any

FORM = 1
"""Raised when the shape or the searching changes: what was kept under another number is made anew."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One file of the tree. `level` 0 is the attachment itself; `path` names the containers above; `remark` why it goes no deeper."""

    level: int
    path: str
    file_type: str = ""
    size: int = 0
    sha256: str = ""
    threat: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What the file is built to do when opened, as its content tells. `level` is high, medium or low."""

    level: str
    what: str
    where: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """One YARA rule that met one piece."""

    rule: str
    source: str
    where: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything found. `cut` says in words what limits or damage kept from being looked at; `failed` why there is nothing."""

    name: str
    size: int
    sha256: str
    sha1: str = ""
    md5: str = ""
    file_type: str = ""
    extension: str = ""
    entropy: float = 0.0
    tree: tuple[Piece, ...] = ()
    structure: tuple[tuple[str, str], ...] = ()
    behaviours: tuple[Behaviour, ...] = ()
    macros: tuple[tuple[str, str], ...] = ()
    links: tuple[str, ...] = ()
    indicators: tuple[tuple[str, str], ...] = ()
    strings: tuple[str, ...] = ()
    matches: tuple[Match, ...] = ()
    rules: int = 0
    cut: tuple[str, ...] = ()
    failed: str = ""
    form: int = field(default=FORM)


def as_plain(found: Analysis) -> dict[str, Any]:
    """The analysis as JSON takes it."""
    return asdict(found)


def from_plain(value: Any) -> Analysis:
    """The analysis out of JSON that a child or a disk gave. Raises ValueError when it is anything else."""
    try:
        plain: dict[str, Any] = dict(value)
        for name, kind in (("tree", Piece), ("behaviours", Behaviour), ("matches", Match)):
            plain[name] = tuple(kind(**_of(one, kind)) for one in plain[name])
        for name in ("structure", "macros", "indicators"):
            plain[name] = tuple((str(one), str(other)) for one, other in plain[name])
        for name in ("links", "strings", "cut"):
            plain[name] = tuple(map(str, plain[name]))
        found = Analysis(**_of(plain, Analysis))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError("no analysis") from error
    if found.form != FORM:
        raise ValueError("an analysis of another form")
    return found


def _of(plain: dict[str, Any], kind: type) -> dict[str, Any]:
    """The plain values, text and numbers made what their fields are."""
    simple: dict[Any, Any] = {int: int, str: str, float: float}
    return {name: simple.get(kind.__annotations__[name], _as_is)(value) for name, value in plain.items()}


def _as_is(value: Any) -> Any:
    return value
