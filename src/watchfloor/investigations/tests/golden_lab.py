"""The servers behind the cases with known answers: one directory and one mail server for all, each case in mailboxes of its own.

What a case says lies in real mailboxes and accounts; what people approve is carried out as the worker does; then the servers are
asked how everything stands.
"""

import base64
import json
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from imapclient import IMAPClient
from imapclient.exceptions import LoginError

from labs.dovecot import SHARING, Dovecot, deliver
from labs.openldap import OpenLdap
from watchfloor.access.contracts import Actor, Permission
from watchfloor.connectors.connections import add_connection
from watchfloor.connectors.selectors import mailbox_actions
from watchfloor.identities.models import Account, DirectoryPerson
from watchfloor.intelligence.models import Entry
from watchfloor.investigations import following
from watchfloor.investigations.contracts import RecommendationStatus
from watchfloor.investigations.models import Investigation, TrustPolicy
from watchfloor.investigations.services import approve, reject
from watchfloor.investigations.tests.golden import NOW, OURS, GoldenCase, differences, lay, walk
from watchfloor.response.accounts.engine import work_accounts
from watchfloor.response.accounts.freezing import freeze_accounts
from watchfloor.response.accounts.systems import systems_of
from watchfloor.response.contracts import RUNNING, Row, Targets
from watchfloor.response.engine import work_batch
from watchfloor.response.freezing import freeze
from watchfloor.response.models import Remediation
from watchfloor.response.progress import begin, finish
from watchfloor.response.services import start

PERSON = Actor("person:1", "Max", frozenset(Permission))
FOLDERS = {"Inbox/folder": "INBOX", "Junk folder": "Junk", "Recoverable items folder": "Recoverable"}
SCRIPTS = """
plugin {
  sieve = file:~/sieve;active=~/.dovecot.sieve
}
"""
UNTOUCHED = {"signs_in": True, "session": False, "forwards": False, "rules": False, "delegates": [], "risk": ""}


