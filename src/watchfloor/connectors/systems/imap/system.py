"""The connection's settings, and what its test looks at."""

from collections.abc import Callable

from watchfloor.connectors.contracts import Capability, MailboxActions, Setting, TestReport
from watchfloor.connectors.protocols.imap_mailboxes import ImapMailboxes
from watchfloor.connectors.protocols.imap_report import Lines, check_mailbox, check_server
from watchfloor.connectors.protocols.imap_settings import FOLDERS, SERVER, endpoint_of, names_of
from watchfloor.connectors.systems.imap.accounts import accounts_of
from watchfloor.connectors.systems.imap.watching import IDLE_AT_MOST, Watch


class ImapSystem:
    kind = "imap"
    label = "IMAP mailboxes (read mail)"
    description = (
        "Reads mailboxes of any IMAP server: first what is there, then what comes, without marking anything as read. "
        "It can also act on these mailboxes."
    )
    settings = (
        *SERVER,
        Setting(
            "sign_in_with",
            "Sign in with",
            kind="choice",
            default="master",
            choices=("master", "passwords", "xoauth2"),
            labels=("A master user for all mailboxes", "A password for each mailbox", "OAuth 2 tokens (XOAUTH2)"),
        ),
        Setting("master_user", "Master user", required=False),
        Setting("master_password", "Master password", kind="secret", required=False),
        Setting(
            "separator", "Separator", default="*", help="Between mailbox and master user, as in ada@corp.example*admin"
        ),
        Setting(
            "credentials",
            "Passwords or tokens",
            kind="secret",
            required=False,
            help="One mailbox per line: address, space, password or access token; with a token address its refresh token",
        ),
        Setting(
            "token_url",
            "Token address",
            required=False,
            help="For OAuth 2: where access tokens are fetched, as https://login.example/oauth2/token. Empty: the tokens "
            "above are access tokens, and reading ends when they do",
            guards=True,
        ),
        Setting("client_id", "Client ID", required=False, help="Who we are to the token server"),
        Setting("client_secret", "Client secret", kind="secret", required=False),
        Setting(
            "refresh_token",
            "Refresh token",
            kind="secret",
            required=False,
            help="For every mailbox without one of its own above",
        ),
        Setting(
            "mailboxes",
            "Mailboxes",
            kind="addresses",
            required=False,
            help="One address per line. Empty: all in the list above, or all that doveadm knows",
        ),
        Setting(
            "doveadm_url", "doveadm address", required=False, help="As http://mail.example:8080/doveadm/v1", guards=True
        ),
        Setting("doveadm_key", "doveadm key", kind="secret", required=False),
        Setting(
            "seconds",
            "Look every … seconds",
            kind="number",
            default="60",
            help="At all folders; the inbox at once, with IDLE",
        ),
        Setting(
            "act",
            "Act on these mailboxes",
            kind="choice",
            default="no",
            choices=("no", "yes"),
            labels=("No, only read", "Yes: move, delete and restore mail"),
        ),
        *FOLDERS,
    )
    capabilities = frozenset({Capability.READ_MAIL, Capability.ACT_ON_MAIL})

    def test(self, settings: dict[str, str]) -> TestReport:
        """Reach the server, sign in to the first mailbox, look at its folders."""
        lines = Lines()
        accounts = accounts_of(settings)
        mailboxes = lines.attempt("the mailboxes could not be listed", accounts.mailboxes)
        if mailboxes and check_server(endpoint_of(settings), lines):
            lines.good(f"will read {len(mailboxes)} mailboxes")
            if len(mailboxes) > IDLE_AT_MOST:
                lines.good("will look at them in turns: IDLE is for at most 20")
            sign_in = lines.attempt("cannot sign in", lambda: accounts.sign_in(mailboxes[0]))
            if sign_in is not None:
                check_mailbox(endpoint_of(settings), mailboxes[0], sign_in, names_of(settings), lines)
        return lines.report()

    def run(self, settings: dict[str, str], *, name: str, stop: Callable[[], bool]) -> None:
        """Read until stopped."""
        Watch(name, accounts_of(settings), names_of(settings), int(settings.get("seconds") or 60), stop).run()

    def actions(self, settings: dict[str, str]) -> MailboxActions | None:
        """The mailboxes, when the settings allow acting on them."""
        if settings.get("act") != "yes":
            return None
        accounts = accounts_of(settings)
        mailboxes = frozenset(accounts.mailboxes())
        return ImapMailboxes(
            endpoint=endpoint_of(settings),
            sign_in=accounts.sign_in,
            names=names_of(settings),
            serves=lambda mailbox: mailbox.lower() in mailboxes,
        )
