"""`watchfloor doctor` says in words what works and what does not, and its exit code says whether something needed fails."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from watchfloor.config import doctor
from watchfloor.config.options import Options

COMMAND = Path(sys.executable).with_name("watchfloor")


@pytest.fixture
def run(tmp_path):
    def watchfloor(*arguments, **environ):
        return subprocess.run(
            [COMMAND, *arguments],
            env={**os.environ, "DATABASE_URL": "", "WATCHFLOOR_HOME": str(tmp_path / "home"), **environ},
            capture_output=True,
            text=True,
            check=False,
        )

    return watchfloor


def found(answer):
    return {(one["part"], one["state"]) for one in json.loads(answer.stdout)}


def test_an_empty_home_fails_and_says_what_makes_it_work(run):
    answer = run("doctor")
    assert answer.returncode == 1
    assert "`watchfloor serve` applies them" in answer.stdout
    assert "no such table" not in answer.stdout


def test_a_ready_installation_passes_and_what_could_be_better_is_a_notice(run):
    ready = run(
        "person", "add", "max@corp.example", "--name", "Max", "--role", "Global Administrator",
        "--password", "correct horse battery staple",
    )  # fmt: skip
    assert ready.returncode == 0, ready.stderr
    answer = run("doctor", "--json")
    assert answer.returncode == 0, answer.stdout
    assert {("database", "ok"), ("people", "ok"), ("audit log", "ok"), ("jobs", "ok"), ("secrets", "ok")} <= found(
        answer
    )
    assert ("connections", "notice") in found(answer)
    assert "Max can add people" in answer.stdout


def test_a_key_file_open_to_others_fails_the_doctor_and_refuses_the_start(run, tmp_path):
    run("doctor")
    (tmp_path / "home" / "secrets.key").chmod(0o644)
    assert ("secrets", "failing") in found(run("doctor", "--json"))
    start = run("person", "list")
    assert start.returncode == 1
    assert "chmod 600" in start.stderr
    assert "Traceback" not in start.stderr


def test_a_wrong_setting_ends_the_command_with_one_line(run):
    answer = run("doctor", WATCHFLOOR_LISTEN="nowhere")
    assert answer.returncode == 1
    assert answer.stderr.strip() == "watchfloor: listen: “nowhere” is not host:port, as 127.0.0.1:8000"


def test_people_are_listed_given_roles_unlocked_and_given_a_new_password(run):
    add = ("person", "add", "max@corp.example", "--name", "Max", "--role", "Global Administrator", "--password")
    assert run(*add, "correct horse battery staple").returncode == 0
    assert "max@corp.example can try" in run("person", "unlock", "max@corp.example").stdout
    assert len(run("person", "one-time-password", "max@corp.example").stdout.strip()) == 23
    roles = run("person", "roles", "max@corp.example", "--role", "Global Administrator", "--role", "Preview")
    assert "Global Administrator, Preview" in roles.stdout
    assert run("person", "list").stdout == "max@corp.example\tMax\tGlobal Administrator, Preview\n"
    assert "nobody signs in as" in run("person", "unlock", "bo@corp.example").stderr


def states(check, options):
    return [(one.state, one.sentence) for one in check(options)]


def test_a_check_that_breaks_is_a_finding_and_the_others_still_run(monkeypatch, tmp_path, db):
    def breaks(_):
        raise RuntimeError("unexpected")
        yield

    monkeypatch.setitem(doctor.CHECKS, "programs", breaks)
    options = Options(home=str(tmp_path))
    parts = {one.part: one for one in doctor.examine(options)}
    assert parts["programs"].sentence == "RuntimeError: unexpected"
    assert "people" in parts


def test_options_that_work_but_surprise_are_named(tmp_path):
    words = str(states(doctor.check_options, Options(public_url="https://soc.example")))
    for name in ("own_domains", "authserv_ids", "trusted_proxy"):
        assert name in words


def test_a_home_that_others_may_enter_is_named_with_the_command(tmp_path):
    tmp_path.chmod(0o755)
    assert any("chmod o=" in sentence for _, sentence in states(doctor.check_home, Options(home=str(tmp_path))))


def test_a_missing_package_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(doctor.PACKAGES, "no_such_package", "for the test")
    ((state, sentence),) = states(doctor.check_packages, Options())
    assert state == "failing"
    assert "run: python3 run.py env" in sentence


def test_a_missing_program_says_what_it_would_serve(monkeypatch):
    monkeypatch.setitem(doctor.PROGRAMS, "no-such-program", "nothing")
    assert ("notice", "no-such-program is not installed; it serves nothing") in states(doctor.check_programs, Options())


def test_a_failing_part_of_the_product_is_shown(db):
    from watchfloor.runtime.services import report_health

    report_health("lake", state="failing", sentence="the disk is full")
    assert states(doctor.check_parts, Options()) == [("failing", "the disk is full")]


def test_nobody_who_can_give_roles_is_a_failure(eve):
    ((state, sentence),) = states(doctor.check_people, Options())
    assert state == "failing"
    assert "watchfloor person add" in sentence
