"""Mail made to keep its links from being protected, or to hold the milter while they are."""

import base64
import quopri
import re
import time

import pytest

from watchfloor.response.clicks.rewriting import GivenUp, rewritten

EVIL = b"http://evil.example/x"


def wrap(url: str) -> str:
    return f"https://wf.example/click/{base64.urlsafe_b64encode(url.encode()).decode()}"


def body_of(*fields: bytes, body: bytes) -> bytes:
    found = rewritten(b"".join(field + b"\r\n" for field in fields) + b"\r\n" + body, wrap=wrap)
    return found.body if found else body


def plain(body: bytes) -> bytes:
    """A body in base64, read."""
    return base64.b64decode(b"".join(body.split()))


@pytest.mark.parametrize(
    "fields",
    [
        [b'Content-Type: text/html; name="page.html"'],
        [b"Content-Type: text/html", b'Content-Disposition: inline; filename="page.html"'],
    ],
)
def test_a_text_that_is_shown_is_protected_though_it_has_a_file_name(fields):
    assert EVIL not in body_of(*fields, body=b'<a href="' + EVIL + b'">x</a>')


@pytest.mark.parametrize(
    "kind", [b"text/html", b"application/xhtml+xml", b"image/svg+xml", b"application/octet-stream"]
)
def test_an_attached_page_is_protected_as_a_browser_will_open_it(kind):
    fields = [b"Content-Type: " + kind, b'Content-Disposition: attachment; filename="page.HTML"']
    page = b'<a href="' + EVIL + b'">x</a><form action="' + EVIL + b'"></form>'
    assert EVIL not in body_of(*fields, body=page)
    assert (
        plain(body_of(*fields, b"Content-Transfer-Encoding: base64", body=base64.b64encode(page))).count(b"click/") == 2
    )


@pytest.mark.parametrize("name", [b"notes.txt", b"rows.csv", b"page.html.zip"])
def test_other_attached_files_stay_as_they_are(name):
    kind = b"application/zip" if name.endswith(b"zip") else b"text/plain"
    fields = [b"Content-Type: " + kind, b'Content-Disposition: attachment; filename="' + name + b'"']
    assert EVIL in body_of(*fields, body=b'<a href="' + EVIL + b'">x</a>')


@pytest.mark.parametrize(
    "form",
    [
        b'<form method=post action="%s"><input name=pin></form>',
        b'<form action=nowhere.html><button formaction="%s">Go</button></form>',
        b"<form><input type=image formaction='%s'></form>",
        b"<FORM ACTION=%s><INPUT></FORM>",
    ],
)
def test_what_is_filled_into_a_form_leads_here_first(form):
    made = body_of(b"Content-Type: text/html", body=form % EVIL)
    assert EVIL not in made
    assert re.search(rb"https://wf\.example/click/[\w-]+=*/form[\"'> ]", made)


def test_the_address_of_a_form_is_told_from_other_attributes():
    made = body_of(b"Content-Type: text/html", body=b'<div action="' + EVIL + b'" formaction="' + EVIL + b'">x</div>')
    assert made.count(EVIL) == 2


@pytest.mark.parametrize("encoding", [b"7bit", b"8bit", b"base64", b"quoted-printable"])
def test_a_mail_inside_the_mail_is_protected_however_it_is_carried(encoding):
    inner = (
        b"Subject: x\r\nContent-Type: text/html\r\n\r\n<a href=3D'"
        if encoding == b"quoted-printable"
        else (b"Subject: x\r\nContent-Type: text/html\r\n\r\n<a href='")
    )
    inner += EVIL + b"'>x</a>\r\n"
    body = base64.encodebytes(inner) if encoding == b"base64" else inner
    fields = [
        b"Content-Type: message/rfc822",
        b"Content-Disposition: attachment",
        b"Content-Transfer-Encoding: " + encoding,
    ]
    made = body_of(*fields, body=body)
    read = plain(made) if encoding == b"base64" else quopri.decodestring(made) if encoding[:1] == b"q" else made
    assert b"<a href='https://wf.example/click/" in read
    assert EVIL not in read


def test_mails_inside_mails_end_at_a_depth():
    body = b"https://evil.example/x\r\n"
    for _ in range(30):
        body = b"Content-Type: message/rfc822\r\n\r\n" + body
    with pytest.raises(GivenUp):
        rewritten(b"Content-Type: message/rfc822\r\n\r\n" + body, wrap=wrap)


@pytest.mark.parametrize(
    "url",
    [
        "https://müller.example/größe?q=ü",
        "https://evil。example/x",
        "https://例え.テスト/道",
        "https://x.example/voilà/Åse",
        "https://x.example/" + "p" * 9000,
    ],
)
@pytest.mark.parametrize("charset", ["utf-8", "us-ascii"])
@pytest.mark.parametrize("kind", ["plain", "html"])
def test_urls_of_any_letters_and_length_are_protected_whole(url, charset, kind):
    text = f"Grüße: {url} und Ende" if kind == "plain" else f"Grüße <a href='{url}'>hier</a> {url}"
    made = body_of(f"Content-Type: text/{kind}; charset={charset}".encode(), body=text.encode()).decode()
    told = re.findall(r"https://wf\.example/click/([\w-]+=*)", made)
    assert {base64.urlsafe_b64decode(one).decode() for one in told} == {url}
    assert made.startswith("Grüße")


