"""The connection's settings, and its test."""

from collections.abc import Callable

from watchfloor.connectors.contracts import Capability, MailboxActions, Setting, TestReport
from watchfloor.connectors.protocols.deadline import LARGEST, SECONDS, bytes_of, seconds_of
from watchfloor.connectors.systems.yara.rules import RuleFiles, folders_of
from watchfloor.connectors.systems.yara.scanning import Yara, kept
from watchfloor.kernel.errors import WatchfloorError

MOST_SHOWN = 10


class YaraSystem:
    kind = "yara"
    label = "YARA rules (second opinion)"
    description = (
        "Matches YARA rules against the parts of each mail: text, attachments and what lies in zip files, in a process with "
        "limits. A rule's meta says what a match means: threat (Malware, Phish or Spam), words, points."
    )
    settings = (
        Setting(
            "folder",
            "Folder of rules",
            required=False,
            help="On this server; files ending in .yar or .yara, read anew when they change",
        ),
        Setting(
            "shipped", "Also use the rules shipped with Watchfloor", kind="choice", default="yes", choices=("yes", "no")
        ),
        SECONDS,
        LARGEST,
    )
    capabilities = frozenset({Capability.GIVE_OPINION})

    def test(self, settings: dict[str, str]) -> TestReport:
        """Read and compile every rule, and name each line that is wrong."""
        try:
            trial = self._made(settings, "yara")
            try:
                files = trial.files.sources()
                rules = trial.rules()
            finally:
                trial.close()
        except WatchfloorError as error:
            return TestReport(ok=False, lines=((False, error.message),))
        wrong = tuple((False, f"a broken rule is left out: {error}") for error in rules.errors[:MOST_SHOWN])
        more = len(rules.errors) - len(wrong)
        lines = (
            (
                True,
                f"can read {len(files)} rule file{'' if len(files) == 1 else 's'}, and match them in a process with limits",
            ),
            *wrong,
            *(((False, f"and {more} more"),) if more > 0 else ()),
        )
        return TestReport(ok=not wrong, lines=lines)

    def run(self, settings: dict[str, str], *, name: str, stop: Callable[[], bool]) -> None:
        """Nothing listens here: it is asked with each mail."""

    def actions(self, settings: dict[str, str]) -> MailboxActions | None:
        return None

    def opinion(self, settings: dict[str, str], *, name: str) -> Yara:
        """Whom to ask; the one that runs already when its settings are the same."""
        return kept(self._made(settings, name))

    def _made(self, settings: dict[str, str], name: str) -> Yara:
        return Yara(name, RuleFiles(folders_of(settings)), seconds=seconds_of(settings), largest=bytes_of(settings))
