import os
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = str(Path(sys.executable).parent / "watchfloor")
MAIL = (
    "From: Max <max@elsewhere.example>\nTo: ada@corp.example\nSubject: Lunch {number}\n"
    "Date: Fri, 20 Nov 2026 09:00:00 +0000\nMessage-ID: <{number}@elsewhere.example>\n\nAt twelve?\n"
)


@pytest.fixture
def run(tmp_path):
    def watchfloor(*arguments):
        # In a window narrower than the paths.
        environ = {**os.environ, "DATABASE_URL": "", "WATCHFLOOR_HOME": str(tmp_path / "home"), "COLUMNS": "60"}
        return subprocess.run([COMMAND, *arguments], env=environ, capture_output=True, text=True, check=False)

    return watchfloor


@pytest.fixture
def folder(tmp_path):
    mails = tmp_path / "mails"
    mails.mkdir()
    for number in range(3):
        (mails / f"{number}.eml").write_text(MAIL.format(number=number))
    return mails


def test_an_import_says_what_came_in_what_was_known_and_what_was_refused_and_why(run, folder):
    first = run("import", str(folder))
    assert first.returncode == 0, first.stderr
    assert "3 accepted, of which 0 were known already; 0 refused" in first.stderr
    (folder / "3.eml").write_text(MAIL.format(number=3))
    (folder / "empty.eml").touch()
    second = run("import", str(folder))
    assert second.returncode == 1
    assert "4 accepted, of which 3 were known already; 1 refused" in second.stderr
    assert f"{folder / 'empty.eml'}: " in second.stderr


def test_inspecting_a_file_stores_nothing_and_says_why_in_words_or_json(run, folder, tmp_path):
    said = run("inspect", str(folder / "0.eml"))
    assert said.returncode == 0, said.stderr
    assert "Lunch 0" in said.stdout
    assert '"internet_message_id": "<0@elsewhere.example>"' in run("inspect", "--json", str(folder / "0.eml")).stdout
    assert not (tmp_path / "home" / "watchfloor.sqlite3").exists()


def test_headers_of_a_microsoft_365_export_count_only_when_somebody_vouches_for_them(run, tmp_path):
    from watchfloor.inspection.tests.exports import exported

    mail = tmp_path / "export.eml"
    mail.write_bytes(exported())
    told = run("inspect", "--from-microsoft-365", str(mail))
    assert "Imported header: our own Microsoft 365 judged it Spam" in told.stdout, told.stderr
    assert "Imported header" not in run("inspect", str(mail)).stdout
    assert run("import", "--from-microsoft-365", str(mail)).returncode == 0
