"""`python -m labs.postgres COMMAND ...`: run a command with DATABASE_URL of a fresh PostgreSQL, gone afterwards."""

import os
import subprocess
import sys
from pathlib import Path

from labs.postgres import postgres


def main(command: list[str]) -> int:
    if not list(Path("/usr/lib/postgresql").glob("*/bin/postgres")):
        print("PostgreSQL is not installed: the tests on it are skipped (apt-get install postgresql)")
        return 1 if os.environ.get("CI", "").lower() == "true" else 0
    with postgres() as url:
        return subprocess.run(command, env={**os.environ, "DATABASE_URL": url}, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
