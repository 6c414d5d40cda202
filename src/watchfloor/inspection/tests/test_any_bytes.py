"""Whatever the bytes are, `inspect` gives an inspection and never raises."""

import dataclasses
import json
import pickle
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from watchfloor.inspection.contracts import Envelope, Inspection, TenantFacts
from watchfloor.inspection.inspect import inspect
from watchfloor.inspection.report import as_json, as_text
from watchfloor.inspection.tasks import read_answer
from watchfloor.inspection.tests.letters import FACTS, NOW, html_letter, letter, with_file

FIXTURES = sorted((Path(__file__).parent / "fixtures").glob("*.eml"))
NAMES = st.sampled_from(
    [
        "From",
        "To",
        "Cc",
        "Subject",
        "Date",
        "Message-ID",
        "Received",
        "Content-Type",
        "Content-Transfer-Encoding",
        "Content-Disposition",
        "Reply-To",
        "Return-Path",
        "Authentication-Results",
        "List-Unsubscribe",
        "X-Mailer",
        "MIME-Version",
        "X-Message-Delivery",
        "X-Forefront-Antispam-Report",
        "X-EOPTenantAttributedMessage",
        "X-MS-Exchange-Organization-SCL",
        "Delivered-To",
    ]
)
PIECES = st.sampled_from(
    [
        b"=?utf-8?B?w5w=?=", b"=?x?Q?=ZZ?=", b"multipart/mixed; boundary=cut", b'multipart/mixed; boundary=""', b"message/rfc822",
        b"text/html; charset=utf-7", b"base64", b"quoted-printable", b"attachment; filename*0*=utf-8''%ff", b"<a@b.example>",
        b"from [203.0.113.7] by x", b"from x by y.mail.protection.outlook.com", b"CIP:1;CAT:SPOOF;SCL:9;SFV:SPM",
        b"mx.corp.example; dmarc=fail", b"\xff\xfe", b"\x00", b"\r\n ", b"@", b"<<>>", b"a" * 300,
    ]
)  # fmt: skip
CHUNKS = st.sampled_from(
    [
        b"--cut\r\n", b"--cut--\r\n", b"\r\n\r\n", b"Content-Type: text/html\r\n\r\n", b"Content-Transfer-Encoding: base64\r\n\r\n",
        b"<div style='display:none'>", b"<a href='http://[::1'>x</a>", b"<a href=//evil.example>https://paypal.com</a>", b"PK\x03\x04\x14\x00",
        b"PK\x05\x06" + b"\xff" * 18, b"%PDF-1.5 /URI (http://x", b"\xd0\xcf\x11\xe0", b"Rar!\x1a\x07", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\x1f\x8b\x08",
        b"https://xn--.example:99999/", b"<form action=x><input type=password>", b"=", b"&#xD800;", b"\xe2\x80\xae", b"Content-Type: message/rfc822\r\n\r\n",
    ]
)  # fmt: skip
HEADERS = st.lists(st.tuples(NAMES, st.one_of(PIECES, st.binary(max_size=60))), max_size=12)
MAILS = st.builds(
    lambda headers, chunks: b"".join(n.encode() + b": " + v + b"\r\n" for n, v in headers) + b"\r\n" + b"".join(chunks),
    HEADERS,
    st.lists(st.one_of(CHUNKS, st.binary(max_size=200)), max_size=12),
)
CALM = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
NOBODY = Envelope()
EVERYTHING = TenantFacts(
    own_domains=frozenset({"corp.example", ""}),
    authserv_ids=frozenset({"mx.corp.example", "outlook.com"}),
    microsoft_tenants=frozenset({"any"}),
    people=(("", ""), ("Ada Lovelace", "ada@corp.example")),
    allowed=frozenset({"domain:b.example"}),
    blocked=frozenset({"domain:evil.example"}),
)


def _check(raw: bytes, envelope: Envelope = NOBODY, facts: TenantFacts = EVERYTHING) -> None:
    found = inspect(raw, envelope=envelope, facts=facts, now=NOW)
    assert isinstance(found, Inspection)
    assert found.size == len(raw)
    assert found.verdict.score == pytest.approx(sum(reason.points for reason in found.verdict.reasons), abs=0.01)
    assert 0 <= found.cluster_id < 1 << 63
    json.dumps(as_json(found)).encode()
    as_text(found).encode()
    assert read_answer(pickle.dumps(found, protocol=5)) == found


@CALM
@given(st.binary(max_size=2_000))
@example(b"")
@example(b"\r\n")
@example(b"From ")
@example(b":" * 100)
def test_no_bytes_make_it_fail(raw):
    _check(raw)


@CALM
@given(MAILS)
def test_no_almost_mail_makes_it_fail(raw):
    _check(raw)


@CALM
@given(
    st.binary(max_size=1_500),
    st.sampled_from(["a.zip", "a.pdf", "a.docm", "a.html", "a.eml", "a.png", "a.ics", "a.tar.gz", "a.exe", "a"]),
)
def test_no_attachment_makes_it_fail(data, name):
    _check(with_file(data, name))


@CALM
@given(st.text(max_size=1_500))
def test_no_text_makes_it_fail(text):
    raw = text.encode("utf-8", "surrogatepass")
    _check(letter("") + raw)
    _check(html_letter("") + raw)


@CALM
@given(
    st.builds(
        Envelope,
        mail_from=st.text(max_size=50),
        client_ip=st.text(max_size=20),
        recipients=st.tuples(st.text(max_size=20)),
    )
)
def test_no_envelope_makes_it_fail(envelope):
    _check(letter(), envelope)


@CALM
@given(st.data())
def test_no_damage_to_a_real_mail_makes_it_fail(data):
    raw = bytearray(data.draw(st.sampled_from(FIXTURES)).read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=20))
    _check(bytes(raw) or b"x")


@CALM
@given(st.data())
def test_no_rearranged_lines_of_a_real_mail_make_it_fail(data):
    lines = data.draw(st.sampled_from(FIXTURES)).read_bytes().splitlines(keepends=True)
    for _ in range(data.draw(st.integers(1, 6))):
        start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(lines))] * 2)))
        block = lines[start:end]
        lines[start:end] = data.draw(st.sampled_from([[], block[::-1], block * 3, [b"".join(block).strip(b"\r\n")]]))
    _check(b"".join(lines))


def test_the_same_mail_gives_the_same_inspection():
    for path in FIXTURES:
        first, second = (inspect(path.read_bytes(), envelope=Envelope(), facts=FACTS, now=NOW) for _ in range(2))
        assert dataclasses.asdict(first) == dataclasses.asdict(second)
