"""Which mailboxes a connection reads, and how it signs in to each."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field

from imapclient import IMAPClient
from imapclient.exceptions import LoginError

from watchfloor.connectors.protocols.doveadm import Doveadm
from watchfloor.connectors.protocols.imap_settings import endpoint_of, login, xoauth2
from watchfloor.connectors.protocols.imap_wire import Endpoint, Refused
from watchfloor.connectors.systems.imap.renewing import TOKENS
from watchfloor.connectors.systems.imap.tokens import TokenServer
from watchfloor.kernel.errors import NotConfigured, Unreachable


@dataclass(frozen=True, slots=True)
class Accounts:
    """`mode` is master, passwords or xoauth2; `secrets` maps an address to its password or token.

    With `token_server` the tokens are refresh tokens, and `refresh_token` is that of every mailbox without its own.
    """

    endpoint: Endpoint
    mode: str
    secrets: dict[str, str]
    master: tuple[str, str, str]
    mailboxes: Callable[[], tuple[str, ...]]
    token_server: TokenServer | None = None
    refresh_token: str = field(default="", repr=False)

    def user_and_secret(self, mailbox: str) -> tuple[str, str]:
        """Raises NotConfigured without credentials; with a token server also what `Tokens.access` raises."""
        if self.mode == "master":
            user, separator, password = self.master
            return f"{mailbox}{separator}{user}", password
        secret = self.secrets.get(mailbox, self.refresh_token)
        if not secret:
            raise NotConfigured(f"no credentials are set for {mailbox}")
        return mailbox, TOKENS.access(self.token_server, secret, mailbox=mailbox) if self.token_server else secret

    def turned_down(self, mailbox: str) -> bool:
        """Forget the mailbox's access token; whether another can be fetched."""
        if self.token_server is None:
            return False
        TOKENS.forget(self.token_server, self.secrets.get(mailbox, self.refresh_token))
        return True

    def sign_in(self, mailbox: str) -> bytes:
        """The command for a lean session. What is wrong with one mailbox's credentials is Refused: that mailbox's trouble alone."""
        try:
            user, secret = self.user_and_secret(mailbox)
        except NotConfigured as error:
            raise Refused(error.message) from error
        return xoauth2(user, secret) if self.mode == "xoauth2" else login(user, secret)

    def client(self, mailbox: str) -> IMAPClient:
        """A signed-in client. Raises Unreachable, or Refused when the server turns the credentials down."""
        try:
            return self._client(mailbox)
        except Refused:
            if not self.turned_down(mailbox):
                raise
            return self._client(mailbox)

    def _client(self, mailbox: str) -> IMAPClient:
        user, secret = self.user_and_secret(mailbox)
        at = self.endpoint
        try:
            client = IMAPClient(
                at.host,
                at.port,
                ssl=at.security == "tls",
                ssl_context=at.context() if at.security == "tls" else None,
                timeout=at.timeout,
            )
            if at.security == "starttls":
                client.starttls(at.context())
            if self.mode == "xoauth2":
                client.oauth2_login(user, secret)
            else:
                client.login(user, secret)
        except LoginError as error:
            raise Refused(f"the server refused the sign-in to {mailbox}: {error}") from error
        except (OSError, ssl.SSLError, IMAPClient.Error) as error:
            raise Unreachable(str(error), place=f"{at.host}:{at.port}") from error
        return client


def accounts_of(settings: dict[str, str]) -> Accounts:
    """What the settings say. Raises NotConfigured when they name no mailbox."""
    secrets = _secrets(settings.get("credentials", ""))
    listed = tuple(settings.get("mailboxes", "").lower().split()) or tuple(secrets)
    url = settings.get("doveadm_url", "").strip()
    doveadm = Doveadm(url, settings.get("doveadm_key", ""), settings.get("ca_file", "")) if url else None
    if not listed and doveadm is None:
        raise NotConfigured("name the mailboxes to read, or a doveadm address that lists them", place="mailboxes")
    return Accounts(
        endpoint_of(settings),
        settings.get("sign_in_with") or "master",
        secrets,
        (settings.get("master_user", ""), settings.get("separator") or "*", settings.get("master_password", "")),
        (lambda: tuple(sorted(doveadm.users()))) if doveadm and not listed else (lambda: listed),
        _token_server(settings),
        settings.get("refresh_token", "").strip(),
    )


def _token_server(settings: dict[str, str]) -> TokenServer | None:
    url = settings.get("token_url", "").strip()
    if not url or settings.get("sign_in_with") != "xoauth2":
        return None
    client = settings.get("client_id", ""), settings.get("client_secret", "")
    return TokenServer(url, *client, settings.get("ca_file", ""))


def _secrets(text: str) -> dict[str, str]:
    """Lines of an address, a space, and its password or token."""
    pairs = (line.strip().partition(" ") for line in text.splitlines() if line.strip())
    return {address.lower(): secret.strip() for address, _, secret in pairs}
