"""A directory server: reaching it, signing in, reading in pages, changing entries. For OpenLDAP and Active Directory alike.

with server.open() as session:
    for entry in session.search("(objectClass=person)", ("uid", "mail")):
        ...
"""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from ldap3 import BASE, DEREF_NEVER, LEVEL, MODIFY_ADD, MODIFY_DELETE, MODIFY_REPLACE, NONE, SUBTREE, Connection, Server
from ldap3.core.exceptions import LDAPException, LDAPInvalidDnError, LDAPInvalidFilterError, LDAPObjectClassError
from ldap3.operation.search import search_operation
from ldap3.protocol.rfc2696 import paged_search_control

from watchfloor.connectors.protocols.ldap_entry import Entry
from watchfloor.connectors.protocols.ldap_tls import VerifiedTls
from watchfloor.connectors.protocols.ldap_wire import Done, answers_of
from watchfloor.kernel.errors import BadInput, NotConfigured, NotFound, Unreachable

SUCCESS, NO_SUCH_OBJECT = 0, 32
COME_AGAIN = {3: "it ran out of time", 51: "it is busy", 52: "it is unavailable", 80: "it had an error of its own"}
TOO_MANY = {4, 11}
PPOLICY = ("1.3.6.1.4.1.42.2.27.8.5.1", False, None)
"""The request control that makes a server say why it refuses a password (draft-behera-ldap-password-policy)."""
PAGE_WAITS = 10
"""How many times the limit of one wait a whole page may take."""
MOST_ENTRIES, MOST_PAGES = 2_000_000, 20_000
"""More than any directory of ours has: whoever sends more means us harm."""
SCOPES = {"subtree": SUBTREE, "one": LEVEL, "base": BASE}
Control = tuple[str, bool, bytes | None]
Change = tuple[str, Sequence[bytes | str]]
"""What is done to one attribute: add, delete or replace, and its values (delete without values removes all)."""
_CHANGES = {"add": MODIFY_ADD, "delete": MODIFY_DELETE, "replace": MODIFY_REPLACE}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said: `code` and `words` of RFC 4511, its own `message`, and response controls by identifier."""

    code: int
    words: str
    message: str = ""
    controls: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return self.code == SUCCESS

    @property
    def why(self) -> str:
        return f"{self.words}: {self.message}" if self.message else self.words


@dataclass(frozen=True, slots=True)
class LdapServer:
    """Where the directory is and as whom we ask. `security` is tls, starttls or none; `seconds` limits each wait."""

    host: str
    port: int
    bind_dn: str
    bases: tuple[str, ...]
    password: str = field(repr=False, default="")
    security: str = "tls"
    ca_file: str = ""
    plain_password: bool = False
    seconds: int = 30
    page: int = 1000

    @property
    def place(self) -> str:
        return f"{self.host}:{self.port}"

    def open(self) -> "Session":
        """A session signed in. Raises Unreachable, or NotConfigured when the certificate or the password is refused."""
        session = Session(self)
        answer = session.bind(self.bind_dn, self.password)
        if not answer.ok:
            session.close()
            _refuse_bind(self, answer)
        return session

    def bind_answer(self, dn: str, password: str) -> Answer:
        """What the server says to somebody's password, over a connection of its own."""
        with Session(self) as session:
            return session.bind(dn, password)


