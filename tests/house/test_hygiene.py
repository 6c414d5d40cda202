"""Nothing of the machine it was made on, and nothing that works only online, is in the repository."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOSTS = ("py" + "pi.org", "python" + "hosted.org", "registry." + "npmjs", "deb." + "debian.org")
TEXT = {".py", ".html", ".js", ".css", ".md", ".yaml", ".toml", ".txt", ".json", ".cfg", ".conf", ".svg", ".eml", ""}


def tracked() -> list[Path]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    return [ROOT / name for name in done.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


def read(path: Path) -> str:
    return path.read_text(errors="replace") if path.suffix in TEXT else ""


def test_no_file_names_a_package_registry():
    named = [str(path) for path in tracked() for host in HOSTS if host in read(path)]
    assert not named


def test_no_file_carries_a_path_of_a_machine():
    wrong = re.compile(r"(?<![\w.])/(?:root|home/\w+|work)/\w")
    named = [str(path) for path in tracked() if wrong.search(read(path))]
    assert not named


def test_every_dependency_says_why():
    lines = (ROOT / "pyproject.toml").read_text().partition("dependencies = [")[2].partition("]\n")[0].splitlines()
    silent = [line for line in lines if line.strip() and "#" not in line]
    assert not silent


def test_requirements_are_pinned_with_hashes():
    for name in ("base", "dev", "uv"):
        text = (ROOT / "requirements" / f"{name}.txt").read_text()
        pins = re.findall(r"^[\w.\-\[\]]+==", text, re.MULTILINE)
        assert pins
        assert text.count("--hash=sha256:") >= len(pins)


def test_vendored_files_say_where_they_come_from():
    folder = ROOT / "src/watchfloor/ui/static/ui/vendor"
    said = (folder / "VENDOR.md").read_text()
    for path in folder.rglob("*"):
        if path.is_file() and path.name != "VENDOR.md":
            assert path.name in said or path.parent.name in said, f"{path.name} is not in VENDOR.md"
