"""Secrets are sealed at rest, opened only with the installation's keys, and never written to a log."""

import io
import logging
import subprocess
import sys

import pytest
from cryptography.fernet import Fernet

from watchfloor.kernel.errors import NotConfigured
from watchfloor.runtime.secrets import RedactedFormatter, check_key, key_path, redact, reseal, rotate_key, seal, unseal

SECRET = "imap-master-Zebra7!"


@pytest.fixture(autouse=True)
def home(settings, tmp_path):
    settings.HOME = tmp_path
    return tmp_path


def test_what_was_sealed_opens_again():
    assert unseal(seal(SECRET)) == SECRET


def test_a_token_does_not_show_its_secret_and_two_of_the_same_differ():
    one, other = seal(SECRET), seal(SECRET)
    assert SECRET not in one
    assert one != other


def test_the_key_file_is_made_for_its_owner_only(home):
    seal(SECRET)
    assert key_path().stat().st_mode & 0o777 == 0o600
    assert [path.name for path in home.iterdir()] == ["secrets.key"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_file_that_others_may_read_is_refused_with_the_command_that_mends_it(mode):
    seal(SECRET)
    key_path().chmod(mode)
    with pytest.raises(NotConfigured, match=r"others may read.*chmod 600"):
        check_key()


def test_a_damaged_key_names_its_line():
    seal(SECRET)
    key_path().write_text(key_path().read_text() + "not a key\n")
    with pytest.raises(NotConfigured, match="line 2"):
        check_key()


def test_an_empty_key_file_is_not_silently_replaced():
    key_path().touch(mode=0o600)
    with pytest.raises(NotConfigured, match="empty"):
        seal(SECRET)


def test_a_token_of_a_foreign_key_says_what_to_do():
    with pytest.raises(NotConfigured, match="enter the secret again"):
        unseal(Fernet(Fernet.generate_key()).encrypt(b"x").decode())


def test_after_a_rotation_old_tokens_open_and_new_ones_need_only_the_new_key():
    old = seal(SECRET)
    rotate_key()
    assert unseal(old) == SECRET
    renewed = reseal(old)
    newest = key_path().read_text().split()[0]
    key_path().write_text(newest + "\n")
    assert unseal(renewed) == SECRET
    with pytest.raises(NotConfigured):
        unseal(old)
    assert key_path().stat().st_mode & 0o777 == 0o600


def test_processes_that_start_together_agree_on_one_key(home):
    program = (
        "import sys; from pathlib import Path; from django.conf import settings; settings.configure(HOME=Path(sys.argv[1]));"
        "from watchfloor.runtime.secrets import seal; print(seal('shared'))"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", program, str(home)], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    tokens = [process.communicate(timeout=60)[0].strip() for process in started]
    assert [unseal(token) for token in tokens] == ["shared"] * 4


def _logger(stream: io.StringIO) -> logging.Logger:
    handler = logging.StreamHandler(stream)
    handler.setFormatter(RedactedFormatter("%(message)s"))
    logger = logging.Logger("test")
    logger.addHandler(handler)
    return logger


def test_a_log_line_never_carries_a_secret_that_was_sealed():
    stream = io.StringIO()
    seal(SECRET)
    _logger(stream).info("signing in with %s", SECRET)
    assert stream.getvalue() == "signing in with [redacted]\n"


def test_a_traceback_never_carries_a_secret():
    stream = io.StringIO()
    seal(SECRET)
    try:
        raise RuntimeError(f"LOGIN failed: {SECRET}")
    except RuntimeError:
        _logger(stream).exception("connection lost")
    assert "RuntimeError" in stream.getvalue()
    assert SECRET not in stream.getvalue()


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("postgresql://wf:hunter22@db/watchfloor", "postgresql://wf:[redacted]@db/watchfloor"),
        ("password=hunter22 next", "password=[redacted] next"),
        ('{"token": "hunter22"}', '{"token": [redacted]}'),
        ("Authorization: hunter22", "Authorization: [redacted]"),
        ("the password was changed", "the password was changed"),
    ],
)
def test_what_looks_like_a_secret_is_blanked_even_when_nobody_sealed_it(line, kept):
    assert redact(line) == kept


def test_a_sealed_token_is_blanked_too():
    assert redact(f"stored {seal(SECRET)} now") == "stored [sealed] now"


def test_the_product_logs_through_the_redacting_formatter():
    from watchfloor.config import settings

    assert settings.LOGGING["formatters"]["line"]["()"] == "watchfloor.runtime.secrets.RedactedFormatter"
    assert {handler["formatter"] for handler in settings.LOGGING["handlers"].values()} == {"line"}
