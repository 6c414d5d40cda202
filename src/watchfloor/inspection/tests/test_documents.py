"""URLs are found inside documents and pictures."""

import io
import zlib

import pytest
import zxingcpp
from PIL import Image

from watchfloor.inspection.documents import pdf_urls
from watchfloor.inspection.limits import Limits
from watchfloor.inspection.qr import qr_texts
from watchfloor.inspection.tests.letters import html_letter, letter, read, with_file
from watchfloor.inspection.tests.test_attachments import zipped


def picture(text: str, kind: str = "PNG", *, transparent: bool = False) -> bytes:
    """A picture of a QR code."""
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode)
    image = Image.fromarray(code.to_image(scale=5)) if hasattr(Image, "_never") else _image(code.to_image(scale=5))
    if transparent:
        clear = Image.new("RGBA", image.size, (0, 0, 0, 0))
        clear.paste((0, 0, 0, 255), mask=image.point(lambda value: 255 - value))
        image = clear
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


def _image(pixels) -> Image.Image:
    view = memoryview(pixels)
    height, width = view.shape[:2]
    return Image.frombytes("L", (width, height), view.tobytes())


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "WEBP"])
def test_a_qr_code_is_read_from_every_kind_of_picture(kind):
    assert qr_texts(picture("https://evil.example/q", kind), Limits()) == ["https://evil.example/q"]


def test_a_black_code_on_nothing_is_read_as_it_is_shown():
    assert qr_texts(picture("https://evil.example/q", transparent=True), Limits()) == ["https://evil.example/q"]


def test_a_qr_code_in_a_mail_is_a_url_and_a_reason():
    found = read(with_file(picture("https://evil.example/q"), "code.png", kind="image/png"))
    assert [(url.url, url.location) for url in found.urls] == [("https://evil.example/q", "QRCode")]
    assert 'leads to "https://evil.example/q"' in next(r.words for r in found.verdict.reasons if r.signal == "qr_link")


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n", picture("x")[:200], b"GIF89a" + b"\xff" * 50])
def test_a_broken_picture_holds_no_code(data):
    assert qr_texts(data, Limits()) == []


def test_pictures_too_large_are_reported_and_not_read():
    out = io.BytesIO()
    Image.new("1", (4_000, 4_000)).save(out, "PNG")
    cuts = Limits()
    assert qr_texts(out.getvalue(), cuts) == []
    assert cuts.hit == ("image over 8 megapixels not searched for QR codes",)


def test_only_the_first_pictures_are_searched():
    one = with_file(picture("https://evil.example/q"), "code.png", kind="image/png")
    head, rest = one.split(b"--cut\r\nContent-Type: image/png", 1)
    part = b"--cut\r\nContent-Type: image/png" + rest.replace(b"--cut--\r\n", b"")
    assert "QR search cut at 6 images" in read(head + part * 8 + b"--cut--\r\n").limits_hit


PDF = (
    b"%PDF-1.5\n1 0 obj\n<</Type/Annot/A<</S/URI/URI(https://plain.example/a\\)b)>>>>\nendobj\n"
    b"2 0 obj\n<</URI <68747470733a2f2f6865782e6578616d706c652f>>>\nendobj\n"
)


def test_pdf_links_are_found_plain_hexadecimal_and_compressed():
    packed = zlib.compress(b"<</S/URI/URI (https://packed.example/)>>")
    data = PDF + b"3 0 obj\n<</Type/ObjStm/Filter/FlateDecode>>\nstream\r\n" + packed + b"\nendstream\nendobj\n%%EOF"
    assert pdf_urls(data, Limits()) == ["https://plain.example/a)b", "https://hex.example/", "https://packed.example/"]


def test_a_pdf_link_is_an_attachment_url():
    found = read(with_file(PDF, "bill.pdf"))
    assert [(url.domain, url.location) for url in found.urls] == [
        ("plain.example", "Attachment"),
        ("hex.example", "Attachment"),
    ]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("page.html", b"<a href='https://inside.example/'>x</a>"),
        ("note.txt", b"go to https://inside.example/ now"),
        ("event.ics", b"BEGIN:VCALENDAR\r\nDESCRIPTION:see https://ins\r\n ide.example/\r\nEND:VCALENDAR"),
        (
            "letter.docx",
            zipped(
                (
                    "word/_rels/document.xml.rels",
                    b'<Relationship Target="https://inside.example/" TargetMode="External"/>',
                )
            ),
        ),
        (
            "picture.svg",
            b"<svg xmlns='http://www.w3.org/2000/svg'><a href='https://inside.example/'><text>x</text></a></svg>",
        ),
    ],
)
def test_documents_give_up_their_links(name, data):
    assert ("inside.example", "Attachment") in {(url.domain, url.location) for url in read(with_file(data, name)).urls}


def test_links_of_a_forwarded_mail_count_as_the_attachments():
    inner = html_letter("<a href='https://inner.example/'>look</a>")
    raw = with_file(b"", "x").replace(
        b'--cut\r\nContent-Type: application/octet-stream; name="x"\r\nContent-Disposition: attachment; filename="x"\r\nContent-Transfer-Encoding: base64',
        b"--cut\r\nContent-Type: message/rfc822",
    )
    raw = raw.replace(b"message/rfc822\r\n\r\n", b"message/rfc822\r\n\r\n" + inner)
    found = read(raw)
    assert [(url.url, url.location) for url in found.urls] == [("https://inner.example/", "Attachment")]
    assert found.attachments[0].file_type == "message/rfc822"
    assert found.attachments[0].extension == "eml"


def test_urls_know_their_place():
    raw = letter(
        "see https://body.example/",
        subject="https://subject.example/",
        extra=("List-Unsubscribe: <https://header.example/>",),
    )
    assert {(url.domain, url.location) for url in read(raw).urls} == {
        ("body.example", "Body"),
        ("subject.example", "Subject"),
        ("header.example", "Header"),
    }
