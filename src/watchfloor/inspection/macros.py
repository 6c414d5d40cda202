"""Macros in Office files: whether there are any, and whether one starts by itself.

What no macro can hide in is told apart cheaply; then our own search for module source, which damage does not stop, and
oletools, which knows every container of them (OLE, Open XML, XML of 2003, MHT, Excel 4 sheets). Nothing is executed.
"""

import logging
import re
import warnings
from typing import Any

from watchfloor.inspection import archives, limits, ovba
from watchfloor.inspection.limits import Limits

_OLE = b"\xd0\xcf\x11\xe0"
_PROJECT = "_VBA_PROJECT".encode("utf-16-le")
_MACRO_SHEET = b"\x85\x00"  # BIFF BOUNDSHEET; its type byte tells a macro sheet
_IN_PACKAGE = re.compile(r"vbaproject\.bin|macrosheets/", re.IGNORECASE)
_PACKED = (b"ActiveMime", b"QWN0aXZlTWlt", b"w:binData")
_CODE = 1 << 20


def may_hold_macros(data: bytes) -> bool:
    """Whether the file is of a kind that can hold macros; cheap."""
    return data[:4] == _OLE or data[:4] == b"PK\x03\x04" or any(mark in data[: limits.TEXT] for mark in _PACKED)


def is_encrypted(data: bytes) -> bool:
    """Whether an Office file is encrypted as a whole (MS-OFFCRYPTO 2.3.4.4: its package is one stream in an OLE file)."""
    return data[:4] == _OLE and "EncryptedPackage".encode("utf-16-le") in data[: limits.DOCUMENT]


def macros_of(data: bytes, cuts: Limits) -> tuple[bool, str]:
    """Whether the Office file holds macros, and the name by which one starts itself ("" when none does)."""
    if len(data) > limits.DOCUMENT:
        cuts.cut(f"macros searched only in the first {limits.DOCUMENT >> 20} MB")
        data = data[: limits.DOCUMENT]
    projects = _projects(data, cuts)
    if not projects:
        return False, ""
    carvings = [ovba.carved(blob) for blob in projects]
    has = data[:4] != _OLE or any(found for found, _ in carvings)
    auto = next((name for _, name in carvings if name), "")
    if auto:
        return True, auto
    try:
        read, auto = _read(data)
    except Exception:
        cuts.cut("macros not read: the document is damaged")  # oletools raises many types
        return has, ""
    return has or read, auto


def _projects(data: bytes, cuts: Limits) -> list[bytes]:
    """Where macros lie, if any: the file itself, or the projects and macro sheets in a package."""
    if data[:4] == b"PK\x03\x04":
        listing = archives.list_archive(data, cuts)
        found = [entry for entry in (listing.entries if listing else ()) if _IN_PACKAGE.search(entry.name)]
        return [archives.member(data, entry, limits.MEMBER) for entry in found[:3]]
    marks = (_PROJECT, b"\x00Attribut", _MACRO_SHEET) if data[:4] == _OLE else _PACKED
    return [data] if any(mark in data for mark in marks) else []


def _read(data: bytes) -> tuple[bool, str]:
    olevba = _olevba()
    parser = olevba.VBA_Parser("document", data=data)
    try:
        if not (parser.detect_vba_macros() or parser.detect_xlm_macros()):
            return False, ""
        code = "\n".join(_text(source) for *_, source in parser.extract_macros())[:_CODE]
    finally:
        parser.close()
    found = olevba.detect_autoexec(code)
    return True, str(found[0][0]) if found else ""


def _text(source: Any) -> str:
    return source.decode("utf-8", "replace") if isinstance(source, bytes) else str(source)


def _olevba() -> Any:
    """oletools, which warns about its own age when it is imported, and takes a while: not before it is needed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from oletools import olevba
    logging.getLogger("olevba").disabled = True  # says what it opens, which is nobody's business
    return olevba
