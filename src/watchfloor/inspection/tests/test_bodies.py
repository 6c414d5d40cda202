"""The MIME tree becomes a list of parts, however broken it is."""

import base64

import pytest

from watchfloor.inspection import bodies
from watchfloor.inspection.bodies import parts_of
from watchfloor.inspection.limits import Limits
from watchfloor.inspection.tests.bombs import many_parts, nested_messages, nested_mime
from watchfloor.inspection.tests.letters import letter, with_file

ENGINES = [bodies._fast, bodies._standard]
FORWARDED = (
    b"Subject: fwd\r\nContent-Type: multipart/mixed; boundary=cut\r\n\r\n--cut\r\nContent-Type: message/rfc822\r\n\r\n"
    b"Subject: inner\r\nContent-Type: text/html\r\n\r\n<a href='http://evil.example/'>x</a>\r\n--cut--\r\n"
)


@pytest.mark.parametrize("engine", ENGINES)
def test_both_engines_read_the_same_attachment(engine):
    parts = engine(with_file(b"data \x00\xff", "a b.bin"), Limits())
    assert [(part.content_type, part.file_name, part.data.strip()) for part in parts] == [
        ("text/plain", "", b"See the file."),
        ("application/octet-stream", "a b.bin", b"data \x00\xff"),
    ]


@pytest.mark.parametrize("engine", ENGINES)
def test_both_engines_open_a_forwarded_mail(engine):
    parts = engine(FORWARDED, Limits())
    assert [(part.content_type, part.depth) for part in parts] == [("message/rfc822", 0), ("text/html", 1)]
    assert b"Subject: inner" in parts[0].data


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "windows-1252", "utf-16"])
def test_text_decodes_by_its_charset(engine, charset):
    raw = b"Content-Type: text/plain; charset=" + charset.encode() + b"\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    part = engine(raw + base64.encodebytes("Grüße".encode(charset)), Limits())[0]
    assert part.text == "Grüße"


def test_broken_base64_still_gives_its_readable_part():
    raw = letter("").replace(b"8bit", b"base64") + base64.b64encode(b"hello there, reader") + b"!\r\n=x"
    assert "hello there" in parts_of(raw, Limits())[0].text


def test_a_file_name_has_no_path():
    assert parts_of(with_file(b"x", "../../etc/passwd"), Limits())[1].file_name == "passwd"


def test_a_file_name_is_decoded():
    assert parts_of(with_file(b"x", "=?utf-8?Q?B=C3=BCcher.pdf?="), Limits())[1].file_name == "Bücher.pdf"


def test_many_parts_are_cut():
    cuts = Limits()
    assert len(parts_of(many_parts(), cuts)) == 500
    assert cuts.hit == ("parts cut at 500",)


@pytest.mark.parametrize(("raw", "why"), [(nested_mime(5_000), "multiparts"), (nested_messages(20_000), "multiparts")])
def test_a_structure_without_end_is_read_as_text(raw, why):
    cuts = Limits()
    parts = parts_of(raw, cuts)
    assert [part.content_type for part in parts] == ["text/plain"]
    assert why in cuts.hit[0]


def test_mails_in_mails_are_followed_three_deep():
    cuts = Limits()
    depths = {part.depth for part in parts_of(nested_messages(10), cuts)}
    assert max(depths) == 3
    assert cuts.hit == ("embedded mails cut at depth 3",)


def test_a_disguised_bomb_never_reaches_the_rust_parser(monkeypatch):
    monkeypatch.setattr(bodies, "_fast", lambda *_: pytest.fail("the native parser saw it"))
    inner = base64.encodebytes(nested_mime(50_000))
    parts_of(b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" + inner, Limits())


def test_delimiters_that_contradict_one_another_hide_nothing():
    cuts = Limits()
    raw = b'Content-Type: multipart/mixed; boundary="a--"\n\n--a--\nContent-Type: multipart/mixed; boundary="a----"\n\n--a----\n\nhttps://evil.example/\n'
    assert "https://evil.example/" in "".join(part.text for part in parts_of(raw, cuts))
    assert cuts.hit == ("structure holds nothing: body read as text",)


def test_a_broken_line_among_the_headers_hides_no_structure():
    raw = (
        b'Fro :x\nContent-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: text/html\n\n<p>seen</p>\n'
        b"--b\nContent-Type: application/pdf\nContent-Transfer-Encoding: base64\n\n!!!\n--b--\n"
    )
    assert parts_of(raw, Limits())[0].content_type == "text/html"


def test_an_empty_mail_is_no_damaged_one():
    cuts = Limits()
    parts_of(b"Subject: x\n\n\n", cuts)
    assert cuts.hit == ()


def test_a_charset_with_a_null_character_makes_nothing_fail():
    raw = b'Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nContent-Type: text/plain; charset="ut\0f-8"\n\n\xff\n'
    assert parts_of(raw, Limits())
    raw = b'Content-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: text/plain; charset="a\0b"\n\n\xe9t\xe9\n--b--\n'
    assert "t" in parts_of(raw + b"message/rfc822 base64", Limits())[0].text
