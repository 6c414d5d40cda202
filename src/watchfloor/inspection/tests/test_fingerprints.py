"""The same mail through two doors is one; another mail under the same Message-ID is another."""

from hypothesis import given
from hypothesis import strategies as st

from watchfloor.inspection.tests.letters import RECEIVED, letter, read


def test_trace_headers_and_line_ends_make_no_other_mail():
    one = letter()
    two = letter(
        top=("Delivered-To: max@corp.example", "Received: from other ([203.0.113.8]) by mx2.corp.example", RECEIVED)
    )
    three = one.replace(b"\r\n", b"\n") + b"\n\n"
    assert len({read(raw).fingerprint for raw in (one, two, three)}) == 1
    assert len({read(raw).sha256 for raw in (one, two, three)}) == 3


def test_a_folded_or_encoded_subject_is_the_same_subject():
    one = letter(subject="Grüße aus dem Büro")
    two = letter(subject="=?utf-8?Q?Gr=C3=BC=C3=9Fe_aus?=\n =?utf-8?Q?_dem_B=C3=BCro?=")
    assert read(one).fingerprint == read(two).fingerprint


def test_a_message_id_used_again_is_another_mail():
    assert read(letter("one")).fingerprint != read(letter("two")).fingerprint
    assert read(letter(subject="one")).fingerprint != read(letter(subject="two")).fingerprint
    assert read(letter(sender="a@b.example")).fingerprint != read(letter(sender="c@b.example")).fingerprint


TWO_FACES = "\r\n".join(
    [
        "--friendly", "Content-Type: text/plain", "", "See you on Monday.", "--friendly--",
        "--evil", "Content-Type: text/html", "", "<a href='https://evil.example/'>Sign in</a>", "--evil--",
    ]
)  # fmt: skip


def test_the_same_bytes_under_another_boundary_are_another_mail():
    friendly, evil = (
        letter(TWO_FACES).replace(b"text/plain; charset=utf-8", b"multipart/mixed; boundary=" + name, 1)
        for name in (b"friendly", b"evil")
    )
    assert "evil.example" not in read(friendly).text
    assert [url.domain for url in read(evil).urls] == ["evil.example"]
    assert read(friendly).fingerprint != read(evil).fingerprint


def test_the_same_bytes_in_another_encoding_are_another_mail():
    plain = letter("PGEgaHJlZj1odHRwczovL2V2aWwuZXhhbXBsZS8+")
    assert read(plain).fingerprint != read(plain.replace(b"Encoding: 8bit", b"Encoding: base64")).fingerprint


def test_answers_that_go_elsewhere_make_another_mail():
    assert read(letter()).fingerprint != read(letter(extra=("Reply-To: boss@evil.example",))).fingerprint


def test_a_second_from_or_subject_makes_another_mail():
    for line in ("From: boss@corp.example", "Subject: Urgent"):
        assert read(letter()).fingerprint != read(letter(extra=(line,))).fingerprint


def test_parts_of_headers_cannot_be_shifted_into_one_another():
    one = letter(subject="b", sender="a")
    two = letter(subject="", sender="a b")
    assert read(one).fingerprint != read(two).fingerprint


@given(st.binary(max_size=3_000))
def test_line_ends_never_matter_to_the_fingerprint(body):
    head = letter("")
    lines = body.replace(b"\r", b"")
    unix, dos = head + lines, head + lines.replace(b"\n", b"\r\n")
    assert read(unix).fingerprint == read(dos).fingerprint


def test_a_carriage_return_on_the_edge_of_a_chunk_is_no_difference():
    head = letter("")
    body = b"x" * ((1 << 20) - 1) + b"\r\n" + b"y" * 10
    assert read(head + body).fingerprint == read(head + body.replace(b"\r\n", b"\n")).fingerprint
