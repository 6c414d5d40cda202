"""The settings an operator gives: environment first, then one TOML file, then the default.

`WATCHFLOOR_HOME` (default ~/.watchfloor) holds everything that is kept: database, lake, mail, keys.
The TOML file is `$WATCHFLOOR_CONFIG` or `$WATCHFLOOR_HOME/watchfloor.toml`; its keys are the field names below.
Every option appears in docs/reference/settings.md, or the build fails.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from watchfloor.kernel.errors import BadInput

DEFAULT_HOME = "~/.watchfloor"
WORDS_OF_TYPES: dict[type, str] = {str: "text in quotes", int: "a whole number", bool: "true or false"}
SEALED = "gAAAAA"
"""How what `runtime.services.seal` makes begins."""
OWN_MACHINE = {"127.0.0.1", "localhost", "::1"}
SWITCH_WORDS = {
    "1": True,
    "true": True,
    "yes": True,
    "on": True,
    "0": False,
    "false": False,
    "no": False,
    "off": False,
    "": False,
}


@dataclass(frozen=True, slots=True)
class Options:
    """Everything an operator can set. Environment names are WATCHFLOOR_ plus the field in capitals; DATABASE_URL also counts."""

    home: str = DEFAULT_HOME
    database_url: str = ""
    listen: str = "127.0.0.1:8000"
    public_url: str = ""
    trusted_proxy: str = ""
    own_domains: str = ""
    authserv_ids: str = ""
    microsoft_tenants: str = ""
    lookups_allowed: bool = False
    inspection_workers: int = 2
    campaign_hours: int = 48
    lake_memory: str = "400MB"
    lake_fast_days: int = 92
    lake_location: str = ""
    lake_endpoint: str = ""
    lake_region: str = "us-east-1"
    lake_key_id: str = ""
    lake_secret: str = ""
    lake_allow_http: bool = False
    lake_cache_mb: int = 10_000
    lake_engine: str = "duckdb"
    lake_spark: str = ""
    lake_sail: str = ""
    web_threads: int = 6
    time_zone: str = "UTC"
    sigma_rules: str = ""
    chromium: str = ""

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
    values = _from_file(path)
    _refuse_plain_secret(values, path)
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
        if type(value) is not wanted:  # not isinstance: true is an int to Python
            raise BadInput(f"“{name}” must be {WORDS_OF_TYPES[wanted]}", place=str(path))
    read = Options(**values)  # type: ignore[arg-type]
    _check(read)
    return read


def _from_file(path: Path) -> dict[str, object]:
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"not valid TOML: {error}", place=str(path)) from None


def _refuse_plain_secret(values: Mapping[str, object], path: Path) -> None:
    secret = values.get("lake_secret", "")
    if secret and not str(secret).startswith(SEALED):
        raise BadInput(
            "“lake_secret” does not stand in a file as it is: give it as WATCHFLOOR_LAKE_SECRET, or write what "
            "`watchfloor lake seal` makes of it",
            place=str(path),
        )


def _check_lake(read: Options) -> None:
    """A lake in an object store needs the store's whole address, and a line that nobody reads along."""
    if not read.lake_location:
        return
    if not re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[\w./=-]*)?", read.lake_location):
        raise BadInput(f"“{read.lake_location}” is not s3://bucket/prefix", place="lake_location")
    if not read.lake_key_id or not read.lake_secret or not read.lake_region:
        raise BadInput("an object store needs lake_key_id, lake_secret and lake_region", place="lake_location")
    address = urlsplit(read.lake_endpoint)
    if read.lake_endpoint and (
        address.scheme not in {"http", "https"} or not address.netloc or address.path.strip("/")
    ):
        raise BadInput(f"“{read.lake_endpoint}” is not https://host:port", place="lake_endpoint")
    if address.scheme == "http" and address.hostname not in OWN_MACHINE and not read.lake_allow_http:
        raise BadInput(
            "events and keys would travel unencrypted; use https, or set lake_allow_http", place="lake_endpoint"
        )
    if read.lake_cache_mb < 100:
        raise BadInput("must be at least 100", place="lake_cache_mb")


def _check_engines(read: Options) -> None:
    """An engine is asked over Spark Connect, whose addresses begin with sc://."""
    for name in ("lake_spark", "lake_sail"):
        value = getattr(read, name)
        if value and not re.fullmatch(r"sc://[^/\s:]+(:\d+)?(/.*)?", value):
            raise BadInput(f"“{value}” is not an address of Spark Connect, as sc://host:15002", place=name)
    if read.lake_engine not in ("duckdb", "spark", "sail"):
        raise BadInput(f"“{read.lake_engine}” is none of duckdb, spark and sail", place="lake_engine")
    if read.lake_engine != "duckdb" and not getattr(read, f"lake_{read.lake_engine}"):
        raise BadInput(f"needs lake_{read.lake_engine}, where {read.lake_engine} answers", place="lake_engine")


def _check(read: Options) -> None:
    """Refuse at the door what would break later in words that nobody connects with a setting."""
    if read.lake_fast_days < 0:
        raise BadInput("must not be negative; 0 keeps no fast copy", place="lake_fast_days")
    host, _, port = read.listen.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise BadInput(f"“{read.listen}” is not host:port, as 127.0.0.1:8000", place="listen")
    if read.public_url and not read.public_url.startswith(("http://", "https://")):
        raise BadInput(f"“{read.public_url}” must begin with http:// or https://", place="public_url")
    if read.database_url and not read.database_url.startswith(("postgresql://", "postgres://")):
        raise BadInput("must be postgresql://user:password@host:port/name, or empty for SQLite", place="database_url")
    if read.inspection_workers < 1 or read.web_threads < 1:
        raise BadInput("must be at least 1", place="inspection_workers, web_threads")
    _check_lake(read)
    _check_engines(read)
    try:
        ZoneInfo(read.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise BadInput(f"“{read.time_zone}” is not a time zone, as Europe/Berlin", place="time_zone") from None


def _typed(name: str, text: str) -> object:
    default = getattr(Options(), name)
    if isinstance(default, bool):
        word = text.strip().lower()
        if word not in SWITCH_WORDS:
            raise BadInput(f"“{text}” is neither true nor false", place=f"WATCHFLOOR_{name.upper()}")
        return SWITCH_WORDS[word]
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
