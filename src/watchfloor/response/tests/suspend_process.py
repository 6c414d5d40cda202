"""The other processes of test_kill_accounts: one connects the servers and suspends, one prints how it ended. Not a test."""

import json
import os
import sys
from datetime import UTC, datetime

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "watchfloor.config.settings")


def begin(ldap: dict[str, str], mail: dict[str, str], keys: dict[str, str]) -> None:
    """Everything a person does before the worker: connect, know the people, suspend them all."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from watchfloor.access.contracts import Actor, Permission
    from watchfloor.connectors.connections import add_connection
    from watchfloor.identities.models import Account, DirectoryPerson
    from watchfloor.response.contracts import People
    from watchfloor.response.services import change_policy, start

    by = Actor("person:1", "Max", frozenset(Permission))
    add_connection(by=by, name="corp-ldap", kind="openldap", settings=ldap)
    add_connection(by=by, name="mail", kind="dovecot", settings=mail)
    now, pks = datetime.now(UTC), []
    for uid, key in keys.items():
        address = f"{uid}@corp.example"
        person = DirectoryPerson.objects.create(address=address, name=uid, source="corp-ldap", imported_at=now)
        Account.objects.create(
            person=person, source="corp-ldap", key=key, provider="OpenLDAP", name=uid, upn=address, mail=address,
            first_seen_at=now, seen_at=now,
        )  # fmt: skip
        pks.append(person.pk)
    change_policy(by=by, second_person_over_people=0)
    start(by=by, name="Lock out", reason="kill -9", action="suspend", targets=People(tuple(pks)))


def undo() -> None:
    """Put everything back."""
    from watchfloor.access.contracts import Actor, Permission
    from watchfloor.response.models import Remediation
    from watchfloor.response.services import undo

    by = Actor("person:1", "Max", frozenset(Permission))
    undo(by=by, remediation_id=Remediation.objects.get(undo_of=None).pk, reason="it was a drill")


def tell() -> None:
    """The ledgers, as JSON."""
    from watchfloor.response.models import Remediation

    told = []
    for one in Remediation.objects.order_by("created_at"):
        lines = one.account_lines.values_list("owner_name", "system", "verb", "status", "verified", "why")
        counts = {status.value: number for status, number in one.counts}
        before = list(one.account_lines.filter(verb="suspend").values_list("before", flat=True))
        told.append({"status": one.status, "counts": counts, "lines": list(lines), "before": before, "why": one.why})
    print(json.dumps(told))


if __name__ == "__main__":
    import django

    django.setup()
    if sys.argv[1] == "begin":
        begin(*map(json.loads, sys.argv[2:5]))
    else:
        {"undo": undo, "tell": tell}[sys.argv[1]]()
