"""Where Chromium is: what the operator says, else the usual places, the program itself before any wrapper script."""

import os
import shutil
from pathlib import Path

from watchfloor.inspection.rendering.contracts import NoChromium

PLACES = (
    "/usr/lib/chromium/chromium",
    "/usr/lib64/chromium-browser/chromium-browser",
    "/usr/lib/chromium-browser/chromium-browser",
    "/opt/google/chrome/chrome",
)
NAMES = ("chromium", "chromium-browser", "chrome-headless-shell", "google-chrome-stable", "google-chrome")
_chosen = ""


def choose_chromium(path: str) -> None:
    """Use the program at `path` from now on in this process; "" searches the usual places."""
    global _chosen
    _chosen = path


def chromium() -> str:
    """The path of the program. Raises NoChromium with what to install or set."""
    wanted = _chosen or os.environ.get("WATCHFLOOR_CHROMIUM", "")
    if wanted:
        if _runs(wanted):
            return wanted
        raise NoChromium(f"no renderer: there is no program at {wanted} (setting “chromium”)")
    found = next(filter(_runs, PLACES), None) or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise NoChromium("no renderer: install Chromium (package chromium), or name it in the setting “chromium”")
    return found


def _runs(path: str) -> bool:
    return Path(path).is_file() and os.access(path, os.X_OK)