class Lab:
    """Both servers with everybody of these cases."""

    def __init__(self, ldap: OpenLdap, mail: Dovecot) -> None:
        self.ldap, self.mail = ldap, mail
        self.keys = self._keys()
        self.sessions: dict[str, IMAPClient] = {}
        self.ticks = count(60)

    def clock(self) -> datetime:
        return NOW + timedelta(seconds=next(self.ticks))

    def _keys(self) -> dict[str, str]:
        with self.ldap.administrator() as session:
            session.search(f"ou=people,{self.ldap.suffix}", "(uid=*)", attributes=["mail", "entryUUID"])
            found = [entry["attributes"] for entry in session.response]
        return {one["mail"][0]: _first(one["entryUUID"]) for one in found}

    def connect(self) -> None:
        """Both as connections of the product; needs the database."""
        add_connection(by=PERSON, name="ldap", kind="openldap", settings=self.ldap.settings(act="lock and reset"))
        settings = {
            "host": "127.0.0.1",
            "port": str(self.mail.imap_port),
            "security": "none",
            "master_user": self.mail.master,
            "master_password": self.mail.master_password,
            "doveadm_url": f"http://127.0.0.1:{self.mail.doveadm_port}/doveadm/v1",
            "doveadm_key": self.mail.api_key,
            "delegation": "yes",
            "workers": "4",
        }
        add_connection(by=PERSON, name="mail", kind="dovecot", settings=settings)

    # --- before -------------------------------------------------------------------------------------------------------

    def fill(self, case: GoldenCase) -> None:
        """What the case says lies in the lake, in mailboxes and in accounts."""
        lay(case)
        self._deliver(case)
        for address, said in case.accounts.items():
            self._known(address, said)
            if said.get("script"):
                put = {"user": address, "scriptname": "main", "file": said["script"], "activate": True}
                self.ask([["sievePut", put]])
            for delegate in said.get("delegates", ()):
                with self.mail.admin(address) as box:
                    box.setacl("INBOX", delegate, "lr")
            if said.get("session"):
                self.sessions[address] = self.mail.login(address)
        TrustPolicy.objects.all().delete()
        TrustPolicy.objects.create(pk=1, **case.said.get("policy", {}))
        self._by_hand(case)

    def _deliver(self, case: GoldenCase) -> None:
        there = [one for one in case.copies if one[3] in FOLDERS]
        with self.mail.lmtp() as session:
            for _, message, recipient, _ in there:
                deliver(session, raw_of(message), to=[recipient], mail_from="a@elsewhere.example")
        moved = [
            ["move", {"user": who, "destinationMailbox": FOLDERS[place], "query": _by_id(message)}]
            for _, message, who, place in there
            if FOLDERS[place] != "INBOX"
        ]
        self.ask(moved)

    def _known(self, address: str, said: dict[str, Any]) -> None:
        name, made = address.partition("@")[0], {"source": "ldap", "imported_at": NOW, "tags": said.get("tags", [])}
        person = DirectoryPerson.objects.create(address=address, name=name, groups=[], **made)
        Account.objects.create(
            person=person, source="ldap", key=self.keys[address], provider="OpenLDAP", name=name, upn=address,
            mail=address, dn=self.ldap.dn(name), first_seen_at=NOW, seen_at=NOW,
        )  # fmt: skip

    def _by_hand(self, case: GoldenCase) -> None:
        """What a person did in the action center before."""
        for action, names in case.said.get("by_hand", {}).items():
            aimed = [Row(message, who) for name, message, who, _ in case.copies if _named(name, who, names)]
            one = start(by=PERSON, name="By hand", reason="golden", action=action, targets=Targets(rows=tuple(aimed)))
            self._carried_out(str(one.pk))

    # --- people and the worker ----------------------------------------------------------------------------------------

    def decided(self, case: GoldenCase, found: Investigation) -> None:
        """Everything that waits is approved (but `rejects`) and carried out, as is what was done by itself."""
        for one in found.recommendations.filter(status=RecommendationStatus.PENDING.value):
            refused = one.wished.action in case.said.get("rejects", ())
            (reject if refused else approve)(by=PERSON, recommendation=one.pk, reason="golden", at=self.clock())
        for one in found.recommendations.exclude(remediation_id=""):
            self._carried_out(one.remediation_id)
        following.follow(now=self.clock())
        found.refresh_from_db()

    def _carried_out(self, pk: str) -> None:
        remediation = begin(Remediation.objects.get(pk=pk).pk, now=self.clock())
        if remediation.status not in RUNNING:
            return
        if remediation.on_accounts:
            freeze_accounts(remediation, systems=systems_of(remediation), now=self.clock())
            while work_accounts(remediation, systems=systems_of(remediation), clock=self.clock):
                pass
        else:
            freeze(remediation, now=self.clock())
            while work_batch(remediation, mailboxes=mailbox_actions(), clock=self.clock):
                pass
        finish(remediation.pk, now=self.clock())

    # --- after --------------------------------------------------------------------------------------------------------

    def wrong(self, case: GoldenCase, found: Investigation) -> list[str]:
        """Where the servers stand other than the case says; what it does not name must stand as before."""
        after = case.said.get("after", {})
        wrong = [
            *self._wrong_mails(case, after.get("gone", ())),
            *self._wrong_accounts(case, after.get("accounts", {})),
        ]
        if found.status != after.get("status", case.said["status"]):
            wrong.append(f"ends {found.status}, not {after.get('status', case.said['status'])}")
        entries = Entry.objects.filter(note__startswith=f"Investigation {found.pk}:")
        blocked = sorted(entries.values_list("value", flat=True))
        if blocked != sorted(after.get("blocked", ())):
            wrong.append(f"blocks {blocked}, not {after.get('blocked', [])}")
        failed = found.recommendations.filter(status=RecommendationStatus.FAILED.value)
        return wrong + [f"{one.title} failed: {one.result}" for one in failed]

    def _wrong_mails(self, case: GoldenCase, gone: Sequence[str]) -> Iterator[str]:
        ours = [one for one in case.copies if one[2].endswith(OURS)]
        lying = self.lying(sorted({recipient for _, _, recipient, _ in ours}))
        for name, message, recipient, place in ours:
            removed = _named(name, recipient, gone)
            wanted = "Recoverable" if removed and place in FOLDERS else FOLDERS.get(place, "")
            if (got := lying.get((recipient, message), "")) != wanted:
                yield f"{name} lies in “{got}” of {recipient}, not in “{wanted}”"

    def lying(self, people: Sequence[str]) -> dict[tuple[str, str], str]:
        """(mailbox, NetworkMessageId) -> folder, of every mail in these mailboxes."""
        fields = ["user", "mailbox", "hdr.message-id"]
        answers = self.ask([["fetch", {"user": one, "field": fields, "query": ["ALL"]}] for one in people])
        rows = [row for answer in answers for row in answer]
        return {(row["user"], row["hdr.message-id"].strip("<>").partition("@")[0]): row["mailbox"] for row in rows}

    def _wrong_accounts(self, case: GoldenCase, after: dict[str, dict[str, Any]]) -> Iterator[str]:
        for address, said in case.accounts.items():
            script = said.get("script", "")
            before = {
                **UNTOUCHED,
                "session": bool(said.get("session")),
                "forwards": "redirect" in script,
                "rules": "discard" in script or "fileinto" in script,
                "delegates": sorted(said.get("delegates", ())),
            }
            wanted, got = {**before, **after.get(address, {})}, self.standing(address)
            for name in [name for name in wanted if wanted[name] != got[name]]:
                yield f"{name} of {address} is {got[name]}, not {wanted[name]}"

    def standing(self, address: str) -> dict[str, Any]:
        """How an account stands, as its servers say."""
        script = self._script(address)
        with self.mail.admin(address) as box:
            named = [who.decode() if isinstance(who, bytes) else who for who, _ in box.getacl("INBOX")]
        risk = DirectoryPerson.objects.select_related("risk").get(address=address)
        return {
            "signs_in": self._signs_in(address),
            "session": address in self.sessions and _is_open(self.sessions[address]),
            "forwards": "redirect" in script,
            "rules": "discard" in script or "fileinto" in script,
            "delegates": sorted(one for one in named if "@" in one and one != address),
            "risk": risk.risk.state if hasattr(risk, "risk") else "",
        }

    def _script(self, address: str) -> str:
        [scripts] = self.ask([["sieveList", {"user": address}]])
        active = next((one["script"] for one in scripts if one["active"]), "")
        if not active:
            return ""
        [[text]] = self.ask([["sieveGet", {"user": address, "scriptname": active}]])
        return str(text["sieve script"])

    def _signs_in(self, address: str) -> bool:
        try:
            self.mail.login(address).logout()
        except LoginError:
            return False
        return True

    def ask(self, commands: Sequence[list[Any]]) -> list[list[dict[str, Any]]]:
        """Commands of doveadm in one request, and the answer to each."""
        if not commands:
            return []
        body = json.dumps([[*one, str(number)] for number, one in enumerate(commands)]).encode()
        key = base64.b64encode(self.mail.api_key.encode()).decode()
        url = f"http://127.0.0.1:{self.mail.doveadm_port}/doveadm/v1"
        headers = {"Authorization": f"X-Dovecot-API {key}", "Content-Type": "application/json"}
        with urllib.request.urlopen(urllib.request.Request(url, body, headers)) as answer:
            said = json.loads(answer.read())
        refused = [commands[int(one[2])] for one in said if one[0] != "doveadmResponse"]
        assert not refused, refused[:3]
        return [one[1] for one in said]


