"""The settings an operator gives: environment first, then one TOML file, then the default.

`WATCHFLOOR_HOME` (default ~/.watchfloor) holds everything that is kept: database, lake, mail, keys.
The TOML file is `$WATCHFLOOR_CONFIG` or `$WATCHFLOOR_HOME/watchfloor.toml`; its keys are the field names below.
Every option appears in docs/reference/settings.md, or the build fails.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

from watchfloor.kernel.errors import BadInput

DEFAULT_HOME = "~/.watchfloor"


@dataclass(frozen=True, slots=True)
class Options:
    """Everything an operator can set. Environment names are WATCHFLOOR_ plus the field in capitals; DATABASE_URL also counts."""

    home: str = DEFAULT_HOME
    database_url: str = ""
    listen: str = "127.0.0.1:8000"
    public_url: str = ""
    own_domains: str = ""
    authserv_ids: str = ""
    lookups_allowed: bool = False
    inspection_workers: int = 2
    lake_memory: str = "400MB"
    web_threads: int = 6
    time_zone: str = "UTC"

    @property
    def folder(self) -> Path:
        return Path(self.home).expanduser()

    @property
    def address(self) -> str:
        return self.public_url or f"http://{self.listen}"

    def list_of(self, field: str) -> tuple[str, ...]:
        """A comma-separated option as lower-case items."""
        return tuple(item.strip().lower() for item in str(getattr(self, field)).split(",") if item.strip())


def read_options(environ: Mapping[str, str]) -> Options:
    """Merge environment and TOML. An unknown key or a wrong type raises BadInput naming the file and the key."""
    home = Path(environ.get("WATCHFLOOR_HOME", DEFAULT_HOME)).expanduser()
    path = Path(environ.get("WATCHFLOOR_CONFIG", home / "watchfloor.toml"))
    values: dict[str, object] = tomllib.loads(path.read_text()) if path.exists() else {}
    known = {field.name: field for field in fields(Options)}
    for key in values:
        if key not in known:
            raise BadInput(f"unknown setting “{key}”; known are {', '.join(known)}", place=str(path))
    for name in known:
        text = environ.get(f"WATCHFLOOR_{name.upper()}")
        if text is not None:
            values[name] = _typed(name, text)
    if environ.get("DATABASE_URL"):
        values["database_url"] = environ["DATABASE_URL"]
    for name, value in values.items():
        wanted = type(getattr(Options(), name))
        if not isinstance(value, wanted):
            raise BadInput(f"“{name}” must be {wanted.__name__}", place=str(path))
    return Options(**values)  # type: ignore[arg-type]


def _typed(name: str, text: str) -> object:
    default = getattr(Options(), name)
    if isinstance(default, bool):
        return text.strip().lower() in {"1", "true", "yes", "on"}
    if isinstance(default, int):
        try:
            return int(text)
        except ValueError:
            raise BadInput(f"“{text}” is not a whole number", place=f"WATCHFLOOR_{name.upper()}") from None
    return text


@cache
def options() -> Options:
    """The options of this process, read once."""
    return read_options(os.environ)
