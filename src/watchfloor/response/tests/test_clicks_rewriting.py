"""Links are changed and nothing else, in whatever a mail carries its text."""

import email
import email.policy
import quopri
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchfloor.response.clicks.html_links import changes, clickable
from watchfloor.response.clicks.rewriting import GivenUp, rewritten
from watchfloor.response.clicks.text_links import urls_at
from watchfloor.response.clicks.tokens import Link, sign, verify

KEY = b"k" * 32
OURS = "https://watch.example/click/"
HEAD = b"From: a@x.example\r\nSubject: Hello\r\n"


def wrap(url: str) -> str:
    return OURS + sign(Link(url), key=KEY)


def unwrap(text: str) -> str:
    """Text with every protected link put back."""
    while OURS in text:
        before, _, rest = text.partition(OURS)
        token = rest[: next((n for n, c in enumerate(rest) if not (c.isalnum() or c in "-_")), len(rest))]
        link = verify(token, key=KEY)
        assert link is not None, token
        text = before + link.url + rest[len(token) :]
    return text


def mail(body: bytes, *fields: str) -> bytes:
    return HEAD + "".join(f"{one}\r\n" for one in fields).encode() + b"\r\n" + body


def new_body(raw: bytes) -> bytes | None:
    found = rewritten(raw, wrap=wrap)
    return found.body if found else None


def text_of(raw: bytes, body: bytes | None) -> str:
    """The decoded text of a mail of one part, under its own headers."""
    assert body is not None
    head = raw.partition(b"\r\n\r\n")[0]
    return email.message_from_bytes(head + b"\r\n\r\n" + body, policy=email.policy.default).get_content()


def built(html: str, **how: str) -> bytes:
    message = EmailMessage(policy=email.policy.SMTP)
    message["Subject"] = "Hello"
    message.set_content(html, subtype="html", **how)
    return message.as_bytes()


def test_a_plain_mail_gets_protected_links_and_keeps_the_rest():
    raw = mail(b"Look at https://x.example/a, and (http://y.example/b_(c)).\r\nBye\r\n")
    text = new_body(raw).decode()
    assert text.count(OURS) == 2
    assert unwrap(text) == "Look at https://x.example/a, and (http://y.example/b_(c)).\r\nBye\r\n"


def test_an_address_without_a_scheme_is_protected_as_the_mail_program_would_open_it():
    assert unwrap(new_body(mail(b"www.x.example/login now")).decode()) == "http://www.x.example/login now"


@pytest.mark.parametrize("cte", ["quoted-printable", "base64", "8bit"])
def test_html_is_changed_inside_its_own_encoding(cte):
    html = '<p class="é"><a title="a>b" href="https://x.example/?a=1&amp;b=2#c">Click</a> ünd mehr</p>\n'
    raw = built(html, cte=cte)
    body = new_body(raw)
    text = text_of(raw, body)
    assert text.count(OURS) == 1
    assert unwrap(text).replace("\r\n", "\n") == html.replace("&amp;", "&")
    if cte != "8bit":
        assert max(map(len, body.splitlines())) <= 78


def test_what_a_quoted_printable_part_does_not_link_stays_as_it_was_written():
    untouched = b"odd=20spacing =3D=\r\n wrapped=3a lower case=\r\n"
    raw = mail(
        untouched + b'<a href=3D"https://x.example/">x</a> \t\r\n' + untouched,
        "Content-Type: text/html; charset=utf-8",
        "Content-Transfer-Encoding: quoted-printable",
    )
    body = new_body(raw)
    assert body.startswith(untouched)
    assert body.endswith(b">x</a> \t\r\n" + untouched)
    assert b'href="' + OURS.encode() in quopri.decodestring(body)


def test_each_part_of_a_multipart_is_changed_and_its_frame_stays():
    raw = mail(
        b"preamble https://p.example/\r\n--b\r\nContent-Type: text/plain\r\n\r\nhttps://x.example/a\r\n"
        b"--b\r\nContent-Type: text/html\r\n\r\n<a href='https://x.example/b'>b</a>\r\n"
        b'--b\r\nContent-Type: text/plain; name="notes.txt"\r\n\r\nhttps://x.example/c\r\n'
        b"--b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\nhttps://x.example/d\r\n"
        b"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nhttps://x.example/e\r\n"
        b"--b--\r\nepilogue https://q.example/\r\n",
        'Content-Type: multipart/mixed; boundary="b"',
    )
    body = new_body(raw)
    assert body.count(OURS.encode()) == 4  # what has only a name is shown, too, and a mail inside is opened
    assert unwrap(body.decode()).encode() == raw.partition(b"\r\n\r\n")[2]
    for kept in (b"https://p.example/", b"https://x.example/d"):
        assert kept in body


