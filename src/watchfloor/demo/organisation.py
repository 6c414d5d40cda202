"""The people of the sample organisation, made from content/demo/organisation.yaml and a seed."""

import random
from dataclasses import dataclass, field
from typing import Any

import yaml

from watchfloor.kernel.content import content_folder


@dataclass(frozen=True, slots=True)
class Employee:
    """Somebody whose mailbox is watched."""

    name: str
    address: str
    department: str
    title: str
    manager: str = ""
    tags: tuple[str, ...] = ()

    @property
    def first(self) -> str:
        return self.name.split()[0]


@dataclass(frozen=True, slots=True)
class Outsider:
    """Somebody who writes from outside: a partner's contact or an automatic sender. `kind` is partner, newsletter, notification."""

    name: str
    address: str
    company: str
    ip: str
    kind: str = "partner"

    @property
    def first(self) -> str:
        return self.name.split()[0]

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class Organisation:
    """The whole cast. `employees` come department by department, each department's head first."""

    company: str
    domain: str
    mail_host: str
    internal_ip: str
    employees: tuple[Employee, ...] = ()
    outsiders: tuple[Outsider, ...] = ()
    by_department: dict[str, tuple[Employee, ...]] = field(default_factory=dict)


def found_organisation(seed: int) -> Organisation:
    """Read the YAML and draw the names; the same seed gives the same people."""
    raw: dict[str, Any] = yaml.safe_load((content_folder("demo") / "organisation.yaml").read_text())
    dice = random.Random(seed)
    names = [f"{first} {last}" for first in raw["first_names"] for last in raw["last_names"]]
    chosen = iter(dice.sample(names, sum(part["size"] for part in raw["departments"])))
    by_department = {part["name"]: _department(part, chosen, raw["domain"]) for part in raw["departments"]}
    director = next(iter(by_department.values()))[0].address
    employees = tuple(
        Employee(
            p.name, p.address, p.department, p.title, p.manager or (director if p.address != director else ""), p.tags
        )
        for people in by_department.values()
        for p in people
    )
    return Organisation(
        company=raw["company"],
        domain=raw["domain"],
        mail_host=raw["mail_host"],
        internal_ip=raw["internal_ip"],
        employees=employees,
        outsiders=_outsiders(raw),
        by_department={name: tuple(p for p in employees if p.department == name) for name in by_department},
    )


def _department(part: dict[str, Any], names: Any, domain: str) -> list[Employee]:
    head = ""
    people = []
    for number in range(part["size"]):
        name = next(names)
        address = f"{name.lower().replace(' ', '.')}@{domain}"
        title = (
            part["titles"][min(number, len(part["titles"]) - 1)] if number < len(part["titles"]) else part["titles"][-1]
        )
        people.append(Employee(name, address, part["name"], title, head, tuple(part.get("tags", ()))))
        head = head or address
    return people


def _outsiders(raw: dict[str, Any]) -> tuple[Outsider, ...]:
    partners = [
        Outsider(contact, f"{contact.lower().replace(' ', '.')}@{partner['domain']}", partner["name"], partner["ip"])
        for partner in raw["partners"]
        for contact in partner["contacts"]
    ]
    machines = [Outsider(s["name"], s["address"], s["name"], s["ip"], s["kind"]) for s in raw["senders"]]
    return tuple(partners + machines)
