"""Sail of one's own: a Spark Connect server in one process without a JVM, ready in about two seconds.

with Sail() as server:
    SailEngine(address=server.address, ...)
"""

import os
import sys
import tempfile
from pathlib import Path

from labs import Server, answers, free_ports


class Sail(Server):
    """One server; it reads the files of this machine."""

    start_seconds = 60

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="wfsail"))
        (self.port,) = free_ports(1)
        os.environ.setdefault("RUST_LOG", "warn")

    @property
    def address(self) -> str:
        return f"sc://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        return [sys.executable, "-m", "pysail", "spark", "server", "--ip", "127.0.0.1", "--port", str(self.port)]

    def is_up(self) -> bool:
        return answers(self.port)

    def log(self) -> str:
        return (self.folder / "stderr").read_text()
