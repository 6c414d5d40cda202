"""A Dovecot of one's own: IMAP, IMAPS, LMTP and doveadm's HTTP, ready in about a tenth of a second.

with Dovecot(users=["ada@corp.example"]) as server:
    server.deliver(raw, to=["ada@corp.example"])
"""

import os
import pwd
import smtplib
import tempfile
from collections.abc import Sequence
from pathlib import Path
from string import Template

from imapclient import IMAPClient

from labs import Server, answers, free_ports, need
from labs.tls import certificate

HERE = Path(__file__).parent
MASTER = ("wfadmin", "master-pw")
API_KEY = "k3y"
HIDDEN = """* owner lrwstipekxa
* user={master} lrwstipekxa
{folder} -owner lrwstipekxa
{folder} user={master} lrwstipekxa
"""
OPEN = "* owner lrwstipekxa\n* user={master} lrwstipekxa\n"
SHARING = """
protocol imap {
  mail_plugins = $mail_plugins imap_acl
}
namespace {
  type = shared
  separator = /
  prefix = shared/%%u/
  location = sdbox:%%h/sdbox
  subscriptions = no
  list = children
}
"""
"""More of a configuration, for servers on which people may let others into their mailboxes."""


class Dovecot(Server):
    """Starts on entering, is gone with its folder on leaving.

    `hide_recoverable` hides that folder from users by ACL; `maildir` stores as Maildir instead of sdbox;
    `ldap` is the address of an LDAP server that checks passwords instead (mail=%u below `ldap_base`, bound to as the user), read
    as `ldap_user`; `cache` seconds are how long Dovecot trusts a password it saw. `exporter_url` gets sign-in events as JSON; `more` is appended to the configuration.
    """

    def __init__(
        self,
        *,
        users: Sequence[str] = ("ada@corp.example",),
        password: str = "pw",
        recoverable: str = "Recoverable",
        hide_recoverable: bool = True,
        maildir: bool = False,
        exporter_url: str = "",
        processes: int = 4,
        ldap: str = "",
        ldap_base: str = "",
        ldap_user: tuple[str, str] = ("", ""),
        cache: int = 0,
        more: str = "",
    ) -> None:
        self.program = need("/usr/sbin/dovecot")
        need("/usr/lib/dovecot/imap")
        need("/usr/lib/dovecot/lmtp")
        self.users, self.password, self.recoverable = list(users), password, recoverable
        self.folder = Path(tempfile.mkdtemp(prefix="wfd"))
        self.folder.chmod(0o755)
        self.imap_port, self.imaps_port, self.lmtp_port, self.doveadm_port = free_ports(4)
        self.api_key = API_KEY
        self.master, self.master_password = MASTER
        self.ca_file, _ = certificate(self.folder)
        exporter = Template((HERE / "exporter.conf").read_text()).substitute(exporter_url=exporter_url)
        self.passdb = "passwd-file\n  args = username_format=%u " + str(self.folder / "users")
        if ldap:
            need("/usr/lib/dovecot/modules/auth/libauthdb_ldap.so")
            self._write_ldap(ldap, ldap_base, *ldap_user)
        more += f"auth_cache_size = 1M\nauth_cache_ttl = {cache} s\n" if cache else ""
        self._write(
            location="maildir:~/Maildir" if maildir else "sdbox:~/sdbox",
            acl=HIDDEN if hide_recoverable else OPEN,
            processes=processes,
            more=(exporter if exporter_url else "") + more,
        )

    def _write(self, *, location: str, acl: str, processes: int, more: str) -> None:
        mail = pwd.getpwnam("mail") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        (self.folder / "mail").mkdir()
        os.chown(self.folder / "mail", mail.pw_uid, mail.pw_gid)
        self.write_users()
        (self.folder / "masters").write_text(f"{self.master}:{{PLAIN}}{self.master_password}::::::\n")
        (self.folder / "denied").touch()
        (self.folder / "acl").write_text(acl.format(folder=self.recoverable, master=self.master))
        rootless = "" if os.geteuid() == 0 else _rootless(mail.pw_name)
        (self.folder / "dovecot.conf").write_text(
            Template((HERE / "dovecot.conf").read_text()).substitute(
                folder=self.folder,
                mail_user=mail.pw_name,
                mail_group=mail.pw_gid,
                location=location,
                recoverable=self.recoverable,
                imap_port=self.imap_port,
                imaps_port=self.imaps_port,
                lmtp_port=self.lmtp_port,
                doveadm_port=self.doveadm_port,
                api_key=self.api_key,
                passdb=self.passdb,
                service_count=1000,
                processes=processes,
                more=more + rootless,
            )
        )

    def _write_ldap(self, address: str, base: str, user: str, password: str) -> None:
        """Passwords are checked by binding as the person, so a lock in the directory counts at once."""
        lines = {
            "uris": address,
            "base": base,
            "dn": user,
            "dnpass": password,
            "auth_bind": "yes",
            "pass_filter": "(mail=%u)",
            "pass_attrs": "mail=user",
        }
        path = self.folder / "dovecot-ldap.conf"
        path.write_text("".join(f"{name} = {value}\n" for name, value in lines.items() if value))
        self.passdb = f"ldap\n  args = {path}"

    def write_users(self) -> None:
        """Write the users file; Dovecot looks at it at most once per second, so poll afterwards."""
        lines = (f"{user}:{{PLAIN}}{self.password}::::::\n" for user in self.users)
        (self.folder / "users").write_text("".join(lines))

    def command(self) -> list[str]:
        return [self.program, "-F", "-c", str(self.folder / "dovecot.conf")]

    def is_up(self) -> bool:
        # A port that answers proves nothing: the log must be ours, too.
        return "starting up" in self.log() and all(map(answers, (self.imap_port, self.lmtp_port, self.doveadm_port)))

    def log(self) -> str:
        path = self.folder / "dovecot.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def deliver(self, raw: bytes, *, to: Sequence[str], mail_from: str = "sender@elsewhere.example") -> None:
        """Deliver by LMTP. smtplib.LMTP reads one reply where each recipient has its own, so this speaks it by hand."""
        with self.lmtp() as session:
            deliver(session, raw, to=to, mail_from=mail_from)

    def lmtp(self) -> smtplib.SMTP:
        """An LMTP session for many deliveries."""
        session = smtplib.SMTP()
        session.connect("127.0.0.1", self.lmtp_port)
        session.docmd("LHLO", "labs")
        return session

    def login(self, user: str, password: str | None = None) -> IMAPClient:
        """An IMAP session of the user."""
        client = IMAPClient("127.0.0.1", self.imap_port, ssl=False)
        client.login(user, password or self.password)
        return client

    def admin(self, user: str) -> IMAPClient:
        """A session in the user's mailbox as the master user."""
        return self.login(f"{user}*{self.master}", self.master_password)


def deliver(session: smtplib.SMTP, raw: bytes, *, to: Sequence[str], mail_from: str) -> None:
    """One message over an open LMTP session; AssertionError when a recipient is refused."""
    assert session.docmd("MAIL", f"FROM:<{mail_from}>")[0] == 250
    for recipient in to:
        code, words = session.docmd("RCPT", f"TO:<{recipient}>")
        assert code == 250, words
    assert session.docmd("DATA")[0] == 354
    body = smtplib._quote_periods(smtplib._fix_eols(raw.decode("latin-1")).encode("latin-1"))  # type: ignore[attr-defined]
    session.send(body + (b"" if body.endswith(b"\r\n") else b"\r\n") + b".\r\n")
    for recipient in to:
        code, words = session.getreply()
        assert code == 250, (recipient, words)


def _rootless(user: str) -> str:
    """What Dovecot needs to run without root."""
    return f"""
default_internal_user = {user}
default_login_user = {user}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
}}
"""
