"""What a stranger's file, link or guess may cost: bounded, and refused in words."""

import gzip
import io
import struct
import zipfile
from datetime import UTC, datetime

import pytest

from watchfloor.connectors.event_files import LARGEST_DIRECTORY, TooMuch, records_of
from watchfloor.connectors.systems.event_exporter.guessing import FREE, SECONDS_EACH, Guesses
from watchfloor.connectors.systems.event_exporter.posting import Postbox
from watchfloor.connectors.systems.log_files import SYSTEM as LOG_FILES
from watchfloor.connectors.systems.log_files.following import files_of
from watchfloor.kernel.errors import BadInput

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LINE = b'{"a": 1}\n'


def zipped(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as pack:
        for name, data in members.items():
            pack.writestr(name, data)
    return path


def read(path, **options):
    """How many records came before the error, and its words."""
    count = 0
    try:
        for _ in records_of(path, now=NOW, **options):
            count += 1
    except BadInput as error:
        return count, error.message
    return count, ""


def test_a_zip_that_says_it_is_too_large_is_refused_before_anything_is_read(tmp_path):
    path = zipped(tmp_path / "a.zip", {"a.json": LINE * 1000, "b.json": LINE * 1000})
    assert read(path) == (2000, "")
    count, words = read(path, most=10_000)
    assert count == 0
    assert words == "unpacked it is larger than 0 MB; what came before is kept, bring the rest in parts"


def test_what_a_zip_hides_about_its_size_is_counted_while_it_is_read(tmp_path):
    inner = io.BytesIO()
    with gzip.GzipFile(fileobj=inner, mode="wb") as packed:
        packed.write(LINE * 1_000_000)
    path = zipped(tmp_path / "a.zip", {"a.json.gz": inner.getvalue()})
    count, words = read(path, most=2 * 2**20)
    assert 0 < count < 400_000
    assert "larger than 2 MB" in words


def test_a_gzip_bomb_ends_at_the_bound_and_keeps_what_came_before(tmp_path):
    path = tmp_path / "a.json.gz"
    with gzip.open(path, "wb") as packed:
        packed.write(LINE * 500_000)
    count, words = read(path, most=2**20)
    assert 0 < count < 200_000
    assert "larger than 1 MB" in words
    assert read(path) == (500_000, "")


def test_a_plain_file_has_no_bound(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(LINE * 1000)
    assert read(path, most=10) == (1000, "")


def test_a_zip_with_too_many_members_is_refused_without_reading_its_list(tmp_path):
    path = zipped(tmp_path / "a.zip", {f"{number}.json": LINE for number in range(10_001)})
    assert read(path) == (0, "the archive holds more than 10,000 files")
    raw = bytearray(zipped(tmp_path / "b.zip", {"a.json": LINE}).read_bytes())
    at = raw.rfind(b"PK\x05\x06")
    struct.pack_into("<I", raw, at + 12, LARGEST_DIRECTORY + 1)
    (tmp_path / "b.zip").write_bytes(raw)
    with pytest.raises(TooMuch, match="more than 10,000 files"):
        list(records_of(tmp_path / "b.zip", now=NOW))


def test_links_that_lead_out_of_a_folder_of_logs_are_left_out(tmp_path):
    logs, elsewhere = tmp_path / "logs", tmp_path / "secret.log"
    logs.mkdir()
    elsewhere.write_text("root:x\n")
    (logs / "real.log").write_text("a\n")
    (logs / "inside.log").symlink_to(logs / "real.log")
    (logs / "out.log").symlink_to(elsewhere)
    (logs / "up.log").symlink_to("../secret.log")
    for pattern in (str(logs), str(logs / "*.log")):
        files, leading_out = files_of(pattern)
        assert {one.name for one in files} == {"real.log", "inside.log"}
        assert [one.name for one in leading_out] == ["out.log", "up.log"]
    assert "leaves out 2 links" in str(LOG_FILES.test({"path": str(logs)}).lines)


def test_a_link_that_is_named_itself_and_a_linked_folder_are_followed(tmp_path):
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "real.log").write_text("a\n")
    (tmp_path / "current.log").symlink_to(logs / "real.log")
    (tmp_path / "linked").symlink_to(logs)
    assert [one.name for one in files_of(str(tmp_path / "current.log"))[0]] == ["current.log"]
    assert [one.name for one in files_of(str(tmp_path / "linked"))[0]] == ["real.log"]


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def test_an_address_is_wrong_ten_times_and_then_has_to_wait():
    clock = Clock()
    guesses = Guesses("events", clock)
    for _ in range(FREE):
        assert guesses.may_try("192.0.2.1")
        guesses.wrong("192.0.2.1")
    assert not guesses.may_try("192.0.2.1")
    assert guesses.may_try("192.0.2.2")
    clock.now += SECONDS_EACH
    assert guesses.may_try("192.0.2.1")
    guesses.wrong("192.0.2.1")
    assert not guesses.may_try("192.0.2.1")
    clock.now += SECONDS_EACH * FREE
    assert guesses.may_try("192.0.2.1")


def test_addresses_of_one_ipv6_network_count_together():
    guesses = Guesses("events", Clock())
    for number in range(FREE):
        guesses.wrong(f"2001:db8::{number:x}")
    assert not guesses.may_try("2001:db8::ffff")
    assert guesses.may_try("2001:db8:0:1::1")
    assert guesses.may_try("unknown")


def test_only_so_many_addresses_are_remembered(monkeypatch):
    monkeypatch.setattr("watchfloor.connectors.systems.event_exporter.guessing.MOST_ADDRESSES", 3)
    guesses = Guesses("events", Clock())
    for number in range(10):
        guesses.wrong(f"192.0.2.{number}")
    assert len(guesses._made) == 3


def test_who_guessed_too_often_is_told_to_wait_even_with_the_right_secret():
    postbox = Postbox(name="events", secret="a-secret-long-enough", reading=None, limit=1000)
    said = []

    def ask(secret, address="192.0.2.1"):
        environ = {"REMOTE_ADDR": address, "PATH_INFO": f"/{secret}", "REQUEST_METHOD": "POST"}
        postbox(
            {**environ, "wsgi.input": io.BytesIO(b"")}, lambda status, headers: said.append((status, dict(headers)))
        )
        return said[-1]

    try:
        for number in range(FREE):
            assert ask(f"guess{number}")[0].startswith("401")
        status, headers = ask("a-secret-long-enough")
        assert status.startswith("429")
        assert headers["Retry-After"] == "60"
        assert ask("a-secret-long-enough", "192.0.2.2")[0].startswith("200")
    finally:
        postbox.close()


def test_one_guesser_of_ipv4_locks_nobody_else_out_where_the_door_speaks_ipv6():
    guesses = Guesses("events", Clock())
    for _ in range(FREE):
        guesses.wrong("::ffff:192.0.2.1")
    assert not guesses.may_try("::ffff:192.0.2.1")
    assert not guesses.may_try("192.0.2.1")
    assert guesses.may_try("::ffff:192.0.2.2")
