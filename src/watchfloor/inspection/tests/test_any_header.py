"""What is written by the rules is read back as it was, whatever the words."""

import base64
import quopri
from email.header import Header as Written
from email.message import EmailMessage

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from watchfloor.inspection.addresses import parse_address, parse_addresses
from watchfloor.inspection.headers import decode_header, every, first, header_block, split_headers
from watchfloor.inspection.html import tidy
from watchfloor.inspection.limits import Limits
from watchfloor.inspection.reading import read
from watchfloor.inspection.urls import urls_in

CALM = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
NAMES = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", min_size=1, max_size=30)
LETTERS = st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp", "Cn"))
WORDS = st.text(LETTERS, min_size=1, max_size=60).map(lambda text: " ".join(text.split()))
VALUES = WORDS.filter(lambda text: text and "=?" not in text)
CHARSETS = st.sampled_from(["utf-8", "iso-8859-1", "iso-8859-15", "windows-1251", "shift_jis", "gb2312", "koi8-r"])
ENDS = st.sampled_from([b"\n", b"\r\n"])


def _split(block: bytes):
    found, _ = header_block(block, Limits())
    return split_headers(found, Limits())


@CALM
@given(st.lists(st.tuples(NAMES, VALUES), max_size=20), ENDS)
def test_headers_written_are_headers_read(fields, end):
    block = end.join(f"{name}: {value}".encode() for name, value in fields) + end + end + b"body"
    assert [(header.name, header.value) for header in _split(block)] == fields


@CALM
@given(st.lists(VALUES, min_size=1, max_size=8), ENDS, st.sampled_from([b" ", b"\t", b"   "]))
def test_folding_joins_with_a_blank(lines, end, blank):
    block = b"Subject: " + (end + blank).join(line.encode() for line in lines) + end + end
    assert first(_split(block), "subject") == " ".join(lines)


@CALM
@given(st.lists(VALUES, max_size=10))
def test_every_header_of_a_name_is_kept_in_order(values):
    block = b"".join(f"X-Same: {value}\nx-other: y\n".encode() for value in values) + b"\n"
    assert every(_split(block), "x-same") == values


@CALM
@given(WORDS.filter(bool), CHARSETS)
def test_what_the_standard_library_encodes_we_decode(text, charset):
    try:
        text.encode(charset)
    except UnicodeEncodeError:
        return
    encoded = Written(text, charset, maxlinelen=10**6).encode()
    if "=?" in encoded:
        assert decode_header(encoded.encode()).strip() == text.strip()


@CALM
@given(st.text(LETTERS, min_size=1, max_size=80), st.integers(1, 7), st.booleans())
def test_words_cut_within_a_letter_are_joined_before_they_are_decoded(text, size, quoted):
    data = text.encode()
    words = []
    for at in range(0, len(data), size):
        piece = data[at : at + size]
        if quoted:
            packed = quopri.encodestring(piece, header=True, quotetabs=True).decode().replace("=\n", "")
            words.append(f"=?utf-8?q?{packed.replace('?', '=3F').strip()}?=")
        else:
            words.append(f"=?UTF-8?B?{base64.b64encode(piece).decode()}?=")
    assert decode_header("\n ".join(words).encode().replace(b"\n", b"")) == text


@CALM
@given(st.binary(max_size=400))
def test_a_value_of_any_bytes_has_no_control_characters(raw):
    text = decode_header(raw)
    assert not any(ord(letter) < 32 and letter != "\t" for letter in text)
    text.encode()


@CALM
@given(
    WORDS.filter(lambda text: text and not set(text) & set("<>\"'()\\")),
    st.from_regex(r"[a-z0-9.]{1,20}@[a-z]{1,20}\.example", fullmatch=True),
)
def test_a_name_and_an_address_come_apart_again(name, address):
    found = parse_address(f'"{name}" <{address}>')
    assert (found.name, found.address) == (name, address)
    assert parse_addresses([f"{name.replace('@', '')} <{address}>"], Limits()) == (address,)


@CALM
@given(
    st.text(LETTERS, max_size=300),
    st.text(LETTERS.filter(lambda letter: letter not in "<&"), min_size=1, max_size=300),
    VALUES,
    st.sampled_from(["base64", "quoted-printable", "8bit"]),
    st.binary(min_size=1, max_size=300),
)
def test_a_mail_written_by_the_standard_library_is_read_back(plain, shown, subject, encoding, data):
    mail = EmailMessage()
    mail["Subject"] = subject
    mail.set_content(plain, cte=encoding)
    mail.add_alternative(f"<html><body><p>{shown}</p></body></html>", subtype="html", cte=encoding)
    mail.add_attachment(data, maintype="application", subtype="octet-stream", filename="a.bin")
    found = read(mail.as_bytes(), Limits())
    assert found.subject == " ".join(subject.split())
    assert found.plain == tidy(plain)
    assert found.page.text.replace("\n", " ") == " ".join(shown.split())
    assert [part.data for part in found.parts] == [data]


@CALM
@given(st.text(LETTERS, max_size=60), st.from_regex(r"https?://[a-z]{1,20}\.example/[a-z0-9/]{1,30}", fullmatch=True))
def test_a_url_is_found_whatever_stands_around_it(text, url):
    assert url in urls_in(f"{text} {url} {text}")
    assert url in urls_in(f"{text}\n<{url}>{text}")
