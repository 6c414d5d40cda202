"""The directory of the sample organisation: accounts, groups and files, in the shapes in which a connected directory tells them."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from watchfloor.connectors.contracts import Account, AccountFlag, DirectoryGroup, OwnedFile, Share
from watchfloor.demo.organisation import Employee, Organisation

BASE = "dc=haldenwirth,dc=example"
DOMAIN_SID = "S-1-5-21-1004336348-1177238915-682003330"
PROVIDER = "ActiveDirectory"
CLOUD = "EntraID"
FIRST_RID = 1101
DEPARTED = "Ruben Castell"
BACKUP = "svc-backup"
FILES_EACH = 9


def key_of(number: int) -> str:
    """The object id of the person with that number; the same in every build."""
    return f"00000000-0000-4000-8000-{number:012d}"


def cloud_key_of(number: int) -> str:
    """The person's object id in Entra ID."""
    return f"10000000-0000-4000-8000-{number:012d}"


def login_of(person: Employee) -> str:
    """As elif.grau."""
    return person.address.partition("@")[0]


def accounts_on_premises(organisation: Organisation, *, end: datetime, seed: int) -> Iterator[Account]:
    """Everybody's account in Active Directory, one of somebody who left, and one of a service."""
    dice = random.Random(f"{seed}/accounts")
    known = {person.address: number for number, person in enumerate(organisation.employees)}
    for number, person in enumerate(organisation.employees):
        yield Account(
            key=key_of(number),
            provider=PROVIDER,
            name=login_of(person),
            upn=person.address,
            mail=person.address,
            display_name=person.name,
            given_name=person.first,
            surname=person.name.split()[-1],
            department=person.department,
            title=person.title,
            company=organisation.company,
            employee_id=f"HW{1000 + number}",
            phone=f"+49 30 5550 {100 + number}",
            office="Hall 2" if person.department == "Production" else "Berlin",
            city="Berlin",
            country="DE",
            manager=key_of(known[person.manager]) if person.manager in known else "",
            dn=f"CN={person.name},OU={person.department},{BASE}",
            sid=f"{DOMAIN_SID}-{FIRST_RID + number}",
            domain="HALDENWIRTH",
            flags=_flags(number),
            created_at=end - timedelta(days=9 if number == 31 else dice.randrange(200, 3000)),
            last_sign_in_at=end - timedelta(hours=dice.randrange(1, 60)),
            password_set_at=end - timedelta(days=dice.randrange(3, 170)),
        )
    yield Account(
        key=key_of(900), provider=PROVIDER, name="ruben.castell", upn=f"ruben.castell@{organisation.domain}",
        mail=f"ruben.castell@{organisation.domain}", display_name=DEPARTED, department="Sales", title="Account Manager",
        company=organisation.company, dn=f"CN={DEPARTED},OU=Leavers,{BASE}", sid=f"{DOMAIN_SID}-1900", domain="HALDENWIRTH",
        enabled=False, created_at=end - timedelta(days=1400), last_sign_in_at=end - timedelta(days=48),
    )  # fmt: skip
    yield Account(
        key=key_of(901), provider=PROVIDER, name=BACKUP, upn=f"{BACKUP}@{organisation.domain}", display_name="Backup service",
        company=organisation.company, dn=f"CN={BACKUP},OU=Services,{BASE}", sid=f"{DOMAIN_SID}-1901", domain="HALDENWIRTH",
        service=True, flags=(AccountFlag.PASSWORD_NEVER_EXPIRES.value, AccountFlag.TRUSTED_FOR_DELEGATION.value),
        created_at=end - timedelta(days=2200), password_set_at=end - timedelta(days=1900),
    )  # fmt: skip


def _flags(number: int) -> tuple[str, ...]:
    """A few of the faults that every directory has."""
    faults = {
        3: (AccountFlag.PASSWORD_NEVER_EXPIRES,),
        17: (AccountFlag.LOCKED,),
        26: (AccountFlag.PASSWORD_EXPIRED, AccountFlag.MUST_CHANGE_PASSWORD),
        41: (AccountFlag.NO_PREAUTHENTICATION,),
    }
    return tuple(flag.value for flag in faults.get(number, ()))


