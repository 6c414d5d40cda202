"""Who else may open a mailbox's folders: the access lists of IMAP (RFC 4314), read, taken away and given back as master user.

Only lists that people set by IMAP are touched. What the administrator wrote into Dovecot's global list is marked “#” there and stays,
as do rights taken away (“-”) and those of the mailbox's owner.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from watchfloor.connectors.contracts import AccountOutcome
from watchfloor.connectors.folders import FolderNames
from watchfloor.connectors.protocols.imap_mailbox import Mailbox
from watchfloor.connectors.protocols.imap_wire import Answer, Endpoint, Refused, Session, folder_name, quoted

GLOBAL, NEGATIVE = "#", "-"
EVERYBODY = {"anyone": "everybody", "authenticated": "everybody who can sign in"}
MAY = (("a", "administrate"), ("te", "delete from"), ("ip", "write to"), ("sw", "mark mail in"), ("r", "read"))
FOLDERS_AT_ONCE = 50
NO_LISTS = (
    "this server has no access lists for its mailboxes (the plugins acl and imap_acl), so nobody is let in by them"
)


@dataclass(frozen=True, slots=True)
class Grant:
    """What `whom` may do in a folder; `rights` as RFC 4314 writes them, letter by letter."""

    folder: str
    whom: str
    rights: str

    @property
    def sentence(self) -> str:
        whom = EVERYBODY.get(self.whom, f"the group {self.whom[1:]}" if self.whom.startswith("$") else self.whom)
        may = [words for letters, words in MAY if set(letters) & set(self.rights)]
        return f"{whom} may {' and '.join(may[-2:] if 'a' not in self.rights else may[:1]) or 'see'} “{self.folder}”"


@dataclass(frozen=True, slots=True)
class Delegations:
    """The access lists of one server's mailboxes; `sign_in` opens one as master user."""

    endpoint: Endpoint
    sign_in: Callable[[str], bytes]
    names: FolderNames
    master: str = ""

    def told(self, user: str) -> tuple[str, ...] | None:
        """A sentence for each grant; None where the server has no lists, or keeps us out."""
        try:
            with self._open(user) as box:
                return tuple(one.sentence for one in self._grants(box, user)) if box.can("ACL") else None
        except Refused:
            return None

    def before(self, user: str) -> Mapping[str, Any]:
        """What giving them back needs. Raises Refused where the server keeps us out."""
        with self._open(user) as box:
            found = self._grants(box, user) if box.can("ACL") else []
            return {"grants": [[one.folder, one.whom, one.rights] for one in found]}

    def stop(self, user: str, before: Mapping[str, Any]) -> AccountOutcome:
        """Take every grant away, and look again."""
        with self._open(user) as box:
            if not box.can("ACL"):
                return AccountOutcome("already", before, verified=True, words=(NO_LISTS,))
            found = self._grants(box, user)
            if not found:
                return AccountOutcome("already", before, verified=True, words=("nobody else is let in",))
            taken = _asked(box, [_command(b"DELETEACL", one) for one in found])
            left = self._grants(box, user)
        return _outcome(before, tuple(f"no longer: {one.sentence}" for one in found if one not in left), left, taken)

    def restore(self, user: str, before: Mapping[str, Any]) -> AccountOutcome:
        """Give back what stands in `before`."""
        wanted = [Grant(*map(str, one)) for one in before.get("grants", ())]
        with self._open(user) as box:
            missing = [one for one in wanted if one not in self._grants(box, user)]
            if not missing:
                return AccountOutcome("already", before, verified=True)
            taken = _asked(box, [_command(b"SETACL", one) + b" " + quoted(one.rights) for one in missing])
            now = self._grants(box, user)
        left = [one for one in missing if one not in now]
        return _outcome(before, tuple(one.sentence for one in missing if one in now), left, taken)

    @contextmanager
    def _open(self, user: str) -> Iterator[Mailbox]:
        with Session(self.endpoint) as session:
            yield Mailbox(session, user, self.sign_in(user), self.names)

    def _grants(self, box: Mailbox, user: str) -> list[Grant]:
        """Every grant in the mailbox's own folders; a folder whose list we may not see tells none."""
        own = {user.lower(), "owner", self.master.lower()}
        found: list[Grant] = []
        folders = [path for path, _ in box.folders()]
        for at in range(0, len(folders), FOLDERS_AT_ONCE):
            some = folders[at : at + FOLDERS_AT_ONCE]
            for path, answer in zip(some, box.run(*(b"GETACL " + folder_name(path) for path in some)), strict=True):
                found += [one for one in _listed(path, answer) if one.whom.lower() not in own]
        return found


def _listed(path: str, answer: Answer) -> Iterator[Grant]:
    """Grants of one “* ACL folder who rights who rights …”, without global and negative ones."""
    for _, *pairs in answer.parsed(b"ACL") if answer.ok else ():
        for whom, rights in zip(map(_text, pairs[::2]), map(_text, pairs[1::2]), strict=False):
            if whom and rights and not whom.startswith((GLOBAL, NEGATIVE)):
                yield Grant(path, whom, "".join(sorted(rights)))


def _text(part: Any) -> str:
    return part.decode("utf-8", "replace") if isinstance(part, bytes) else "" if part is None else str(part)


def _command(verb: bytes, grant: Grant) -> bytes:
    return verb + b" " + folder_name(grant.folder) + b" " + quoted(grant.whom)


def _asked(box: Mailbox, commands: Sequence[bytes]) -> bool:
    """Whether the server took all of them."""
    return all(answer.ok for answer in box.run(*commands))


def _outcome(before: Mapping[str, Any], words: tuple[str, ...], left: list[Grant], taken: bool) -> AccountOutcome:
    if not left:
        return AccountOutcome("done", before, verified=True, words=words)
    refused = "the server refuses to change" if not taken else "still as before"
    return AccountOutcome("failed", before, words=words, why=f"{refused}: {left[0].sentence}")
