#!/usr/bin/env python3
"""The words people type, without make: python3 run.py env | demo | test | test-scale | check | serve | bench NAME | fuzz.

Needs only Python 3.11; brings uv into .uv/, and everything else into .venv/.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / "bin"
UV_VERSION = "0.9.7"
PACKAGES = [
    "dovecot-core",
    "dovecot-imapd",
    "dovecot-lmtpd",
    "postfix",
    "postgresql",
    "chromium",
    "rspamd",
    "clamav-daemon",
    "openjdk-17-jre-headless",
    "slapd",
    "slapd-contrib",
    "dovecot-ldap",
    "dovecot-sieve",
    "dovecot-managesieved",
    "samba",
    "samba-ad-dc",
    "samba-ad-provision",
    "samba-dsdb-modules",
    "samba-vfs-modules",
    "winbind",
    "krb5-user",
    "smbclient",
    "acl",
    "rsyslog",
    "rsyslog-openssl",
]
PROGRAMS = {
    "dovecot-core": "/usr/sbin/dovecot",
    "dovecot-imapd": "/usr/lib/dovecot/imap",
    "dovecot-lmtpd": "/usr/lib/dovecot/lmtp",
    "postfix": "/usr/lib/postfix/sbin/master",
    "postgresql": "/usr/lib/postgresql/15/bin/postgres",
    "chromium": "/usr/bin/chromium",
    "rspamd": "/usr/bin/rspamd",
    "clamav-daemon": "/usr/sbin/clamd",
    "openjdk-17-jre-headless": "/usr/bin/java",
    "slapd": "/usr/sbin/slapd",
    "slapd-contrib": "/usr/lib/ldap/lastbind.so",
    "dovecot-ldap": "/usr/lib/dovecot/modules/auth/libauthdb_ldap.so",
    "dovecot-sieve": "/usr/bin/sievec",
    "dovecot-managesieved": "/usr/lib/dovecot/managesieve",
    "samba": "/usr/sbin/smbd",
    "samba-ad-dc": "/usr/sbin/samba",
    "samba-ad-provision": "/usr/share/samba/setup/provision.ldif",
    "samba-dsdb-modules": "/usr/lib/x86_64-linux-gnu/samba/ldb/samba_dsdb.so",
    "samba-vfs-modules": "/usr/lib/x86_64-linux-gnu/samba/vfs/acl_xattr.so",
    "winbind": "/usr/sbin/winbindd",
    "krb5-user": "/usr/bin/kinit",
    "smbclient": "/usr/bin/smbclient",
    "acl": "/usr/bin/setfacl",
    "rsyslog": "/usr/sbin/rsyslogd",
    "rsyslog-openssl": "/usr/lib/x86_64-linux-gnu/rsyslog/lmnsd_ossl.so",
}


def run(*command: object, **options: object) -> None:
    """Run a command; end with its exit code when it fails."""
    done = subprocess.run([str(part) for part in command], cwd=ROOT, **options)  # type: ignore[call-overload]
    if done.returncode:
        raise SystemExit(done.returncode)


def apt(*packages: str) -> None:
    """Install Debian packages as root, without starting their services."""
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(
        ["debconf-set-selections"],
        input=b"postfix postfix/main_mailer_type select No configuration\nslapd slapd/no_configuration boolean true\n",
        env=quiet,
        check=False,
    )
    run("apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300", "update", env=quiet)
    run(
        "apt-get",
        "-qq",
        "-y",
        "--no-install-recommends",
        "-o",
        "DPkg::Lock::Timeout=300",
        "install",
        *packages,
        env=quiet,
    )


def uv() -> list[str]:
    """The uv command: from PATH of .uv/, fetched with pip when missing."""
    folder = ROOT / ".uv"
    program = folder / "bin" / "uv"
    if not program.exists():
        print("Fetching uv ...", flush=True)
        if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True).returncode:
            if os.geteuid() != 0:
                raise SystemExit("pip is missing. Install it once with: sudo apt-get install python3-pip")
            apt("python3-pip")
        run(
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--root-user-action=ignore",
            "--target",
            folder,
            "-r",
            "requirements/uv.txt",
            "--require-hashes",
        )
    return [str(program)]


def env(kind: str = "base") -> None:
    """Make or refresh .venv from the hashed requirements; instant when nothing changed. What was made for development stays so."""
    mark = VENV / "installed"
    had, _, known = mark.read_text().partition(" ") if mark.exists() else ("", "", "")
    kind = "dev" if had == "dev" else kind
    wanted = f"requirements/{kind}.txt"
    digest = hashlib.sha256((ROOT / wanted).read_bytes() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()
    if (had, known) == (kind, digest):
        return
    tool = uv()
    if not BIN.exists():
        run(*tool, "venv", "--quiet", "--python", sys.executable, VENV)
    print(f"Installing {wanted} into .venv ...", flush=True)
    environ = {**os.environ, "VIRTUAL_ENV": str(VENV)}
    # Compiled once here: where PYTHONDONTWRITEBYTECODE is set, every process would compile all it imports at every start.
    run(*tool, "pip", "sync", "--quiet", "--require-hashes", "--compile-bytecode", wanted, env=environ)
    run(*tool, "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "-e", ".", env=environ)
    mark.write_text(f"{kind} {digest}")


def servers() -> None:
    """Install the Debian packages the tests use when we may; otherwise say which are missing."""
    missing = [name for name in PACKAGES if not Path(PROGRAMS[name]).exists()]
    if not missing:
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"Installing test servers: {' '.join(missing)} ...", flush=True)
        apt(*missing)
    else:
        print(f"Tests that need these Debian packages will be skipped: {' '.join(missing)}", flush=True)


def check() -> None:
    """Everything that reads the code without running the product."""
    env("dev")
    run(BIN / "ruff", "check", ".")
    run(BIN / "ruff", "format", "--check", ".")
    run(BIN / "lint-imports")
    run(BIN / "mypy")
    run(BIN / "djlint", "src", "--lint", "--quiet")
    run(BIN / "python", "tests/house/typescript.py")


WITHOUT_DATABASE = ("kernel", "inspection", "lake/kql")
"""What knows no Django: PostgreSQL tells nothing new about it."""


def at_once() -> tuple[str, ...]:
    """Pytest in one process more than there are cores, as many wait for servers; eight at most. A file's tests stay in one."""
    processes = max(2, min(8, (os.cpu_count() or 2) + 1))
    return ("-n", str(processes), "--dist", "loadfile", "--no-loadscope-reorder")


