"""A Postfix of one's own that hands mail to Dovecot by LMTP, with a milter or a journal copy; ready in a few hundredths of a second.

with Postfix(lmtp_port=dovecot.lmtp_port, milter="inet:127.0.0.1:7777") as server:
    server.send(raw, mail_from="x@y.example", to=["ada@corp.example"])
"""

import grp
import json
import os
import pwd
import smtplib
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from string import Template

from labs import Server, free_ports, need, need_root

HERE = Path(__file__).parent
PROGRAMS = Path("/usr/lib/postfix/sbin")
PRIVATE = ["active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved", "trace"]
SERVICES = """pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix(Server):
    """`milter` is an address as Postfix writes it; `journal_port` gets a copy of everything by SMTP; `more` joins main.cf.

    Without `lmtp_port`, mail is accepted and thrown away.
    """

    def __init__(
        self,
        *,
        lmtp_port: int = 0,
        milter: str = "",
        journal_port: int = 0,
        milter_default_action: str = "tempfail",
        more: str = "",
    ) -> None:
        self.program = need(str(PROGRAMS / "master"))
        need_root("Postfix can be started")
        self.folder = Path(tempfile.mkdtemp(prefix="wfp"))
        self.folder.chmod(0o755)
        self.etc = self.folder / "etc"
        (self.port,) = free_ports(1)
        if milter:
            more += f"\nsmtpd_milters = {milter}"
        if journal_port:
            more += "\nalways_bcc = journal@journal.internal"
            more += f"\ntransport_maps = inline:{{ {{ journal.internal = smtp:[127.0.0.1]:{journal_port} }} }}"
        self._write(
            folder=self.folder,
            transport=f"lmtp:inet:127.0.0.1:{lmtp_port}" if lmtp_port else "discard:",
            milter_default_action=milter_default_action,
            more=more,
        )

    def _write(self, **values: object) -> None:
        postfix, postdrop = pwd.getpwnam("postfix"), grp.getgrnam("postdrop")
        self.etc.mkdir()
        main, master = self.etc / "main.cf", self.etc / "master.cf"
        main.write_text(Template((HERE / "main.cf").read_text()).substitute(values))
        master.write_text(f"127.0.0.1:{self.port} inet n - n - - smtpd\n{SERVICES}")
        for path in (main, master):  # a young file makes every Postfix program wait 0.3 s and read it again
            os.utime(path, (time.time() - 600, time.time() - 600))
        (self.folder / "data").mkdir()
        os.chown(self.folder / "data", postfix.pw_uid, -1)
        spool = self.folder / "spool"
        modes = {
            **dict.fromkeys(PRIVATE, (0o700, 0)),
            "maildrop": (0o730, postdrop.gr_gid),
            "public": (0o710, postdrop.gr_gid),
        }
        for name, (mode, group) in modes.items():
            (spool / name).mkdir(parents=True)
            (spool / name).chmod(mode)
            os.chown(spool / name, postfix.pw_uid, group)
        (spool / "pid").mkdir()

    def command(self) -> list[str]:
        # master itself, not `postfix start`: that would put it into a session of its own, out of our reach.
        return [self.program, "-c", str(self.etc), "-d"]

    def is_up(self) -> bool:
        try:
            with smtplib.SMTP("127.0.0.1", self.port, timeout=5):
                # Ports can be shared unnoticed, so our own log must have seen the connection.
                return "connect from" in self.log()
        except (OSError, smtplib.SMTPException):
            return False

    def log(self) -> str:
        path = self.folder / "maillog"
        return path.read_text(errors="replace") if path.exists() else ""

    def send(
        self,
        raw: bytes,
        *,
        mail_from: str,
        to: Sequence[str],
        client_ip: str = "",
        helo: str = "client.example",
        login: str = "",
    ) -> None:
        """Hand in one mail; with `client_ip` as if it came from there, with `login` as if somebody had signed in (XCLIENT).

        Raises smtplib's errors when refused.
        """
        with smtplib.SMTP("127.0.0.1", self.port, timeout=30) as session:
            session.ehlo(helo)
            if client_ip:
                session.docmd("XCLIENT", f"ADDR={client_ip} NAME=client.example")
                session.ehlo(helo)
            if login:
                session.docmd("XCLIENT", f"LOGIN={login}")
                session.ehlo(helo)
            session.sendmail(mail_from, list(to), raw)

    def queue(self, name: str = "") -> list[dict[str, object]]:
        """What waits in the queues, as postqueue tells it; `name` picks one, as "hold"."""
        done = subprocess.run(["/usr/sbin/postqueue", "-c", str(self.etc), "-j"], capture_output=True, check=True)
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        return [row for row in rows if not name or row["queue_name"] == name]

    def release(self, queue_id: str) -> None:
        """Let a held mail go on."""
        subprocess.run(["/usr/sbin/postsuper", "-c", str(self.etc), "-H", queue_id], capture_output=True, check=True)
        subprocess.run(["/usr/sbin/postqueue", "-c", str(self.etc), "-f"], capture_output=True, check=True)
