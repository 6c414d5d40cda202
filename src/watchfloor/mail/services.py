"""What other slices take from here: reading content on the record, mail made inert, encrypted zips, panels for the page."""

from watchfloor.mail.apart import read_apart
from watchfloor.mail.content import (
    SHORTEST_PASSWORD,
    download,
    encrypted_zip,
    preview,
    suggested_password,
    write_encrypted_zip,
)
from watchfloor.mail.hostile import file_name
from watchfloor.mail.inert import POLICY as INERT_POLICY
from watchfloor.mail.inert import inert_page
from watchfloor.mail.panels import register_links, register_panel

__all__ = [
    "INERT_POLICY",
    "SHORTEST_PASSWORD",
    "download",
    "encrypted_zip",
    "file_name",
    "inert_page",
    "preview",
    "read_apart",
    "register_links",
    "register_panel",
    "suggested_password",
    "write_encrypted_zip",
]
