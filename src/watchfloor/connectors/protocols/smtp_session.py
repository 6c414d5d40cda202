"""One conversation with a mail server (SMTP, or LMTP of RFC 2033), its certificate checked before anything secret is said."""

import smtplib
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from watchfloor.connectors.outgoing.words import Handover
from watchfloor.kernel.errors import NotConfigured, Unreachable

SECONDS = 30.0
LOCAL = {"127.0.0.1", "::1", "localhost"}
LONGEST_ANSWER = 300
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail is handed in and who we are there; `security` is starttls, tls or none, `ca_file` empty the system's CAs.

    With `lmtp` the server answers for each recipient by itself, once the mail lies in the mailbox.
    """

    host: str
    port: int
    security: str = "starttls"
    ca_file: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    helo: str = ""
    lmtp: bool = False


class Session:
    """An open one, signed in. Raises Unreachable, or NotConfigured when trying again with these settings cannot help."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.smtp = _asked(server, lambda: _opened(server))
        self.encrypted = server.security != "none"
        if server.user:
            _asked(server, self._sign_in)

    def send(self, raw: bytes, *, mail_from: str, to: Sequence[str]) -> Handover:
        """Hand over one mail. Raises Unreachable when the line breaks before the server has it all."""
        try:
            said = self._envelope(len(raw), mail_from, to)
            return said if not said.accepted else self._text(raw, said)
        except (OSError, smtplib.SMTPException) as error:
            raise Unreachable(f"the line to {self.server.host} broke: {_words(error)}") from None

    def may_send(self, mail_from: str) -> str:
        """Empty when the server takes mail of this sender, else its words. Nothing is sent."""
        code, words = self.smtp.mail(mail_from)
        self.smtp.rset()
        return "" if code == 250 else f"{code} {_plain(words)}"

    def close(self) -> None:
        """Say goodbye, if somebody still listens."""
        try:
            self.smtp.quit()
        except (OSError, smtplib.SMTPException):
            self.smtp.close()

    def _envelope(self, size: int, mail_from: str, to: Sequence[str]) -> Handover:
        options = [f"SIZE={size}"] if self.smtp.has_extn("size") else []
        code, words = self.smtp.mail(mail_from, options)
        if code != 250:
            self.smtp.rset()
            return _answered(code, words, to)
        accepted: list[str] = []
        refused: dict[str, str] = {}
        deferred: dict[str, str] = {}
        for address in to:
            code, words = self.smtp.rcpt(address)
            if code in (250, 251):
                accepted.append(address)
            else:
                (refused if 500 <= code < 600 else deferred)[address] = f"{code} {_plain(words)}"
        if not accepted:
            self.smtp.rset()
        return Handover(tuple(accepted), refused, deferred)

    def _text(self, raw: bytes, said: Handover) -> Handover:
        """The text for those the server accepted; from its last byte on nobody knows what a broken line means."""
        code, words = self.smtp.docmd("DATA")
        if code != 354:
            self.smtp.rset()
            return _joined(replace(said, accepted=()), _answered(code, words, said.accepted))
        self.smtp.send(_dotted(raw))
        asked = [(one,) for one in said.accepted] if self.server.lmtp else [said.accepted]
        heard = Handover((), said.refused, said.deferred)
        for some in asked:
            try:
                code, words = self.smtp.getreply()
            except (OSError, smtplib.SMTPException):
                self.smtp.close()
                return replace(heard, unsure=True)
            heard = _joined(heard, _answered(code, words, some))
        return heard

    def _sign_in(self) -> None:
        if not self.encrypted and self.server.host.lower() not in LOCAL:
            raise NotConfigured("a password is not sent without encryption; choose STARTTLS or TLS")
        self.smtp.login(self.server.user, self.server.password)


def _answered(code: int, words: bytes, to: Sequence[str]) -> Handover:
    """An answer that holds for all of `to`."""
    said = f"{code} {_plain(words)}"
    if 200 <= code < 300:
        return Handover(accepted=tuple(to), answer=said)
    every = dict.fromkeys(to, said)
    return Handover(refused=every, answer=said) if code >= 500 else Handover(deferred=every, answer=said)


def _joined(envelope: Handover, text: Handover) -> Handover:
    return Handover(
        (*envelope.accepted, *text.accepted),
        {**envelope.refused, **text.refused},
        {**envelope.deferred, **text.deferred},
        text.answer,
    )


def _dotted(raw: bytes) -> bytes:
    """The text with its dots doubled and its end (RFC 5321, 4.5.2). Its line ends are CRLF already."""
    body = raw.replace(b"\r\n.", b"\r\n..")
    body = b"." + body if body.startswith(b".") else body
    return body + (b".\r\n" if body.endswith(b"\r\n") else b"\r\n.\r\n")


def _opened(server: Server) -> smtplib.SMTP:
    helo = server.helo or socket.gethostname()
    if server.security == "tls":
        return _greeted(
            smtplib.SMTP_SSL(server.host, server.port, helo, timeout=SECONDS, context=_context(server.ca_file))
        )
    kind = _Lmtp if server.lmtp else smtplib.SMTP
    smtp = _greeted(kind(server.host, server.port, helo, timeout=SECONDS))
    if server.security == "starttls":
        if not smtp.has_extn("starttls"):
            raise NotConfigured(f"{server.host} does not offer STARTTLS; nothing was sent")
        smtp.starttls(context=_context(server.ca_file))
        smtp.ehlo_or_helo_if_needed()
    return smtp


class _Lmtp(smtplib.SMTP):
    """smtplib.LMTP reads one answer where each recipient has its own; here only the greeting differs."""

    ehlo_msg = "lhlo"


def _greeted(smtp: smtplib.SMTP) -> smtplib.SMTP:
    smtp.ehlo_or_helo_if_needed()
    return smtp


def _context(ca_file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise NotConfigured(f"the CA file cannot be used: {error}", place="ca_file") from None


def _asked(server: Server, ask: Callable[[], T]) -> T:
    """What was asked for, or what is wrong in words that say what to do."""
    where = f"{server.host}:{server.port}"
    try:
        return ask()
    except ssl.SSLCertVerificationError as error:
        raise NotConfigured(f"the certificate of {where} is not trusted: {error.verify_message}") from None
    except smtplib.SMTPAuthenticationError as error:
        raise NotConfigured(f"{where} refused the user or the password: {_plain(error.smtp_error)}") from None
    except smtplib.SMTPNotSupportedError:
        raise NotConfigured(f"{where} offers no sign-in; leave the user empty, or use its submission port") from None
    except (OSError, smtplib.SMTPException) as error:
        raise Unreachable(f"{where} could not be reached: {_words(error)}") from None


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_plain(error.smtp_error)}"
    return str(error) or type(error).__name__


def _plain(words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:LONGEST_ANSWER]
