"""A PostgreSQL of one's own, in a folder of its own, ready in about a second.

with postgres() as url:
    psycopg.connect(url)
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGINT

import psycopg

from labs import free_ports, need, wait_until

USER = "watchfloor"
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off", "listen_addresses=127.0.0.1")


def program(name: str) -> str:
    """One of the newest installed server's programs, which Debian keeps off the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    return need(str(found[-1]) if found else f"/usr/lib/postgresql/15/bin/{name}")


@contextmanager
def postgres() -> Iterator[str]:
    """The URL of a fresh, empty database; the server is gone with its files afterwards.

    PostgreSQL refuses to run as root, so as root it runs as the package's own user.
    """
    as_user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    initdb, server_program = program("initdb"), program("postgres")
    folder = Path(tempfile.mkdtemp(prefix="wfpg"))
    (port,) = free_ports(1)
    try:
        if as_user:
            shutil.chown(folder, "postgres", "postgres")
        make = [initdb, "-D", folder / "data", "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        subprocess.run(make, check=True, capture_output=True, cwd="/", **as_user)
        settings = [part for option in FAST for part in ("-c", option)]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [server_program, "-D", folder / "data", "-p", str(port), "-k", folder, *settings],
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
                **as_user,
            )
        try:
            wait_until(lambda: _made_database(port), seconds=30, what=f"PostgreSQL's start ({folder / 'log'})")
            yield f"postgresql://{USER}@127.0.0.1:{port}/{USER}"
        finally:
            server.send_signal(SIGINT)  # fast shutdown: open sessions are ended
            server.wait(timeout=30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _made_database(port: int) -> bool:
    try:
        with psycopg.connect(f"postgresql://{USER}@127.0.0.1:{port}/postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {USER}")
    except psycopg.OperationalError:
        return False
    return True
