"""Hostile content never reaches the portal's own process: it is taken apart elsewhere, under limits."""

import resource
import time
from datetime import UTC, datetime

import pytest

from watchfloor.mail.apart import read, read_apart
from watchfloor.mail.inert import too_much

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
COPIED_FORMATTING = "<p>" + "".join(f"<b id={number}>" for number in range(450)) + "<p>x" * 200_000


def html_mail(html: str) -> bytes:
    return b"From: it@evil.example\nSubject: Full\nContent-Type: text/html; charset=utf-8\n\n" + html.encode()


def test_a_mail_reads_the_same_apart_as_here():
    raw = html_mail("<p>Hello <a href='https://evil.example/'>click</a></p>")
    assert read_apart(raw, now=NOW) == read(raw, now=NOW)
    assert "[https://evil.example/]" in read_apart(raw, now=NOW).html


def test_html_that_multiplies_itself_is_foreseen_and_shown_as_text():
    assert "nested" in too_much(COPIED_FORMATTING)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.monotonic()
    shown = read_apart(html_mail(COPIED_FORMATTING), now=NOW, memory=400 << 20)
    assert "x" in shown.html
    assert time.monotonic() - began < 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 << 10  # kilobytes


def test_a_mail_that_needs_more_than_its_process_may_take_is_given_up_and_on_record_in_the_log(caplog):
    shown = read_apart(html_mail("<p>x" * 10_000), now=NOW, memory=16 << 20)
    assert "This mail is not shown" in shown.html
    assert "a preview of" in caplog.text
    assert "was given up" in caplog.text


def test_closing_tags_of_nothing_do_not_hide_depth():
    assert "nested" in too_much("<div></x>" * 20_000)
    assert not too_much("<div></div>" * 20_000)


@pytest.mark.parametrize("hidden", ["<!-- </div> -->", "<i title='</div>'></i>", "<object></div></object>"])
def test_closing_tags_that_close_nothing_for_a_parser_do_not_hide_depth_either(hidden):
    assert "nested" in too_much(f"<div>{hidden}" * 20_000)


def test_bytes_that_are_no_mail_read_apart_too():
    assert "This mail has no text." in read_apart(b"", now=NOW).html
    assert read_apart(b"\xff\x00\n\n\xfe", now=NOW).html.startswith("<!doctype html>")
