"""The ordinary letters, made into raw mail."""

import html
import re
import tomllib
from email.message import EmailMessage
from pathlib import Path
from typing import Any

_LINK = re.compile(r"!?\[([^\]]*)\]\(([^)\s]+)\)")
_PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
RECIPIENT = "ada.berg@contoso.example"


def ordinary_letters() -> list[tuple[str, bytes]]:
    """Each letter of `ordinary_letters.toml`: its subject and its bytes."""
    letters = tomllib.loads(Path(__file__).with_name("ordinary_letters.toml").read_text("utf-8"))["letter"]
    return [(letter["subject"], as_mail(letter)) for letter in letters]


def as_mail(letter: dict[str, Any]) -> bytes:
    """One letter as it would arrive."""
    mail = EmailMessage()
    for name, value in (("From", letter["from"]), ("To", RECIPIENT), ("Subject", letter["subject"])):
        mail[name] = value
    mail["Message-ID"] = f"<{abs(hash_of(letter['subject']))}@{letter['from'].rpartition('@')[2].rstrip('>')}>"
    if letter.get("text"):
        mail.set_content(letter["body"])
    else:
        mail.set_content(_as_html(letter["body"]), subtype="html")
    if name := str(letter.get("file", "")):
        mail.add_attachment(_PDF, maintype="application", subtype="pdf", filename=name)
    return mail.as_bytes()


def hash_of(text: str) -> int:
    """A number for a text, the same in every process."""
    return sum(ord(letter) * (at + 1) for at, letter in enumerate(text))


def _as_html(body: str) -> str:
    return f"<html><body>{''.join(_paragraph(line) for line in body.splitlines())}</body></html>"


def _paragraph(line: str) -> str:
    if line.startswith("~"):
        return f'<div style="display:none;max-height:0">{html.escape(line.strip("~"))}</div>'
    return f"<p>{_LINK.sub(_element, html.escape(line, quote=False))}</p>"


def _element(match: re.Match[str]) -> str:
    text, address = match.groups()
    return f'<img src="{address}">' if match[0].startswith("!") else f'<a href="{address}">{text}</a>'
