"""A fuzz target for the whole inspection of one raw mail: whatever the bytes, there is an inspection and no exception.

    make fuzz                                        ten minutes
    .venv/bin/python tests/fuzz/mail_parser.py SECONDS

Coverage of our own modules guides it (atheris, libFuzzer below it). It starts from the fixture mails and the crafted bombs
that are small; what it finds it writes to `crash-…` in the folder it is started in, and it ends with an exit code.
"""

import sys
import tempfile
from pathlib import Path

import atheris

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "src" / "watchfloor" / "inspection" / "tests" / "fixtures"
SECONDS_A_MAIL = 20
MEGABYTES = 3_000
LONGEST = 64 << 10

with atheris.instrument_imports(include=["watchfloor.inspection", "watchfloor.kernel"]):
    from watchfloor.inspection.contracts import Envelope
    from watchfloor.inspection.inspect import inspect
    from watchfloor.inspection.report import as_json, as_text
    from watchfloor.inspection.tests import bombs
    from watchfloor.inspection.tests.letters import FACTS, NOW, html_letter, letter, with_file
    from watchfloor.inspection.tests.test_containers import SEVEN, rar


def one_mail(data: bytes) -> None:
    """The promise: an inspection whose words can be shown, whatever the bytes."""
    found = inspect(data, envelope=Envelope(), facts=FACTS, now=NOW)
    as_json(found)
    as_text(found)


def seeds() -> list[bytes]:
    """Mails to start from."""
    made = [letter(), html_letter("<a href='https://evil.example/'>x</a>"), with_file(SEVEN, "a.7z")]
    made += [with_file(rar("a.exe"), "a.rar"), bombs.nested_mime(3), bombs.nested_messages(3), bombs.unclosed_quotes()]
    return made + [path.read_bytes() for path in sorted(FIXTURES.glob("*.eml"))]


def main(seconds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(seeds()):
            (Path(folder) / f"{number}").write_bytes(seed[:LONGEST])
        options = [f"-max_total_time={seconds}", f"-timeout={SECONDS_A_MAIL}", f"-rss_limit_mb={MEGABYTES}"]
        atheris.Setup([sys.argv[0], *options, f"-max_len={LONGEST}", "-print_final_stats=1", folder], one_mail)
        atheris.Fuzz()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 600)
