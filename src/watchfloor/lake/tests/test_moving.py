"""A lake that began at home moves into an object store whole, or stays where it is."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import Conflict, NotConfigured, Unreachable
from watchfloor.lake import moving, services, storage
from watchfloor.lake.engines import object_store
from watchfloor.lake.place import check_place, lake_folder, place
from watchfloor.lake.snapshot import cold

from .conftest import mail
from .movable import MAILS, fill, seen


def test_every_row_is_found_as_before_and_the_lake_lives_on_there(lake, in_store):
    fill()
    before, watermark = seen(), cold("EmailEvents").snapshot().watermark
    in_store()
    with pytest.raises(NotConfigured, match="2 tables still lie"):
        check_place()
    heard = []
    moved = {one.name: one for one in services.move(progress=lambda *told: heard.append(told))}
    assert moved["EmailEvents"].rows == 40
    assert moved["UrlClickEvents"].rows == 4
    assert heard[-1][1] == heard[-1][2] > 0
    check_place()
    assert seen() == before
    assert cold("EmailEvents").snapshot().watermark == watermark
    with storage.only_writer():
        assert storage.flush(MAILS, now=utc_now()) == 5
    assert seen() == before
    assert not (lake_folder() / "EmailEvents").exists()
    assert (lake_folder() / "moved/EmailEvents/_delta_log").is_dir()
    assert list(services.move()) == []


def test_a_move_that_broke_off_is_taken_up_again(lake, in_store, monkeypatch):
    fill()
    before = seen()
    in_store()
    put, puts = object_store.Bucket.put, []

    def failing(self, key, data, **options):
        puts.append(key)
        if len(puts) > 6:
            raise Unreachable("the line broke")
        return put(self, key, data, **options)

    with monkeypatch.context() as patch:
        patch.setattr(object_store.Bucket, "put", failing)
        with pytest.raises(Unreachable):
            list(services.move())
    assert (lake_folder() / "EmailEvents/_delta_log").is_dir()
    assert {one.name for one in services.move()} == {"EmailEvents", "UrlClickEvents"}
    assert seen() == before


def test_a_table_that_arrived_before_the_end_came_is_not_copied_twice(lake, in_store, monkeypatch):
    fill()
    in_store()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", lambda self, target: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            list(services.move())
    copied = []
    monkeypatch.setattr(moving, "_put", lambda *given: copied.append(given) or 0)
    moved = next(services.move())
    assert moved.name == "EmailEvents"
    assert copied == []


def test_another_lake_that_lies_there_is_left_alone(lake, in_store, settings, tmp_path_factory):
    home = in_store()
    services.append("EmailEvents", [mail(1)])
    with storage.only_writer():
        storage.flush(MAILS, now=utc_now())
    there = settings.WATCHFLOOR
    from dataclasses import replace

    settings.WATCHFLOOR = replace(there, lake_location="")
    fill()
    settings.WATCHFLOOR = there
    with pytest.raises(Conflict, match="another table EmailEvents lies there already; choose another prefix"):
        list(services.move())
    assert (home / "lake/EmailEvents").is_dir()


def test_a_copy_that_differs_is_not_taken(lake, in_store, monkeypatch):
    fill()
    in_store()
    put = object_store.Bucket.put

    def lossy(self, key, data, **options):
        if key.endswith(".parquet") and "/day=" in key and isinstance(data, Path):
            short = data.with_suffix(".short")
            shutil.copy(data, short)
            with short.open("r+b") as file:
                file.truncate(data.stat().st_size - 1)
            data = short
        return put(self, key, data, **options)

    monkeypatch.setattr(object_store.Bucket, "put", lossy)
    with pytest.raises(Conflict, match="not the same there as here; nothing was removed"):
        list(services.move())
    assert (lake_folder() / "EmailEvents").is_dir()


def test_nothing_moves_while_the_server_runs_or_without_a_store(lake, in_store):
    import fcntl

    with pytest.raises(NotConfigured, match="set lake_location"):
        next(services.move())
    in_store()
    with (lake / "worker.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(Conflict, match="the server runs; stop it"):
            next(services.move())


@pytest.mark.slow
def test_the_commands_seal_move_and_ask(tmp_path, s3):
    command = Path(sys.executable).with_name("watchfloor")
    kept = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    environ = kept | {"WATCHFLOOR_HOME": str(tmp_path)}

    def run(*words: str, given: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([command, *words], env=environ | more, input=given, capture_output=True, text=True)

    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"Timestamp":"2026-11-21T10:00:00Z","AccountUpn":"ada@corp.example"}\n')
    assert run("lake", "append", "EntraIdSignInEvents", str(rows)).returncode == 0
    flushed = (
        "import django; django.setup()\n"
        "from watchfloor.lake import storage, selectors\n"
        "from watchfloor.kernel.clock import utc_now\n"
        "with storage.only_writer(): storage.flush(selectors.table('EntraIdSignInEvents'), now=utc_now())"
    )
    subprocess.run(
        [sys.executable, "-c", flushed],
        env=environ | {"DJANGO_SETTINGS_MODULE": "watchfloor.config.settings"},
        check=True,
    )
    from labs.s3 import SECRET

    sealed = run("lake", "seal", "--secret", SECRET).stdout
    stored = s3.options(tmp_path.name)
    lines = [f'{name.removeprefix("WATCHFLOOR_").lower()} = "{value}"' for name, value in stored.items()][:-1]
    (tmp_path / "watchfloor.toml").write_text("\n".join([*lines, sealed]))
    assert SECRET not in (tmp_path / "watchfloor.toml").read_text()
    refused = run("serve")
    assert refused.returncode == 1
    assert "run: watchfloor lake move" in refused.stderr
    moved = run("lake", "move")
    assert "EntraIdSignInEvents: 1 rows in 1 files" in moved.stdout, moved.stderr
    asked_of = "EntraIdSignInEvents | where Timestamp > datetime(2026-11-01) | project AccountUpn"
    answer = run("query", asked_of, "--format", "csv")
    assert "ada@corp.example" in answer.stdout, answer.stderr
    told = run("doctor").stdout
    assert "conditional writes work there" in told
    assert place() is not None