@pytest.mark.parametrize(
    "kind",
    ["multipart/encrypted; boundary=b", "application/pkcs7-mime", "message/partial", "message/external-body"],
)
def test_what_is_sealed_is_left_alone(kind):
    body = b"--b\r\nContent-Type: text/plain\r\n\r\nhttps://x.example/\r\n--b--\r\n"
    assert new_body(mail(body, f"Content-Type: {kind}")) is None


def test_pgp_inside_a_text_is_left_alone():
    assert (
        new_body(
            mail(
                b"-----BEGIN PGP SIGNED MESSAGE-----\r\n\r\nhttps://x.example/\r\n-----BEGIN PGP SIGNATURE-----\r\nab\r\n-----END PGP SIGNATURE-----\r\n"
            )
        )
        is None
    )


def test_a_signed_part_inside_another_mail_is_left_alone_and_its_neighbour_is_not(monkeypatch):
    monkeypatch.setattr("watchfloor.response.clicks.rewriting.truly_signed", lambda *_, **__: True)
    inner = b"--s\r\nContent-Type: text/plain\r\n\r\nhttps://signed.example/\r\n--s\r\n\r\nsig\r\n--s--\r\n"
    raw = mail(
        b"--b\r\nContent-Type: multipart/signed; boundary=s\r\n\r\n" + inner
        + b"--b\r\n\r\nhttps://footer.example/\r\n--b--\r\n",
        "Content-Type: multipart/mixed; boundary=b",
    )  # fmt: skip
    body = new_body(raw)
    assert inner in body
    assert body.count(OURS.encode()) == 1


def test_a_link_in_a_conditional_comment_is_protected_too():
    raw = built('<!--[if mso]><v:rect href="https://x.example/">x</v:rect><![endif]--><!-- https://c.example/ -->')
    assert text_of(raw, new_body(raw)).count(OURS) == 1


def test_bare_text_in_html_becomes_a_link_and_shows_what_it_showed():
    raw = built("<p>Go to https://x.example/a?b=1&amp;c=2 now</p><script>var a='https://s.example/'</script>")
    text = text_of(raw, new_body(raw))
    assert ">https://x.example/a?b=1&amp;c=2</a> now" in text
    assert "'https://s.example/'" in text


def test_long_lines_are_broken_where_it_changes_nothing():
    filler = "x" * 900
    raw = mail(
        f'<p>{filler}</p><a class="y" href="https://x.example/{"a" * 60}">b</a>'.encode(), "Content-Type: text/html"
    )
    body = new_body(raw)
    assert max(map(len, body.split(b"\r\n"))) < 999
    assert unwrap(body.decode()).replace("\r\n", "") == raw.partition(b"\r\n\r\n")[2].decode()


@pytest.mark.parametrize(
    "charset", ["utf-8", "iso-8859-1", "windows-1252", "utf-16", "utf-16-le", "iso-2022-jp", "shift_jis"]
)
def test_every_charset_keeps_its_letters(charset):
    message = EmailMessage(policy=email.policy.SMTP)
    message["Subject"] = "x"
    words = "日本" if "jp" in charset or "jis" in charset else "Grüße"
    text = f'<p>{words}</p><a href="https://x.example/a">{words}</a>'
    raw = mail(
        __import__("base64").encodebytes(text.encode(charset)).replace(b"\n", b"\r\n"),
        f"Content-Type: text/html; charset={charset}",
        "Content-Transfer-Encoding: base64",
    )
    body = new_body(raw)
    assert unwrap(__import__("base64").b64decode(body).decode(charset)) == text


@pytest.mark.parametrize(
    ("written", "opened"),
    [
        ("https://x.example/", "https://x.example/"),
        ("HTTP:\\\\x.example/a", "http://x.example/a"),
        ("//x.example/a", "https://x.example/a"),
        ("https:x.example", "https://x.example"),
        ("www.x.example", "http://www.x.example"),
        ("mailto:ada@x.example", ""),
        ("javascript:alert(1)", ""),
        ("#top", ""),
        ("cid:picture", ""),
        ("page.html", ""),
    ],
)
def test_what_a_browser_would_open_is_what_is_protected(written, opened):
    assert clickable(written) == opened


