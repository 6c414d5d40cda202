"""Hostile content never reaches the portal's own process: it is taken apart elsewhere, under limits."""

import resource
import time
from datetime import UTC, datetime

import pytest

from watchfloor.mail.apart import read, read_apart
from watchfloor.mail.inert import MOST_DEPTH, too_much

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
COPIED_FORMATTING = "<p>" + "".join(f"<b id={number}>" for number in range(450)) + "<p>x" * 200_000


def html_mail(html: str) -> bytes:
    return b"From: it@evil.example\nSubject: Full\nContent-Type: text/html; charset=utf-8\n\n" + html.encode()


def test_a_mail_reads_the_same_apart_as_here():
    raw = html_mail("<p>Hello <a href='https://evil.example/'>click</a></p>")
    assert read_apart(raw, now=NOW) == read(raw, now=NOW)
    assert "[https://evil.example/]" in read_apart(raw, now=NOW).html


@pytest.mark.parametrize("seconds", [1, 10])
def test_html_that_multiplies_itself_costs_the_portal_neither_memory_nor_its_life(seconds):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.monotonic()
    shown = read_apart(html_mail(COPIED_FORMATTING), now=NOW, seconds=seconds, memory=400 << 20)
    assert "This mail is not shown" in shown.html
    assert time.monotonic() - began < 3 * seconds + 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 << 10  # kilobytes


def test_a_given_up_preview_is_on_record_in_the_log(caplog):
    read_apart(html_mail(COPIED_FORMATTING), now=NOW, seconds=1, memory=300 << 20)
    assert "a preview of" in caplog.text
    assert "was given up" in caplog.text


def test_closing_tags_of_nothing_do_not_hide_depth():
    assert "nested" in too_much("<div></x>" * (MOST_DEPTH + 1))
    assert not too_much("<div></div>" * (MOST_DEPTH + 1))


def test_bytes_that_are_no_mail_read_apart_too():
    assert "This mail has no text." in read_apart(b"", now=NOW).html
    assert read_apart(b"\xff\x00\n\n\xfe", now=NOW).html.startswith("<!doctype html>")
