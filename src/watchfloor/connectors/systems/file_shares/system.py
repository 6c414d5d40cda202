"""The connection's settings, its test, and what it opens."""

import os
import time
from collections.abc import Callable

from watchfloor.connectors.content import CONTENT_SETTINGS
from watchfloor.connectors.contracts import Capability, FileRef, MailboxActions, Setting, TestReport
from watchfloor.connectors.systems.file_shares.access import group_name, user_name
from watchfloor.connectors.systems.file_shares.hashing import content_in, sha256_in
from watchfloor.connectors.systems.file_shares.places import USUAL_OMISSIONS, Place, place_of

MOST_SHOWN = 200


class FileSharesSystem:
    kind = "file_shares"
    label = "Files on a disk or share"
    description = (
        "Lists who owns the files below a folder of this machine, be it a disk or a mounted NFS or Samba share, and who else "
        "may read or write them (mode and POSIX access lists). Follows no links; reads content only where you allow it."
    )
    settings = (
        Setting("folder", "Folder", help="As /srv/files; where the share is mounted on this machine"),
        Setting("every", "Look every … minutes", kind="number", required=False, default="60"),
        Setting(
            "domain",
            "Domain of login names",
            required=False,
            help="As corp.example, where the login name ada belongs to ada@corp.example. Empty: names are kept as they are.",
        ),
        Setting("shown", "Shown as", required=False, help=r"In place of the folder, as \\files\staff or //files/staff"),
        Setting("address", "Address", required=False, help="In place of the folder in links, as smb://files/staff"),
        Setting(
            "omit",
            "Leave out",
            required=False,
            default=USUAL_OMISSIONS,
            help="Names, with * and ?; apart by semicolons",
        ),
        Setting("most", "At most … names per look", kind="number", required=False, default="1000000"),
        Setting(
            "same_disk",
            "Stay on this disk",
            kind="choice",
            default="yes",
            choices=("yes", "no"),
            help="Do not look into other disks and shares that are mounted below the folder",
        ),
        *CONTENT_SETTINGS,
    )
    capabilities = frozenset({Capability.READ_FILES})

    def test(self, settings: dict[str, str]) -> TestReport:
        """List the folder, and say whether its owners have names here."""
        place = place_of(settings)
        try:
            with os.scandir(place.root) as entries:
                found = [
                    entry.stat(follow_symlinks=False) for entry, _ in zip(entries, range(MOST_SHOWN), strict=False)
                ]
        except OSError as error:
            return TestReport(ok=False, lines=((False, f"may not list {place.root}: {error.strerror}"),))
        nameless = sorted({one.st_uid for one in found if user_name(one.st_uid).isdigit()})
        lines = [(True, f"can list {place.root}, which holds {_counted(len(found))}"), _whose(place, found)]
        if nameless:
            several = ", ".join(map(str, nameless[:5]))
            lines.append((False, f"owners without a name on this machine: {several}; connect it to the same directory"))
        return TestReport(ok=not nameless, lines=tuple(lines))

    def run(self, settings: dict[str, str], *, name: str, stop: Callable[[], bool]) -> None:
        """Scan, wait, scan again, until stopped."""
        from watchfloor.connectors.systems.file_shares.scanning import Scanner

        place, wait = place_of(settings), max(int(settings.get("every") or 60), 1) * 60
        while not stop():
            user_name.cache_clear()
            group_name.cache_clear()
            Scanner(place, name, stop).run()
            until = time.monotonic() + wait
            while time.monotonic() < until and not stop():
                time.sleep(0.1)

    def actions(self, settings: dict[str, str]) -> MailboxActions | None:
        return None

    def sha256_of(self, settings: dict[str, str], key: str) -> str:
        """The SHA-256 of one file by its key. Raises NotFound, BadInput or Unreachable."""
        return sha256_in(place_of(settings), key)

    def content_of(self, settings: dict[str, str], file: FileRef, *, most: int) -> bytes:
        """One file's bytes by its key; see ContentSystem."""
        return content_in(place_of(settings), file.key, most=most)


def _counted(count: int) -> str:
    return f"at least {count} entries" if count >= MOST_SHOWN else f"{count} entries"


def _whose(place: Place, found: list[os.stat_result]) -> tuple[bool, str]:
    owners = sorted({place.person(user_name(one.st_uid)) for one in found})
    return True, f"sees as owners: {', '.join(owners[:5])}" if owners else "finds nothing in it yet"