def test_a_relative_link_is_read_by_the_base_the_mail_names():
    found = list(
        changes('<base href="https://x.example/a/"><a href="login">x</a><a href="#t">y</a>', lambda url: f"[{url}]")
    )
    assert [one.new for one in found] == ["[https://x.example/a/login]"]


def test_a_link_hidden_behind_entities_and_line_ends_is_seen():
    found = list(changes('<a href=" &#104;ttps://x.exa\nmple/ ">x</a>', lambda url: f"[{url}]"))
    assert [one.new for one in found] == ["[https://x.example/]"]


@pytest.mark.parametrize("html", ['<a href="https://x.example/', "<a '" * 20_000, "<" * 200_000, "<!--" * 50_000])
def test_markup_that_never_ends_is_read_in_one_pass(html):
    import time

    before = time.process_time()
    assert [one for one in changes(html, wrap) if one.new.startswith("<")] == []
    assert time.process_time() - before < 2


def test_a_mail_of_too_many_parts_goes_as_it_is():
    raw = mail(b"--b\r\n\r\nhttps://x.example/\r\n" * 600, "Content-Type: multipart/mixed; boundary=b")
    with pytest.raises(GivenUp):
        rewritten(raw, wrap=wrap)


def test_a_mail_that_takes_too_long_goes_as_it_is():
    with pytest.raises(GivenUp):
        rewritten(mail(b"https://x.example/"), wrap=wrap, spent=lambda: True)


def test_links_that_are_not_to_be_protected_change_nothing():
    assert rewritten(mail(b"https://x.example/ https://y.example/"), wrap=lambda url: None) is None


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=60)
URL = st.from_regex(r"https?://[a-z]{1,8}\.example/[a-z0-9?=%-]{0,30}[a-z0-9]", fullmatch=True)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(TEXT, URL), min_size=1, max_size=5), st.sampled_from(["quoted-printable", "base64", "8bit"]))
def test_whatever_the_text_only_its_links_change(pieces, cte):
    html = "".join(f'<p>{words.replace("<", "")}</p>\n<a href="{url}">x</a>\n' for words, url in pieces)
    if "http" in "".join(words for words, _ in pieces).lower() or "www" in html.lower():
        return
    message = EmailMessage(policy=email.policy.SMTP)
    message["Subject"] = "x"
    message.set_content(html, subtype="html", cte=cte)
    raw = message.as_bytes()
    before = email.message_from_bytes(raw, policy=email.policy.default).get_content()
    after = text_of(raw, new_body(raw))
    assert after.count(OURS) == len(pieces)
    assert unwrap(after).replace("\r\n", "") == before.replace("\r\n", "")


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_whatever_bytes_come_nothing_breaks_and_without_links_nothing_changes(noise):
    for kind in ("text/html", "text/plain", "multipart/mixed; boundary=b", "multipart/alternative"):
        for cte in ("7bit", "quoted-printable", "base64"):
            raw = mail(noise, f"Content-Type: {kind}", f"Content-Transfer-Encoding: {cte}")
            if rewritten(raw, wrap=wrap) is not None:
                assert list(urls_at(noise.decode("latin-1"))) or b"=" in noise or cte == "base64" or b"href" in noise


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200), st.binary(min_size=32, max_size=32), st.text(max_size=40))
def test_a_token_says_what_was_signed_and_nothing_else(url, mail_id, who):
    url = "https://x.example/" + url.encode("utf-8", "ignore").decode()
    who = who.encode("utf-8", "ignore").decode()[:30]
    link = Link(url, mail_id.hex() if any(mail_id) else "", who)
    token = sign(link, key=KEY)
    assert verify(token, key=KEY) == link
    assert verify(token, key=b"another key") is None
    flipped = ("B" if token[20] == "A" else "A").join((token[:20], token[21:]))
    assert verify(flipped, key=KEY) is None


@pytest.mark.parametrize("token", ["", "x", "a" * 50_000, "ü" * 40, "AAAA" * 20, "../../etc"])
def test_what_is_no_token_names_nothing(token):
    assert verify(token, key=KEY) is None