def accounts_in_the_cloud(organisation: Organisation, *, end: datetime) -> Iterator[Account]:
    """Everybody's account in Entra ID, synchronised from Active Directory."""
    for number, person in enumerate(organisation.employees):
        yield Account(
            key=cloud_key_of(number),
            provider=CLOUD,
            name=login_of(person),
            upn=person.address,
            mail=person.address,
            display_name=person.name,
            department=person.department,
            title=person.title,
            sid=f"{DOMAIN_SID}-{FIRST_RID + number}",
            roles=("Global Administrator",) if person.title == "Head of IT" else (),
            created_at=end - timedelta(days=900),
        )


def groups_of(organisation: Organisation, *, end: datetime) -> Iterator[DirectoryGroup]:
    """One group a department, all of them in Staff; administrators nested as they grow over the years."""
    number_of = {person.address: number for number, person in enumerate(organisation.employees)}
    made = end - timedelta(days=2400)
    for place, (name, people) in enumerate(organisation.by_department.items()):
        members = tuple(key_of(number_of[person.address]) for person in people)
        yield _group(f"department-{place}", name, f"Everybody in {name}", members, made)
    departments = tuple(f"department-{place}" for place in range(len(organisation.by_department)))
    yield _group("staff", "Staff", "Everybody who works here", departments, made)
    technicians = organisation.by_department["IT"]
    helpdesk = tuple(key_of(number_of[person.address]) for person in technicians[1:])
    yield _group("helpdesk", "Help desk", "May reset passwords", helpdesk, made)
    yield _group(
        "server-operators",
        "Server Operators",
        "Run the servers",
        ("helpdesk",),
        made,
        why="may sign in to every server",
    )
    head = (key_of(number_of[technicians[0].address]), "server-operators", key_of(901))
    yield _group(
        "domain-admins", "Domain Admins", "Rule the domain", head, made, why="rules over every account of the domain"
    )


def _group(
    key: str, name: str, description: str, members: tuple[str, ...], made: datetime, *, why: str = ""
) -> DirectoryGroup:
    return DirectoryGroup(
        key=key, name=name, description=description, dn=f"CN={name},OU=Groups,{BASE}", members=members, created_at=made,
        sensitive=bool(why), why_sensitive=why,
    )  # fmt: skip


def files_of(organisation: Organisation, *, end: datetime, seed: int) -> Iterator[OwnedFile]:
    """Folders and documents of the department shares, some shared more widely than is good."""
    dice = random.Random(f"{seed}/files")
    for number, person in enumerate(organisation.employees):
        near = [other for other in organisation.by_department[person.department] if other != person]
        for turn in range(dice.randrange(3, FILES_EACH)):
            name = f"{dice.choice(_TOPICS)} {end.year - turn % 3}.{dice.choice(('xlsx', 'docx', 'pdf', 'pptx'))}"
            yield OwnedFile(
                key=f"file-{number}-{turn}",
                provider="SharePoint",
                name=name,
                path=f"/sites/{person.department.lower()}/{name}",
                owner=person.address,
                url=f"https://files.{organisation.domain}/sites/{person.department.lower()}/{number}-{turn}",
                size=dice.randrange(8_000, 9_000_000),
                label="Confidential" if turn == 2 and person.department in {"Finance", "Management", "People"} else "",
                created_at=end - timedelta(days=dice.randrange(40, 900)),
                changed_at=end - timedelta(days=dice.randrange(0, 40), minutes=dice.randrange(1, 600)),
                changed_by=person.address,
                shares=tuple(_shares(dice, near, organisation)),
            )


_TOPICS = (
    *("Price list", "Budget", "Travel plan", "Test protocol", "Salary bands", "Supplier audit", "Drawing index"),
    *("Order forecast", "Minutes", "Warranty cases", "Tender", "Training plan", "Spare parts"),
)


def _shares(dice: random.Random, near: list[Employee], organisation: Organisation) -> Iterator[Share]:
    for other in dice.sample(near, min(len(near), dice.randrange(0, 4))):
        yield Share(other.address, dice.choice(("read", "read", "write")))
    if dice.random() < 0.06:
        yield Share("anyone", link=True)
    if dice.random() < 0.08:
        partner = dice.choice([one for one in organisation.outsiders if one.kind == "partner"])
        yield Share(partner.address, "write")
    if dice.random() < 0.1:
        yield Share("organisation", "read")
