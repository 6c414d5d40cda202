"""Files as a connection: a folder that is read again and again, so that what is dropped into it comes in."""

from collections.abc import Callable
from pathlib import Path

from watchfloor.connectors.contracts import Capability, MailboxActions, Setting, TestReport


class FilesSystem:
    kind = "files"
    label = "Mail in files (a drop folder)"
    description = (
        "Takes in every .eml, .emlx, mbox and Maildir file put below a folder on this machine, and then leaves it alone. "
        "`watchfloor import PATH` does the same once, with a progress bar."
    )
    settings = (
        Setting("folder", "Folder", help="An absolute path on this machine"),
        Setting("seconds", "Look every … seconds", kind="number", default="10"),
    )
    capabilities = frozenset({Capability.READ_MAIL})

    def test(self, settings: dict[str, str]) -> TestReport:
        folder = Path(settings["folder"])
        if not folder.is_dir():
            return TestReport(ok=False, lines=((False, f"{folder} is not a folder this process can see"),))
        try:
            count = sum(1 for _ in folder.iterdir())
        except OSError as error:
            return TestReport(ok=False, lines=((False, f"may not list {folder}: {error.strerror}"),))
        return TestReport(ok=True, lines=((True, f"can read {folder}, which holds {count} entries"),))

    def run(self, settings: dict[str, str], *, name: str, stop: Callable[[], bool]) -> None:
        """Take in what is new since the last look, until stopped."""
        from watchfloor.connectors.systems.files.watching import watch

        watch(Path(settings["folder"]), name=name, seconds=int(settings["seconds"]), stop=stop)

    def actions(self, settings: dict[str, str]) -> MailboxActions | None:
        return None
