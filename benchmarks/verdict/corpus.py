"""The labelled mail of a corpus folder: unwanted mail by campaign and kind, honest mail by source.

Takes what is there: `mail_train/mails.jsonl.gz` (one object a line: label, kind, campaign, month, raw in base64),
`mail_neutral/` or, without it, `mail/` (labels in `manifest.csv`, else by folder), bounces of a torture set. Any other
folder or `.jsonl.gz` of that shape counts too, so that later mail can be laid beside or given alone.
"""

import base64
import csv
import gzip
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.verdict.letters import ordinary_letters

HONEST, UNWANTED = "ham", "phish"
ORDINARY = "ordinary letters"
NEWSLETTERS, BOUNCES = "newsletters", "bounces"
_SOURCES = {
    "easy": "lists and people 2002 a",
    "list_or_personal_2002": "lists and people 2002 b",
    "hard": NEWSLETTERS,
    "newsletter_html_2002": NEWSLETTERS,
    "synthetic_business_html": "business",
    "bounce": BOUNCES,
}
_UNWANTED_LABELS = ("phish", "spam_modern", "lure", "unwanted")


@dataclass(frozen=True, slots=True)
class Mail:
    """One labelled mail. `group` is what must not be split between fitting and testing: its campaign, else the mail itself."""

    name: str
    label: str
    kind: str
    source: str
    group: str
    month: str
    raw: bytes

    @property
    def fold(self) -> int:
        """Which of five folds the mail's group falls into, the same on every machine."""
        return int(hashlib.sha256(self.group.encode()).hexdigest(), 16) % 5


def mails_of(folder: Path, *, letters: bool = True) -> list[Mail]:
    """All labelled mail of a folder, unwanted and honest; `letters` adds the project's own ordinary letters."""
    found = [*_lines(folder), *_files(folder), *_bounces(folder)]
    if letters:
        found += [Mail(name, HONEST, "ordinary", ORDINARY, name, "", raw) for name, raw in ordinary_letters()]
    return found


def _lines(folder: Path) -> Iterator[Mail]:
    for path in sorted({*folder.glob("*.jsonl.gz"), *folder.glob("mail*/*.jsonl.gz")}):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                label = _label(row.get("label", ""))
                if label and "raw" in row:
                    yield _mail(
                        row["id"],
                        label,
                        row.get("kind", ""),
                        row.get("campaign", ""),
                        row.get("month", ""),
                        base64.b64decode(row["raw"]),
                    )


def _files(folder: Path) -> Iterator[Mail]:
    rows = _manifest(folder)
    base = next((folder / name for name in ("mail_neutral", "mail") if (folder / name).is_dir()), folder)
    for label in (HONEST, UNWANTED):
        for path in sorted((base / label).glob("*.eml")):
            row = rows.get(path.relative_to(folder).as_posix(), {})
            yield _mail(
                path.name,
                label,
                row.get("sublabel", ""),
                row.get("campaign", ""),
                row.get("date", "")[:7],
                path.read_bytes(),
            )


def _bounces(folder: Path) -> Iterator[Mail]:
    for path in sorted((folder / "mail_torture" / "sisimai_bounces").glob("**/*.eml")):
        if not path.name.startswith("arf"):  # abuse reports carry the spam they report
            yield _mail(path.name, HONEST, "bounce", "", "", path.read_bytes())


def _manifest(folder: Path) -> dict[str, dict[str, str]]:
    path = folder / "manifest.csv"
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as lines:
        return {row["path"]: row for row in csv.DictReader(lines) if row.get("path", "").startswith("mail")}


def _label(written: str) -> str:
    return HONEST if written == HONEST else UNWANTED if written in _UNWANTED_LABELS else ""


def _mail(name: str, label: str, kind: str, campaign: str, month: str, raw: bytes) -> Mail:
    source = _SOURCES.get(kind, kind or "other honest mail") if label == HONEST else "unwanted"
    return Mail(name, label, kind or "unknown", source, campaign or name, month, raw)
