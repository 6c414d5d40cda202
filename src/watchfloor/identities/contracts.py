"""A person as the organisation's directory knows them."""

from dataclasses import dataclass

PRIORITY = "Priority account"


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """One person whose mail is watched. `address` is lower-case and unique; `manager` is the manager's address, empty when unknown."""

    address: str
    name: str
    department: str = ""
    title: str = ""
    manager: str = ""
    groups: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    @property
    def priority(self) -> bool:
        """Whether the organisation marked this person as a priority account."""
        return PRIORITY in self.tags


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """What an import did, in numbers of people."""

    added: int
    changed: int
    unchanged: int

    @property
    def sentence(self) -> str:
        return f"{self.added} added, {self.changed} changed, {self.unchanged} as before"
