"""The connection's settings, what they allow, and the actions they open."""

from collections.abc import Callable
from functools import partial

from watchfloor.connectors.contracts import Capability, MailboxActions, Setting, TestReport
from watchfloor.connectors.protocols.doveadm import Doveadm
from watchfloor.connectors.protocols.imap_mailboxes import ImapMailboxes
from watchfloor.connectors.protocols.imap_report import Lines, check_mailbox, check_server
from watchfloor.connectors.protocols.imap_settings import FOLDERS, SERVER, endpoint_of, login, names_of

DOMAINS = Setting(
    "domains",
    "Domains",
    kind="addresses",
    required=False,
    help="Act only on mailboxes of these domains, one per line. Empty: on all.",
)


class DovecotSystem:
    kind = "dovecot"
    label = "Dovecot mailboxes (act on mail)"
    description = (
        "Moves, deletes and restores mail in people's mailboxes through a Dovecot master user. "
        "With doveadm's HTTP interface it finds a mail in all mailboxes at once."
    )
    settings = (
        *SERVER,
        Setting("master_user", "Master user", help="From the passdb with master = yes"),
        Setting("master_password", "Master password", kind="secret"),
        Setting("separator", "Separator", default="*", help="auth_master_user_separator"),
        Setting(
            "doveadm_url",
            "doveadm address",
            required=False,
            help="As http://mail.example:8080/doveadm/v1. Empty: every mailbox is searched by IMAP.",
            guards=True,
        ),
        Setting("doveadm_key", "doveadm key", kind="secret", required=False, help="doveadm_api_key"),
        *FOLDERS,
        DOMAINS,
        Setting("workers", "Mailboxes at once", kind="number", default="16"),
        Setting("test_mailbox", "Mailbox for the test", required=False, help="Tried by “Test connection”, only read."),
    )
    capabilities = frozenset({Capability.ACT_ON_MAIL})

    def test(self, settings: dict[str, str]) -> TestReport:
        """Reach, sign in as master, look for folders and extensions, ask doveadm."""
        lines = Lines()
        mailbox = settings.get("test_mailbox", "").strip()
        doveadm = _doveadm(settings)
        if doveadm is not None:
            users = lines.attempt("doveadm could not be asked", lambda: sorted(doveadm.users()))
            if users is not None:
                lines.good(f"can find mail in {len(users)} mailboxes with one question to doveadm")
            mailbox = mailbox or next(iter(users or ()), "")
        else:
            lines.good("finds mail by asking each mailbox; with a doveadm address it would ask all at once")
        if check_server(endpoint_of(settings), lines):
            if mailbox:
                check_mailbox(endpoint_of(settings), mailbox, _sign_in(settings)(mailbox), names_of(settings), lines)
            else:
                lines.bad("name a mailbox for the test, so that the master user can be tried")
        return lines.report()

    def run(self, settings: dict[str, str], *, name: str, stop: Callable[[], bool]) -> None:
        """Nothing listens here: the response slice acts through `actions`."""

    def actions(self, settings: dict[str, str]) -> MailboxActions:
        """The mailboxes of this server."""
        names, doveadm = names_of(settings), _doveadm(settings)
        domains = frozenset(settings.get("domains", "").lower().split())
        return ImapMailboxes(
            endpoint=endpoint_of(settings),
            sign_in=_sign_in(settings),
            names=names,
            workers=int(settings.get("workers") or 16),
            find_all=partial(doveadm.find_all, names=names) if doveadm else None,
            serves=partial(_serves, domains, doveadm),
        )


def _sign_in(settings: dict[str, str]) -> Callable[[str], bytes]:
    separator, master = settings.get("separator") or "*", settings["master_user"]
    return lambda mailbox: login(f"{mailbox}{separator}{master}", settings["master_password"])


def _doveadm(settings: dict[str, str]) -> Doveadm | None:
    url = settings.get("doveadm_url", "").strip()
    return Doveadm(url, settings.get("doveadm_key", ""), settings.get("ca_file", "")) if url else None


def _serves(domains: frozenset[str], doveadm: Doveadm | None, mailbox: str) -> bool:
    if domains and mailbox.rpartition("@")[2].lower() not in domains:
        return False
    return doveadm is None or doveadm.has(mailbox)
