"""Seconds from “Start” to a person being out: locked at a real slapd, live IMAP session ended, both seen at the source.

The whole way of the product: the verb with its audit entries, the durable job, the ledger written ahead of each change.
"""

import statistics
import time
from datetime import UTC, datetime

from imapclient.exceptions import LoginError

from benchmarks.workplace import say
from labs.dovecot import Dovecot
from labs.openldap import OpenLdap
from watchfloor.access.contracts import Actor, Permission
from watchfloor.connectors.services import add_connection
from watchfloor.identities.models import Account, DirectoryPerson
from watchfloor.response.contracts import People
from watchfloor.response.models import Remediation
from watchfloor.response.services import start
from watchfloor.runtime.jobs import launch_jobs, stop_jobs

BENCH = Actor("system:benchmark", "benchmark", frozenset(Permission))
ENDED = ("Completed", "Failed")


def suspend_figures(people_out: int = 7) -> dict[str, float]:
    """The median of `people_out` people locked out one after the other, each with a session open. Django must be set up and migrated."""
    import watchfloor.response.jobs  # noqa: F401  # the workflow must be known before the engine starts

    uids = [f"locked{number}" for number in range(people_out)]
    addresses = [f"{uid}@corp.example" for uid in uids]
    with OpenLdap(people=uids) as ldap, _mail_server(ldap, addresses) as mail:
        people = _connected(ldap, mail, uids)
        launch_jobs()
        try:
            times = [_locked_out(mail, person, address) for person, address in zip(people, addresses, strict=True)]
        finally:
            stop_jobs()
    say(f"suspend: {', '.join(f'{one:.2f}' for one in sorted(times))} s")
    return {"suspend_kick_s": round(statistics.median(times), 3)}


def _mail_server(ldap: OpenLdap, addresses: list[str]) -> Dovecot:
    return Dovecot(
        users=addresses,
        ldap=f"ldap://127.0.0.1:{ldap.port}",
        ldap_base=ldap.suffix,
        ldap_user=(ldap.service, ldap.service_password),
    )


def _connected(ldap: OpenLdap, mail: Dovecot, uids: list[str]) -> list[int]:
    """Both servers as connections, the people as the directory names them; their numbers."""
    add_connection(by=BENCH, name="bench-ldap", kind="openldap", settings=ldap.settings())
    settings = {
        "host": "127.0.0.1",
        "port": str(mail.imap_port),
        "security": "none",
        "master_user": mail.master,
        "master_password": mail.master_password,
        "doveadm_url": f"http://127.0.0.1:{mail.doveadm_port}/doveadm/v1",
        "doveadm_key": mail.api_key,
    }
    add_connection(by=BENCH, name="bench-mail", kind="dovecot", settings=settings)
    with ldap.administrator() as session:
        session.search(f"ou=people,{ldap.suffix}", "(uid=*)", attributes=["uid", "entryUUID"])
        found = {str(_one(entry["attributes"]["uid"])): entry["attributes"]["entryUUID"] for entry in session.response}
    return [_person(uid, str(_one(found[uid]))) for uid in uids]


def _one(value: object) -> object:
    return value[0] if isinstance(value, list) else value


def _person(uid: str, key: str) -> int:
    now, address = datetime.now(UTC), f"{uid}@corp.example"
    person = DirectoryPerson.objects.create(address=address, name=uid, source="bench-ldap", imported_at=now)
    Account.objects.create(
        person=person, source="bench-ldap", key=key, provider="OpenLDAP", name=uid, upn=address, mail=address,
        first_seen_at=now, seen_at=now,
    )  # fmt: skip
    return int(person.pk)


def _locked_out(mail: Dovecot, person: int, address: str) -> float:
    """Seconds until the ledger says that the lock and the kick were seen; then it is looked whether that is true."""
    session = mail.login(address)
    began = time.perf_counter()
    one = start(by=BENCH, name="Lock out", reason="benchmark", action="suspend", targets=People((person,)))
    while Remediation.objects.values_list("status", flat=True).get(pk=one.pk) not in ENDED:
        time.sleep(0.005)
    took = time.perf_counter() - began
    lines = list(one.account_lines.values_list("status", "verified"))
    assert lines == [("changed", True)] * 2, lines
    try:
        session.noop()
    except (OSError, session.AbortError):
        pass
    else:
        raise AssertionError(f"the session of {address} is still open")
    try:
        mail.login(address)
    except LoginError:
        return took
    raise AssertionError(f"{address} could sign in again")
