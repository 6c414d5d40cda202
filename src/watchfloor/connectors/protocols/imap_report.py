"""“Test connection” for IMAP servers: what can be reached, what may be done, in sentences."""

from collections.abc import Callable
from typing import TypeVar

from watchfloor.connectors.contracts import Folder, TestReport
from watchfloor.connectors.folders import FolderNames
from watchfloor.connectors.protocols.imap_mailbox import Mailbox
from watchfloor.connectors.protocols.imap_wire import Endpoint, Session
from watchfloor.kernel.errors import WatchfloorError

Value = TypeVar("Value")
LOCAL = {"127.0.0.1", "::1", "localhost"}


class Lines:
    """Collects sentences; one bad line makes the report a failure."""

    def __init__(self) -> None:
        self._lines: list[tuple[bool, str]] = []

    def good(self, sentence: str) -> None:
        self._lines.append((True, sentence))

    def bad(self, sentence: str) -> None:
        self._lines.append((False, sentence))

    def attempt(self, trouble: str, action: Callable[[], Value]) -> Value | None:
        """The action's value; None, and a bad line, when it fails."""
        try:
            return action()
        except WatchfloorError as error:
            self.bad(f"{trouble}: {error}")
        except (OSError, ValueError) as error:
            self.bad(f"{trouble}: {error}")
        return None

    def report(self) -> TestReport:
        return TestReport(ok=all(ok for ok, _ in self._lines), lines=tuple(self._lines))


def check_server(endpoint: Endpoint, lines: Lines) -> bool:
    """Whether the server answers; says how it is protected."""
    where = f"{endpoint.host}:{endpoint.port}"
    session = lines.attempt(f"cannot reach {where}", lambda: Session(endpoint))
    if session is None:
        return False
    session.close()
    if endpoint.security != "none":
        lines.good(f"can reach {where}; the connection is encrypted and the certificate is trusted")
    elif endpoint.host in LOCAL:
        lines.good(f"can reach {where} on this machine, without encryption")
    else:
        lines.bad(f"can reach {where}, but passwords and mail cross the network unencrypted")
    return True


def check_mailbox(endpoint: Endpoint, name: str, sign_in: bytes, names: FolderNames, lines: Lines) -> None:
    """Sign in, list folders, and say which actions the server's extensions allow."""

    def look() -> tuple[dict[str, Folder], bool, bool]:
        with Session(endpoint) as session:
            box = Mailbox(session, name, sign_in, names)
            return dict(box.folders()), box.can("MOVE"), box.can("UIDPLUS")

    seen = lines.attempt(f"cannot sign in to {name}", look)
    if seen is None:
        return
    folders, move, uidplus = seen
    lines.good(f"can sign in to {name} and see {len(folders)} folders")
    if move:
        lines.good("can move mail in one step")
    elif uidplus:
        lines.good("can move mail by copying and deleting")
    if not uidplus:
        lines.bad("cannot delete mail for good: the server lacks UIDPLUS")
    if names.recoverable in folders:
        lines.good(f"can softly delete into “{names.recoverable}”; check with an ACL that its owner cannot open it")
    else:
        lines.bad(
            f"“{names.recoverable}” is missing in {name}, or hidden from the account used here. It is made at the first "
            "soft delete; unless an ACL hides it, users will see it and can take the mail back"
        )
