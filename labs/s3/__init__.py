"""An S3 server of one's own (moto), all in memory: `with S3() as s3: s3.url`, and one empty bucket, `lake`.

`conditional=False` makes it ignore If-None-Match, as stores do that lack conditional writes; `delay` lets every request wait
so many seconds, for real stores are farther away than 127.0.0.1.
"""

import contextlib
import os
import signal
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

from labs import Server, free_ports

BUCKET = "lake"
KEY_ID, SECRET = "AKIALAKE", "a secret of the lab"


class S3(Server):
    """moto's S3 alone, as a process."""

    start_seconds = 30

    def __init__(self, *, conditional: bool = True, delay: float = 0.0) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="wfs3"))
        self.conditional, self.delay = conditional, delay
        (self.port,) = free_ports(1)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        words = [sys.executable, "-m", "labs.s3", str(self.port), str(self.delay)]
        return words if self.conditional else [*words, "unconditional"]

    def is_up(self) -> bool:
        """The bucket is made by the first request that gets through."""
        request = urllib.request.Request(f"{self.url}/{BUCKET}", method="PUT")
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            return urllib.request.urlopen(request, timeout=5).status == 200
        return False

    def log(self) -> str:
        return ""

    def options(self, prefix: str = "wf") -> dict[str, str]:
        """The product's settings for a lake in this store, as environment variables."""
        return {
            "WATCHFLOOR_LAKE_LOCATION": f"s3://{BUCKET}/{prefix}",
            "WATCHFLOOR_LAKE_ENDPOINT": self.url,
            "WATCHFLOOR_LAKE_REGION": "us-east-1",
            "WATCHFLOOR_LAKE_KEY_ID": KEY_ID,
            "WATCHFLOOR_LAKE_SECRET": SECRET,
        }

    def pause(self) -> None:
        """Accept connections and answer nothing, as a store behind a broken network does."""
        os.killpg(self.process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.killpg(self.process.pid, signal.SIGCONT)