@contextmanager
def lab(cases: Sequence[GoldenCase]) -> Iterator[Lab]:
    """Both servers, started once for all these cases."""
    mailboxes = {recipient for case in cases for _, _, recipient, _ in case.copies if recipient.endswith(OURS)}
    accounts = {address for case in cases for address in case.accounts}
    with OpenLdap(people=sorted(one.partition("@")[0] for one in accounts)) as ldap:
        checked = {"ldap": f"ldap://127.0.0.1:{ldap.port}", "ldap_base": ldap.suffix}
        bound = (ldap.service, ldap.service_password)
        with Dovecot(users=sorted(mailboxes | accounts), ldap_user=bound, more=SCRIPTS + SHARING, **checked) as mail:
            one = Lab(ldap, mail)
            try:
                yield one
            finally:
                for session in one.sessions.values():
                    session.shutdown()


def held(case: GoldenCase, servers: Lab) -> list[str]:
    """The whole case: before, investigated, decided, carried out; what came out other than it says."""
    servers.fill(case)
    found = walk(case)
    wrong = differences(case, found)
    servers.decided(case, found)
    return wrong + servers.wrong(case, found)


def raw_of(message: str) -> bytes:
    """A mail as it lies in a mailbox."""
    return (
        f"Message-ID: <{message}@elsewhere.example>\r\nFrom: a@elsewhere.example\r\nTo: us@corp.example\r\n"
        "Subject: golden\r\n\r\nText.\r\n"
    ).encode()


def _named(name: str, recipient: str, names: Sequence[str]) -> bool:
    """Whether a file's list names this copy: by its mail, or as mail@local-part."""
    return name in names or f"{name}@{recipient.partition('.')[0]}" in names


def _by_id(message: str) -> list[str]:
    return ["mailbox", "INBOX", "header", "Message-ID", f"<{message}@elsewhere.example>"]


def _first(value: Any) -> str:
    return str(value if isinstance(value, str) else value[0])


def _is_open(session: IMAPClient) -> bool:
    try:
        session.noop()
    except (OSError, IMAPClient.AbortError):
        return False
    return True
