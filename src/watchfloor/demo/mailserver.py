"""A private Dovecot over the sample mailboxes, so that a purge in the demo moves real mail on a real server."""

import grp
import hashlib
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from watchfloor.kernel.content import content_folder
from watchfloor.kernel.errors import NotConfigured, Unreachable

PROGRAM = "dovecot"
MASTER = "watchfloor"
SEARCH_PATH = "/usr/sbin:/usr/local/sbin:" + os.environ.get("PATH", "")
RECOVERABLE_HIDDEN = (
    "* owner lrwstipekxa\n"
    f"* user={MASTER} lrwstipekxa\n"
    "Recoverable -owner lrwstipekxa\n"
    f"Recoverable user={MASTER} lrwstipekxa\n"
)


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where the running server listens and how we sign in as its master user."""

    imap_port: int
    doveadm_port: int
    master_password: str
    doveadm_key: str
    process: subprocess.Popen[bytes]
    deny_file: Path


def installed() -> bool:
    return shutil.which(PROGRAM, path=SEARCH_PATH) is not None


def start(*, home: Path, mailboxes: Path, addresses: list[str], wait_s: float = 10) -> MailServer:
    """Start Dovecot over `mailboxes`. Raises NotConfigured when it is not installed, Unreachable when it does not come up."""
    program = shutil.which(PROGRAM, path=SEARCH_PATH)
    if program is None:
        raise NotConfigured("Dovecot is not installed: apt-get install dovecot-imapd")
    home.mkdir(parents=True, exist_ok=True)
    secret = _secrets(home)
    ports = _free_ports(2)
    _write_files(home, mailboxes, addresses, secret, ports)
    process = subprocess.Popen([program, "-F", "-c", str(home / "dovecot.conf")], start_new_session=True)
    deadline = time.monotonic() + wait_s
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", ports[0])) == 0:
                return MailServer(ports[0], ports[1], secret["master"], secret["doveadm"], process, home / "denied")
        time.sleep(0.05)
    process.terminate()
    log = home / "dovecot.log"
    last = log.read_text().strip().splitlines()[-1:] if log.exists() else []
    raise Unreachable(f"Dovecot did not start: {' '.join(last) or 'no word in its log'}", place=str(log))


def server_folder(home: Path) -> Path:
    """Where mailboxes and server lie: below `home`, unless Dovecot's own user could not walk there (a checkout under /root)."""
    if os.geteuid() != 0:
        return home
    closed = [place for place in (home, *home.parents) if place.exists() and not place.stat().st_mode & 0o001]
    return Path("/var/lib/watchfloor-demo") / hashlib.sha256(str(home).encode()).hexdigest()[:8] if closed else home


def let_server_read(mailboxes: Path) -> None:
    """Give the mail tree to the user Dovecot reads it as; nothing to do unless we are root."""
    if os.geteuid() == 0:
        user, group = _mail_user()
        subprocess.run(["chown", "-R", f"{user}:{group}", str(mailboxes)], check=True)


def _secrets(home: Path) -> dict[str, str]:
    """The master password and the doveadm key, kept over restarts in a 0600 file."""
    path = home / "secrets"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(f"{secrets.token_urlsafe(24)}\n{secrets.token_urlsafe(24)}\n")
    master, doveadm = path.read_text().split()
    return {"master": master, "doveadm": doveadm}


def _mail_user() -> tuple[str, str]:
    if os.geteuid() == 0:
        return "mail", "mail"
    return pwd.getpwuid(os.geteuid()).pw_name, grp.getgrgid(os.getegid()).gr_name


def _write_files(home: Path, mailboxes: Path, addresses: list[str], secret: dict[str, str], ports: list[int]) -> None:
    user, group = _mail_user()
    root = os.geteuid() == 0
    places = {
        "HOME": str(home),
        "MAILBOXES": str(mailboxes),
        "INTERNAL_USER": "dovecot" if root else user,
        "INTERNAL_GROUP": "dovecot" if root else group,
        "LOGIN_USER": "dovenull" if root else user,
        "MAIL_USER": user,
        "MAIL_GROUP": group,
        "IMAP_PORT": str(ports[0]),
        "DOVEADM_PORT": str(ports[1]),
        "DOVEADM_KEY": secret["doveadm"],
    }
    text = (content_folder("demo") / "dovecot.conf").read_text()
    for name, value in places.items():
        text = text.replace(f"@{name}@", value)
    users = "".join(f"{address}:{{PLAIN}}{secrets.token_urlsafe(12)}::::::\n" for address in addresses)
    for name, content, mode in (
        ("dovecot.conf", text, 0o600),
        ("users", users, 0o644),
        ("masters", f"{MASTER}:{{PLAIN}}{secret['master']}::::::\n", 0o644),
        ("acl", RECOVERABLE_HIDDEN, 0o644),
    ):
        path = home / name
        path.touch(mode=mode)
        path.write_text(content)
        path.chmod(mode)
    (home / "denied").touch(mode=0o644)  # whoever is suspended stays so over a restart
    home.chmod(0o755)
    if root:
        for name in ("users", "masters"):
            shutil.chown(home / name, "root", "dovecot")
            (home / name).chmod(0o640)


def _free_ports(count: int) -> list[int]:
    held = [socket.socket() for _ in range(count)]
    try:
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in held]
    finally:
        for one in held:
            one.close()
