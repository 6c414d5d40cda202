"""The connection's settings, what they allow, and the actions they open."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from watchfloor.connectors.contracts import AccountActions, Capability, MailboxActions, Setting, TestReport
from watchfloor.connectors.protocols.doveadm import Doveadm
from watchfloor.connectors.protocols.doveadm_mail import DoveadmMail
from watchfloor.connectors.protocols.imap_mailboxes import ImapMailboxes
from watchfloor.connectors.protocols.imap_report import Lines, check_mailbox, check_server
from watchfloor.connectors.protocols.imap_settings import FOLDERS, SERVER, endpoint_of, login, names_of
from watchfloor.connectors.systems.dovecot.accounts import MailAccounts
from watchfloor.connectors.systems.dovecot.delegations import Delegations
from watchfloor.connectors.systems.dovecot.deny_file import DenyFile

DOMAINS = Setting(
    "domains",
    "Domains",
    kind="addresses",
    required=False,
    help="Act only on mailboxes of these domains, one per line. Empty: on all.",
)


class DovecotSystem:
    kind = "dovecot"
    label = "Dovecot mailboxes (act on mail and their owners)"
    description = (
        "Moves, deletes and restores mail in people's mailboxes through a Dovecot master user. "
        "With doveadm's HTTP interface it finds and moves a mail in all mailboxes at once, ends sessions and switches off Sieve rules."
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
            help="As http://mail.example:8080/doveadm/v1. Empty: every mailbox is opened by IMAP.",
            guards=True,
        ),
        Setting("doveadm_key", "doveadm key", kind="secret", required=False, help="doveadm_api_key"),
        *FOLDERS,
        DOMAINS,
        Setting(
            "deny_file",
            "Deny file",
            required=False,
            help="Path of a passwd-file passdb with deny = yes on this machine, so that mailboxes can be suspended here. "
            "Empty: suspend them at the directory Dovecot asks.",
        ),
        Setting(
            "delegation",
            "Remove delegates",
            kind="choice",
            default="no",
            choices=("no", "yes"),
            help="Where people may share folders by IMAP (the plugins acl and imap_acl); the master user needs the right “a” in Dovecot's global list.",
        ),
        Setting(
            "page",
            "Console of a mailbox",
            required=False,
            help="Address of your own administration page for one mailbox, with {mail} in it.",
        ),
        Setting("workers", "Mailboxes at once", kind="number", default="16"),
        Setting("test_mailbox", "Mailbox for the test", required=False, help="Tried by “Test connection”, only read."),
    )
    capabilities = frozenset({Capability.ACT_ON_MAIL, Capability.ACT_ON_ACCOUNTS})

    def test(self, settings: dict[str, str]) -> TestReport:
        """Reach, sign in as master, look for folders and extensions, ask doveadm."""
        lines = Lines()
        mailbox = settings.get("test_mailbox", "").strip()
        doveadm = _doveadm(settings)
        if doveadm is not None:
            users = lines.attempt("doveadm could not be asked", lambda: sorted(doveadm.users()))
            if users is not None:
                lines.good(f"can find and move mail in {len(users)} mailboxes with one question to doveadm")
            mailbox = mailbox or next(iter(users or ()), "")
        else:
            lines.good("finds and moves mail by opening each mailbox; with a doveadm address it would ask all at once")
        if check_server(endpoint_of(settings), lines):
            if mailbox:
                check_mailbox(endpoint_of(settings), mailbox, _sign_in(settings)(mailbox), names_of(settings), lines)
            else:
                lines.bad("name a mailbox for the test, so that the master user can be tried")
        if settings.get("delegation") == "yes" and mailbox:
            self._test_lists(settings, mailbox, lines)
        if path := settings.get("deny_file", "").strip():
            deny = DenyFile(Path(path))
            if lines.attempt("mailboxes cannot be suspended", lambda: (deny.holds(""),)) is not None:
                lines.good("can suspend mailboxes through the deny file")
        return lines.report()

    def _test_lists(self, settings: dict[str, str], mailbox: str, lines: Lines) -> None:
        told = lines.attempt("access lists could not be read", lambda: (_delegations(settings).told(mailbox),))
        if told == (None,):
            lines.bad("the server has no access lists (plugins acl and imap_acl), or keeps the master user from them")
        elif told:
            lines.good(f"can read who else opens a mailbox: {len(told[0] or ())} in {mailbox}")

    def run(self, settings: dict[str, str], *, name: str, stop: Callable[[], bool]) -> None:
        """Nothing listens here: the response slice acts through `actions`."""

    def actions(self, settings: dict[str, str]) -> MailboxActions:
        """The mailboxes of this server."""
        names, doveadm = names_of(settings), _doveadm(settings)
        mail = DoveadmMail(doveadm, names) if doveadm else None
        domains = frozenset(settings.get("domains", "").lower().split())
        return ImapMailboxes(
            endpoint=endpoint_of(settings),
            sign_in=_sign_in(settings),
            names=names,
            workers=int(settings.get("workers") or 16),
            find_all=mail.find if mail else None,
            move_all=mail.move if mail else None,
            serves=partial(_serves, domains, doveadm),
        )

    def accounts(self, settings: dict[str, str], *, name: str) -> AccountActions | None:
        """What can be done to the owners of these mailboxes; None when no setting allows anything."""
        doveadm, deny = _doveadm(settings), settings.get("deny_file", "").strip()
        shared = settings.get("delegation") == "yes"
        if doveadm is None and not deny and not shared:
            return None
        domains = frozenset(settings.get("domains", "").lower().split())
        return MailAccounts(
            domains=domains,
            doveadm=doveadm,
            deny=DenyFile(Path(deny)) if deny else None,
            page=settings.get("page", "").strip(),
            delegations=_delegations(settings) if shared else None,
        )


def _delegations(settings: dict[str, str]) -> Delegations:
    return Delegations(endpoint_of(settings), _sign_in(settings), names_of(settings), settings["master_user"])


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
