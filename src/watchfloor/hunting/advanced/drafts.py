"""A query as it is about to be kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from watchfloor.kernel.errors import BadInput

LONGEST = 64_000
"""Characters of one query."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a person wrote into the form, or a file of rules held."""

    name: str
    text: str
    folder: str = ""
    description: str = ""
    shared: bool = False
    severity: str = ""
    tactics: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
    entities: tuple[Mapping[str, Any], ...] = ()
    source: str = ""

    def fields(self) -> dict[str, Any]:
        """The columns of the model, checked. Raises BadInput."""
        name = " ".join(self.name.split())[:200]
        if not name:
            raise BadInput("give the query a name", place="name")
        if not self.text.strip():
            raise BadInput("write a query first", place="query")
        if len(self.text) > LONGEST:
            raise BadInput(f"a query has at most {LONGEST:,} characters", place="query")
        folder = "/".join(part.strip() for part in self.folder.split("/") if part.strip())[:200]
        return {
            "name": name,
            "text": self.text,
            "folder": folder,
            "description": self.description.strip(),
            "shared": self.shared,
            "severity": self.severity,
            "tactics": list(self.tactics),
            "techniques": list(self.techniques),
            "entities": [dict(one) for one in self.entities],
            "source": self.source[:400],
        }