class Session:
    """One connection, encrypted before anything is said; not for several threads at once."""

    def __init__(self, server: LdapServer) -> None:
        self.server = server
        tls = None if server.security == "none" else VerifiedTls(host=server.host, ca_file=server.ca_file)
        target = Server(
            server.host,
            port=server.port,
            use_ssl=server.security == "tls",
            tls=tls,
            get_info=NONE,
            connect_timeout=server.seconds,
        )
        self.connection = Connection(
            target,
            receive_timeout=server.seconds,
            # A referral would carry the password to a server nobody named.
            auto_referrals=False,
            check_names=False,
            return_empty_attributes=False,
            raise_exceptions=False,
        )
        try:
            self.connection.open(read_server_info=False)
            if server.security == "starttls":
                self.connection.start_tls(read_server_info=False)
        except LDAPException as error:
            self.close()
            if tls is not None and tls.problem:
                raise NotConfigured(
                    f"its certificate is not trusted: {tls.problem}; name the CA file that signed it",
                    place=server.place,
                ) from error
            raise Unreachable(f"the directory cannot be reached: {error}", place=server.place) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the session; a connection that is broken already is only dropped."""
        try:
            self.connection.unbind()
        except (LDAPException, OSError):
            self.connection.strategy.close()

    def bind(self, dn: str, password: str) -> Answer:
        """Sign in as `dn`. Raises NotConfigured when the password would travel unencrypted and nobody allowed that."""
        if self.server.security == "none" and not self.server.plain_password:
            raise NotConfigured(
                "the password would be sent without encryption; choose LDAPS or StartTLS, or allow it", place="security"
            )
        if not dn or not password:
            raise NotConfigured("a name and a password are needed to sign in", place="bind_dn")
        self.connection.user, self.connection.password, self.connection.authentication = dn, password, "SIMPLE"
        self._call(self.connection.bind, read_server_info=False, controls=[PPOLICY])
        return _answer(self.connection.result)

    def search(
        self,
        filter: str,
        attributes: Iterable[str],
        *,
        base: str = "",
        scope: str = "subtree",
        controls: Sequence[Control] = (),
        limit: int = 0,
    ) -> Iterator[Entry]:
        """Entries that match, page by page; below `base`, or below each of the server's bases.

        Raises NotFound for a base that is not there, BadInput for a filter that is none, NotConfigured when the server will not
        give all of them, Unreachable.
        """
        wanted, count = list(attributes), 0
        for one in (base,) if base else self.server.bases:
            for entry in self._pages(filter, wanted, one, scope, controls, limit):
                count += 1
                if count > MOST_ENTRIES:
                    raise Unreachable("the directory sends entry after entry without end", place=self.server.place)
                yield entry

    def entry(self, dn: str, attributes: Iterable[str]) -> Entry | None:
        """One entry, None when it is not there or may not be seen."""
        try:
            return next(self.search("(objectClass=*)", attributes, base=dn, scope="base"), None)
        except NotFound:
            return None

    def root(self, *attributes: str) -> Entry:
        """What the server says of itself (the root DSE)."""
        found = self._pages("(objectClass=*)", list(attributes) or ["*", "+"], "", "base", (), 0)
        return next(found, Entry(""))

    def modify(self, dn: str, changes: Mapping[str, Sequence[Change]], *, controls: Sequence[Control] = ()) -> Answer:
        """Change attributes of one entry, all or none. Raises Unreachable; a refusal is an answer."""
        asked = {
            name: [(_CHANGES[what], list(values)) for what, values in several] for name, several in changes.items()
        }
        self._call(self.connection.modify, dn, asked, list(controls) or None)
        return _answer(self.connection.result)

    def set_password(self, dn: str, password: str) -> Answer:
        """Give somebody a password by the password-modify operation (RFC 3062), so that the server hashes it."""
        self._call(self.connection.extend.standard.modify_password, dn, new_password=password)
        return _answer(self.connection.result)

    def compare(self, dn: str, attribute: str, value: str) -> Answer:
        """Whether the entry has this value: code 6 yes, 5 no, 16 no such attribute."""
        self._call(self.connection.compare, dn, attribute, value)
        return _answer(self.connection.result)

    def _pages(
        self, filter: str, attributes: list[str], base: str, scope: str, controls: Sequence[Control], limit: int
    ) -> Iterator[Entry]:
        cookie, paged = b"", scope != "base" and not limit
        for _ in range(MOST_PAGES):
            asked = list(controls)
            if paged:
                asked.append(paged_search_control(False, self.server.page, cookie or None))
            request = self._call(
                search_operation,
                base,
                filter,
                SCOPES[scope],
                DEREF_NEVER,
                attributes,
                limit,
                0,
                False,
                auto_escape=True,
                auto_encode=True,
            )
            done = yield from self._one_page(request, asked)
            _check_search(self.server, base, done, limited=bool(limit))
            cookie = done.cookie
            if not cookie:
                return
        raise Unreachable("the directory sends page after page without end", place=self.server.place)

    def _one_page(self, request: Any, controls: list[Any]) -> Generator[Entry, None, Done]:
        strategy = self.connection.strategy
        message_id = self._call(strategy.send, "searchRequest", request, controls or None)
        strategy._outstanding.pop(message_id, None)
        answers = answers_of(self.connection.socket, message_id, seconds=self.server.seconds * PAGE_WAITS)
        try:
            for said in answers:
                if isinstance(said, Done):
                    return said
                yield said
        finally:
            # Whoever needed only the first entries leaves the rest of the page, which the next question must not meet.
            for count, _ in enumerate(answers):
                if count > self.server.page:
                    self.close()  # that is no page; whoever asks on is told that the connection has ended
                    break
        raise Unreachable("the directory ended the connection", place=self.server.place)

    def _call(self, what: Any, *given: Any, **named: Any) -> Any:
        try:
            return what(*given, **named)
        except (LDAPInvalidFilterError, LDAPInvalidDnError, LDAPObjectClassError) as error:
            raise BadInput(f"the directory does not understand this: {error}") from error
        except (LDAPException, OSError) as error:
            raise Unreachable(f"the directory does not answer: {error}", place=self.server.place) from error


def _answer(result: Mapping[str, Any]) -> Answer:
    controls = {name: said.get("value") for name, said in (result.get("controls") or {}).items()}
    raw = {name: value for name, value in controls.items() if isinstance(value, bytes)}
    return Answer(result["result"], result["description"], result.get("message") or "", raw)


def _check_search(server: LdapServer, base: str, answer: Done, *, limited: bool) -> None:
    if answer.code == SUCCESS or (limited and answer.code in TOO_MANY):
        return
    if answer.code == NO_SUCH_OBJECT:
        raise NotFound("the directory has no such entry, or hides it", place=base)
    if answer.code in COME_AGAIN:
        raise Unreachable(f"the directory did not answer: {COME_AGAIN[answer.code]}", place=server.place)
    if answer.code in TOO_MANY:
        raise NotConfigured(
            "the directory gives this account only a part of its entries; lift its size limit for it", place=base
        )
    raise NotConfigured(f"the directory refuses the search: {answer.message or f'result {answer.code}'}", place=base)


def _refuse_bind(server: LdapServer, answer: Answer) -> None:
    if answer.code in COME_AGAIN:
        raise Unreachable(f"the directory did not answer: {COME_AGAIN[answer.code]}", place=server.place)
    if answer.code == 49:
        raise NotConfigured(
            f"the directory refuses the name or the password, or the account is locked ({answer.why})", place="bind_dn"
        )
    raise NotConfigured(f"the directory refuses to sign in: {answer.why}", place="bind_dn")