def test_an_address_without_a_scheme_in_other_letters_is_protected():
    made = body_of(b"Content-Type: text/plain; charset=utf-8", body="siehe www.müller.example/x, gut".encode())
    assert base64.urlsafe_b64decode(re.search(rb"click/([\w-]+=*)", made)[1]).decode() == "http://www.müller.example/x"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (b"html", b'<p hidden>-----BEGIN PGP </p><a href="%s">x</a>'),
        (b"html", b'-----BEGIN PGP MESSAGE-----\r\n<a href="%s">x</a>\r\n-----END PGP MESSAGE-----'),
        (b"plain", b"see -----BEGIN PGP MESSAGE----- or %s\r\n"),
        (b"plain", b"-----BEGIN PGP MESSAGE-----\r\n\r\nthe rest is missing: %s\r\n"),
        (b"plain", b"-----BEGIN PGP MESSAGE-----\r\n\r\nabcd\r\n-----END PGP MESSAGE-----\r\nand %s\r\n"),
    ],
)
def test_words_that_look_like_pgp_protect_no_link(kind, body):
    assert EVIL not in body_of(b"Content-Type: text/" + kind, body=body % EVIL)


@pytest.mark.parametrize("junk", [b"!", b"\x80", b"=", b"\r\n-- \r\n"])
def test_base64_that_mail_programs_read_is_protected_though_it_is_not_strict(junk):
    packed = base64.b64encode(b'<a href="' + EVIL + b'">click here</a> and more')
    for body in (packed + junk, packed[:8] + junk + packed[8:] if junk != b"=" else packed + junk):
        made = body_of(b"Content-Type: text/html", b"Content-Transfer-Encoding: base64", body=body)
        assert made != body, body
        assert EVIL not in plain(made)


@pytest.mark.parametrize("name", [b"base64 (as ever)", b"base64;", b"(as ever) base64", b'"base64"'])
def test_an_encoding_named_with_more_around_it_is_read(name):
    body = base64.b64encode(b'<a href="' + EVIL + b'">click here</a>')
    made = body_of(b"Content-Type: text/html", b"Content-Transfer-Encoding: " + name, body=body)
    assert made != body
    assert EVIL not in plain(made)


@pytest.mark.parametrize(
    "html",
    [
        b'<a href="\x01%s">x</a>',
        b'<a href="\x1e \x08%s">x</a>',
        b'<a xlink:href="https://good.example/" href="%s">x</a>',
        b'<svg><a href="https://good.example/" xlink:href="%s">x</a></svg>',
        b'<a href="/x">x</a><base href="http://evil.example/">',
    ],
)
def test_what_a_browser_opens_is_protected(html):
    text = html.replace(b"%s", EVIL)
    made = body_of(b"Content-Type: text/html", body=text)
    assert EVIL not in made
    assert base64.urlsafe_b64encode(EVIL)[:24] in made


@pytest.mark.parametrize("codec", ["utf-16-be", "utf-16-le"])
def test_wide_letters_of_either_order_are_protected(codec):
    text = f'\ufeff<a href="{EVIL.decode()}">x</a>'.encode(codec) + b"\0"
    fields = [b"Content-Type: text/html; charset=utf-16", b"Content-Transfer-Encoding: base64"]
    made = body_of(*fields, body=base64.b64encode(text))
    assert EVIL.decode() not in plain(made)[:-1].decode("utf-16")


def test_japanese_letters_written_with_idle_shifts_are_protected():
    body = b'\x1b(B\x1b(B<a href="' + EVIL + b'">x</a>'
    assert EVIL not in body_of(b"Content-Type: text/html; charset=iso-2022-jp", body=body)


@pytest.mark.parametrize("piece", [b"http://a.b/c ", b"<a href=//a.b>"])
def test_a_mail_of_nothing_but_short_links_is_given_up_before_it_swells(piece):
    raw = b"Content-Type: text/html\r\n\r\n" + (piece * 70 + b"\r\n") * 10_000
    began = time.process_time()
    with pytest.raises(GivenUp):
        rewritten(raw, wrap=lambda url: wrap(url) + "A" * 200)
    assert time.process_time() - began < 2


def test_the_time_is_looked_at_with_every_link_also_a_known_one():
    looks = []

    def spent() -> bool:
        looks.append(1)
        return len(looks) > 50

    with pytest.raises(GivenUp):
        rewritten(b"\r\n" + b"http://a.example/b " * 100, wrap=wrap, spent=spent)
