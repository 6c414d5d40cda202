"""Which mailboxes a connection reads, and how it signs in to each."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass

from imapclient import IMAPClient
from imapclient.exceptions import LoginError

from watchfloor.connectors.protocols.doveadm import Doveadm
from watchfloor.connectors.protocols.imap_settings import endpoint_of, login, xoauth2
from watchfloor.connectors.protocols.imap_wire import Endpoint, Refused
from watchfloor.kernel.errors import NotConfigured, Unreachable


@dataclass(frozen=True, slots=True)
class Accounts:
    """`mode` is master, passwords or xoauth2; `secrets` maps an address to its password or access token."""

    endpoint: Endpoint
    mode: str
    secrets: dict[str, str]
    master: tuple[str, str, str]
    mailboxes: Callable[[], tuple[str, ...]]

    def user_and_secret(self, mailbox: str) -> tuple[str, str]:
        if self.mode == "master":
            user, separator, password = self.master
            return f"{mailbox}{separator}{user}", password
        if mailbox not in self.secrets:
            raise NotConfigured(f"no credentials are set for {mailbox}")
        return mailbox, self.secrets[mailbox]

    def sign_in(self, mailbox: str) -> bytes:
        """The command for a lean session."""
        user, secret = self.user_and_secret(mailbox)
        return xoauth2(user, secret) if self.mode == "xoauth2" else login(user, secret)

    def client(self, mailbox: str) -> IMAPClient:
        """A signed-in client. Raises Unreachable, or Refused when the server turns the credentials down."""
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
    )


def _secrets(text: str) -> dict[str, str]:
    """Lines of an address, a space, and its password or token."""
    pairs = (line.strip().partition(" ") for line in text.splitlines() if line.strip())
    return {address.lower(): secret.strip() for address, _, secret in pairs}
