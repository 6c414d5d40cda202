"""What a Sigma rule is once it is read: a query in KQL with the words of its author, or a refusal that names its place.

`watchfloor.hunting.sigma.converting.convert` makes them; `batch.matches` runs many of them at once.
"""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """A rule looks at one event; a correlation counts or orders the events that other rules find."""

    RULE = "rule"
    CORRELATION = "correlation"


@dataclass(frozen=True, slots=True)
class Logsource:
    """What the rule reads, in Sigma's words; "" where it does not say."""

    category: str = ""
    product: str = ""
    service: str = ""

    def __str__(self) -> str:
        return " / ".join(filter(None, (self.product, self.service, self.category)))


@dataclass(frozen=True, slots=True)
class SigmaRule:
    """One rule ready to run: `kql` gives its rows from `table` (several tables of a correlation: the first).

    `level` is informational, low, medium, high or critical, "" where the rule does not say; `status` stable, test,
    experimental, deprecated, unsupported or "". `tags` are as written (attack.t1059.001); `techniques` those of ATT&CK among
    them (T1059.001). `entities` are (column, role) of the answer: role is "impacted" or "source". `seconds` is how long before
    now the rows of one answer may lie, 0 for a rule that looks at each event alone.
    """

    id: str
    title: str
    author: str
    description: str
    level: str
    status: str
    tags: tuple[str, ...]
    techniques: tuple[str, ...]
    references: tuple[str, ...]
    logsource: Logsource
    table: str
    kql: str
    kind: Kind = Kind.RULE
    entities: tuple[tuple[str, str], ...] = ()
    place: str = ""
    seconds: int = 0
    false_positives: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """A rule that is not converted: `place` is its file, with the document's number when there are several; `words` say why.

    `field` names the field or modifier it failed at, "" where it is the rule as a whole. `title` and `id` are "" when the
    text is no YAML.
    """

    title: str
    id: str
    place: str
    words: str
    field: str = ""