def test(*arguments: str) -> None:
    """The whole suite: checks, then pytest with real servers and a real browser, then the slices once more on PostgreSQL."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # or each of some hundred processes compiles all it imports anew
    servers()
    check()
    run(BIN / "python", "-m", "pytest", *(arguments or at_once()))
    if not arguments:
        on_postgresql()


def on_postgresql() -> None:
    """The slices on PostgreSQL: verbs and selectors, and with WATCHFLOOR_SCALE=full their pages too."""
    print("The slices on PostgreSQL ...", flush=True)
    python = BIN / "python"
    run(
        *(python, "-m", "labs.postgres", python, "-m", "pytest", "-q", *at_once()),
        *("-m", "not lab and not browser and not slow"),
        *(f"--ignore=src/watchfloor/{part}" for part in WITHOUT_DATABASE),
        "src/watchfloor",
    )


def test_scale(*arguments: str) -> None:
    """All questions of the other engines, of which `test` asks a part, and pages on PostgreSQL; writes docs/reference/engines.md."""
    env("dev")
    servers()
    os.environ["WATCHFLOOR_SCALE"] = "full"
    run(BIN / "python", "-m", "pytest", "-q", "tests/scale/test_engines.py", *arguments)
    if not arguments:
        on_postgresql()


def demo(*arguments: str) -> None:
    """Build the sample organisation and start the portal."""
    env()
    os.environ.setdefault("WATCHFLOOR_HOME", str(ROOT / ".demo"))
    os.execv(BIN / "watchfloor", ["watchfloor", "demo", *arguments])


def serve(*arguments: str) -> None:
    env()
    os.execv(BIN / "watchfloor", ["watchfloor", "serve", *arguments])


def bench(name: str) -> None:
    env("dev")
    servers()
    run(BIN / "python", f"benchmarks/{name.replace('-', '_')}.py")


def fuzz(seconds: str = "600") -> None:
    """Feed the mail parser what no mail looks like, ten minutes unless told otherwise."""
    env("dev")
    run(BIN / "python", "tests/fuzz/mail_parser.py", seconds)


WORDS = {
    "env": env,
    "demo": demo,
    "test": test,
    "test-scale": test_scale,
    "check": check,
    "serve": serve,
    "bench": bench,
    "fuzz": fuzz,
}

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in WORDS:
        raise SystemExit(__doc__)
    os.chdir(ROOT)
    WORDS[sys.argv[1]](*sys.argv[2:])
