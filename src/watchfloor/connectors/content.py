"""Reading the content of stored files: only where a connection's settings allow it, and never more than they say."""

from dataclasses import dataclass

from watchfloor.connectors.contracts import ContentSystem, FileRef, Setting

SWITCH = "content"
CONTENT_SETTINGS = (
    Setting(
        SWITCH,
        "Look for malware in files",
        kind="choice",
        default="no",
        choices=("no", "yes"),
        help="Reads the content of files when they are new or changed, and inspects it as mail's attachments are; nothing is kept of it but what was found",
    ),
    Setting("content_mb", "Of files up to … MB", kind="number", required=False, default="20"),
    Setting("content_budget", "At most … MB a minute", kind="number", required=False, default="200"),
)
LARGEST_MB = 40
"""What still fits into one inspection, whose own bound is 64 MB for a mail with its files in base64."""


@dataclass(frozen=True, slots=True)
class Reader:
    """The files of one connection, as `ContentReader`."""

    system: ContentSystem
    settings: dict[str, str]

    @property
    def most(self) -> int:
        return min(max(int(self.settings.get("content_mb") or 20), 1), LARGEST_MB) << 20

    @property
    def budget(self) -> int:
        return max(int(self.settings.get("content_budget") or 200), 1) << 20

    def read(self, file: FileRef) -> bytes:
        """The file's bytes; see `ContentSystem.content_of`."""
        return self.system.content_of(self.settings, file, most=self.most)
