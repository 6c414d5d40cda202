"""Headers stay in order with their duplicates, and decode whatever they hold."""

import base64
import time

import pytest

from watchfloor.inspection import limits
from watchfloor.inspection.headers import decode_bytes, decode_header, every, first, header_block, split_headers
from watchfloor.inspection.limits import Limits


def _split(raw: bytes):
    cuts = Limits()
    block, body = header_block(raw, cuts)
    return split_headers(block, cuts), raw[body:], cuts.hit


def test_order_and_duplicates_are_kept():
    headers, body, _ = _split(b"Received: one\r\nX: a\r\nReceived: two\r\n\r\nhello")
    assert [(header.name, header.value) for header in headers] == [("Received", "one"), ("X", "a"), ("Received", "two")]
    assert body == b"hello"
    assert first(headers, "received") == "one"
    assert every(headers, "received") == ["one", "two"]
    assert first(headers, "absent") == ""


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_folded_lines_are_one_value(end):
    headers, _, _ = _split(end.join([b"Subject: a long", b"\tsubject", b" line", b"", b"body"]))
    assert first(headers, "subject") == "a long subject line"


def test_an_mbox_line_before_the_headers_is_left_out():
    headers, body, _ = _split(b"From someone Mon Nov  9 2026\nSubject: x\n\nhello")
    assert [header.name for header in headers] == ["Subject"]
    assert body == b"hello"


def test_lines_that_are_no_header_are_left_out():
    headers, _, _ = _split(b"Subject: x\nthis is no header\n: neither\nTo: a@b.example\n\n")
    assert [header.name for header in headers] == ["Subject", "To"]


@pytest.mark.parametrize(
    ("raw", "body"), [(b"", b""), (b"\r\nhello", b"hello"), (b"\nhello", b"hello"), (b"Subject: x", b"")]
)
def test_a_mail_may_lack_headers_or_body(raw, body):
    assert _split(raw)[1] == body


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"=?utf-8?B?w5xiZXJyYXNjaHVuZw==?=", "Überraschung"),
        (b"=?utf-8?b?w5xiZXJyYXNjaHVuZw?=", "Überraschung"),
        (b"=?iso-8859-1?Q?caf=E9_au_lait?=", "café au lait"),
        (b"=?utf-8?Q?one?= =?utf-8?Q?two?=", "onetwo"),
        (b"=?utf-8?Q?one?=\t=?iso-8859-1?Q?=E9?=", "oneé"),
        (b"=?utf-8?Q?glued?=to text", "gluedto text"),
        (b"before =?utf-8?Q?word?= after", "before word after"),
        (b"=?UTF-8*de?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        (b"=?x-nonsense?Q?abc?=", "abc"),
        (b"=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "日本"),
        ("Grüße".encode(), "Grüße"),
        ("Grüße".encode("cp1252"), "Grüße"),
        (b"=?utf-8?B?%%%?=", "%%%"),
        (b"=?utf-8?Q?never ends", "=?utf-8?Q?never ends"),
        (b"plain", "plain"),
    ],
)
def test_encoded_words_decode_leniently(raw, text):
    assert decode_header(raw) == text


def test_a_character_cut_between_two_words_is_whole_again():
    data = base64.b64encode("für".encode()[:2]), base64.b64encode("für".encode()[2:])
    assert decode_header(b"=?utf-8?B?%b?= =?utf-8?B?%b?=" % data) == "für"


def test_control_characters_never_reach_the_value():
    assert decode_header(b"=?utf-8?Q?a=0D=0ABcc:_x=00?=") == "a  Bcc: x "


@pytest.mark.parametrize(
    "charset", ["", "utf-8", "unknown-8bit", "idna", "hex", "utf-16", "rot13", "x" * 500, "cp65001"]
)
def test_no_charset_makes_decoding_fail(charset):
    assert isinstance(decode_bytes(b"\xff\xfeabc\x80", charset), str)


def test_a_header_is_cut_at_its_limit_and_says_so():
    headers, _, hit = _split(b"Subject: " + b"x" * 200_000 + b"\r\nTo: a@b.example\r\n\r\n")
    assert len(first(headers, "subject")) == limits.HEADER
    assert first(headers, "to") == "a@b.example"
    assert hit == ("header cut at 64 kB",)


def test_headers_are_counted_and_cut():
    headers, _, hit = _split(b"X: y\r\n" * 5_000 + b"\r\nhello")
    assert len(headers) == limits.HEADERS
    assert hit == ("headers cut at 2000",)


def test_a_subject_of_encoded_words_decodes_in_linear_time():
    word = b"=?utf-8?B?" + base64.b64encode("Überraschung".encode()) + b"?= "
    started = time.process_time()
    decode_header(word * 20_000)
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("data", "charset"), [(b"+2AA-", "utf-7"), (b"\\ud800", "unicode_escape"), (b"\x00\xd8", "utf-16-le")]
)
def test_no_charset_gives_text_that_cannot_be_stored(data, charset):
    decode_bytes(data, charset).encode("utf-8")
