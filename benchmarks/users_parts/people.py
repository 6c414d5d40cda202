"""An organisation of any size, straight into the tables: for timing what reads people, without timing how they come in."""

from datetime import UTC, datetime, timedelta
from random import Random

from watchfloor.connectors.contracts import Account as Said
from watchfloor.identities.finding import leading_key
from watchfloor.identities.models import Account, AccountAlias, DirectoryPerson, Group, Membership, PersonRisk
from watchfloor.identities.naming import aliases_of

SOURCE = "corp"
PROVIDER = "ActiveDirectory"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DEPARTMENTS = ("Finance", "Sales", "IT", "Legal", "Production", "Research", "Human Resources", "Support")
TITLES = ("Clerk", "Manager", "Engineer", "Director", "Assistant", "Analyst")
COMPANIES = ("Corp", "Corp Services", "Corp Labs")
FIRST = ("Ann", "Bo", "Cai", "Dana", "Eli", "Fay", "Gus", "Hana", "Ivo", "Jun", "Kay", "Lea", "Mio", "Nia", "Oz", "Pia")
LAST = ("Lee", "Diaz", "Kim", "Novak", "Berg", "Rossi", "Silva", "Haas", "Moreau", "Sato", "Okafor", "Lind", "Weiss")
PEOPLE_PER_GROUP = 50
BATCH = 2000


def said_of(number: int, *, seed: int = 1) -> Said:
    """What a directory would say of person `number`; the same for the same number and seed."""
    chance = Random(seed * 1_000_003 + number)
    first, last = chance.choice(FIRST), chance.choice(LAST)
    address = f"p{number}@corp.example"
    return Said(
        key=f"00000000-0000-4000-8000-{number:012d}",
        provider=PROVIDER,
        name=f"p{number}",
        upn=address,
        mail=address,
        display_name=f"{first} {last} {number}",
        given_name=first,
        surname=last,
        department=chance.choice(DEPARTMENTS),
        title=chance.choice(TITLES),
        company=chance.choice(COMPANIES),
        employee_id=f"E{number:06d}",
        manager=f"cn=p{number // 8},ou=people,dc=corp,dc=example" if number else "",
        dn=f"CN=p{number},OU=People,DC=corp,DC=example",
        sid=f"S-1-5-21-1-2-3-{1000 + number}",
        domain="corp.example",
        enabled=chance.random() > 0.03,
        roles=("Global Administrator",) if number % 1000 == 7 else (),
        created_at=NOW - timedelta(days=chance.randrange(1, 3000)),
        last_sign_in_at=NOW - timedelta(hours=chance.randrange(1, 2000)),
        password_set_at=NOW - timedelta(days=chance.randrange(1, 400)),
    )


def build_people(n: int, *, seed: int = 1, risks: bool = True) -> list[int]:
    """Write `n` people with an account each, a group for every fifty, and a risk for one in ten; their numbers, in order.

    Addresses are p0@corp.example to p<n-1>; p<k // 8> manages p<k>. The tables should be empty.
    """
    said = [said_of(number, seed=seed) for number in range(n)]
    people = DirectoryPerson.objects.bulk_create([_person(one, number) for number, one in enumerate(said)], BATCH)
    accounts = Account.objects.bulk_create([_account(one, who) for one, who in zip(said, people, strict=True)], BATCH)
    AccountAlias.objects.bulk_create(
        (
            AccountAlias(account=account, kind=kind, value=value)
            for one, account in zip(said, accounts, strict=True)
            for kind, value in sorted(aliases_of(one, ["corp.example"]))
        ),
        BATCH,
    )
    _groups(accounts)
    if risks:
        _risks(people, seed)
    return [who.pk for who in people]


def _person(said: Said, number: int) -> DirectoryPerson:
    return DirectoryPerson(
        address=said.mail,
        name=said.display_name,
        given_name=said.given_name,
        surname=said.surname,
        department=said.department,
        title=said.title,
        company=said.company,
        employee_id=said.employee_id,
        manager=f"p{number // 8}@corp.example" if number else "",
        source=SOURCE,
        imported_at=NOW,
        created_at=said.created_at,
        first_seen_at=said.created_at,
        last_seen_at=said.last_sign_in_at,
        status="active" if said.enabled else "suspended",
        privileged=bool(said.roles),
        domain="corp.example",
        leading=f"{PROVIDER} {SOURCE} {said.key}",
        groups=[f"Team {number // PEOPLE_PER_GROUP}"],
    )


def _account(said: Said, who: DirectoryPerson) -> Account:
    row = Account(
        person=who,
        source=SOURCE,
        key=said.key,
        provider=PROVIDER,
        name=said.name,
        upn=said.upn,
        mail=said.mail,
        dn=said.dn,
        sid=said.sid,
        display_name=said.display_name,
        manager_key=said.manager.lower(),
        enabled=said.enabled,
        roles=list(said.roles),
        facts=said.as_json(),
        joined={"by": "first", "value": said.mail, "words": "The first account that was seen of this person"},
        created_at=said.created_at,
        last_sign_in_at=said.last_sign_in_at,
        password_set_at=said.password_set_at,
        first_seen_at=NOW,
        seen_at=NOW,
    )
    assert who.leading == leading_key(row)
    return row


def _groups(accounts: list[Account]) -> None:
    teams = Group.objects.bulk_create(
        [
            Group(source=SOURCE, key=f"team-{number}", name=f"Team {number}", dn=f"CN=Team {number}", seen_at=NOW)
            for number in range(-(-len(accounts) // PEOPLE_PER_GROUP))
        ],
        BATCH,
    )
    all_hands = Group.objects.create(source=SOURCE, key="all", name="Everyone", seen_at=NOW)
    admins = Group.objects.create(
        source=SOURCE, key="admins", name="Domain Admins", sensitive=True, why_sensitive="RID 512", seen_at=NOW
    )
    members = [Membership(group=teams[at // PEOPLE_PER_GROUP], account=one) for at, one in enumerate(accounts)]
    members += [Membership(group=all_hands, member_group=team) for team in teams]
    members += [Membership(group=admins, account=one) for at, one in enumerate(accounts) if at % 1000 == 7]
    Membership.objects.bulk_create(members, BATCH)


def _risks(people: list[DirectoryPerson], seed: int) -> None:
    chance = Random(seed)
    scores = sorted((round(chance.expovariate(1 / 20), 1) for _ in people[::10]), reverse=True)
    PersonRisk.objects.bulk_create(
        (
            PersonRisk(
                person=who,
                score=score,
                percentile=100 - 100 * at / len(scores),
                level="high" if score > 60 else "medium" if score > 30 else "low",
                state="atRisk",
                scored_at=NOW,
            )
            for at, (who, score) in enumerate(zip(people[::10], scores, strict=True))
        ),
        BATCH,
    )
