"""What a file really is, by its content, and which kinds run code when opened."""

import importlib
import re
from functools import lru_cache
from typing import Any

_PROBE = 64 << 10


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


EXECUTABLES = _set("""
    exe scr com pif cpl dll msi msp msix appx bat cmd ps1 psm1 vbs vbe js jse wsf wsh hta lnk jar reg scf url inf
    gadget application appref-ms chm xll wll msc ade adp search-ms library-ms diagcab apk dmg pkg
""")
SCRIPTS = _set("js jse vbs vbe wsf wsh hta ps1 psm1 bat cmd lnk")
MACRO_DOCUMENTS = _set("docm dotm xlsm xltm xlam xlsb pptm potm ppam ppsm sldm")
DISK_IMAGES = _set("iso img vhd vhdx udf")
ARCHIVES = _set("zip rar 7z gz tar tgz bz2 xz cab ace arj z lzh")
HTML_FILES = _set("html htm shtml xhtml xht svg mht mhtml")
HARMLESS_LOOKING = _set("pdf doc docx xls xlsx ppt pptx txt rtf jpg jpeg png gif csv mp3 mp4 wav odt ods htm html")

_EXECUTABLE_TYPES = _set("""
    application/x-dosexec application/vnd.microsoft.portable-executable application/x-executable
    application/x-sharedlib application/x-mach-binary application/x-msi application/x-ms-shortcut
    application/x-pie-executable
""")
# Extension -> what the real type must begin with; only where libmagic is reliable.
_EXPECTED = {
    "pdf": ("application/pdf",),
    "jpg": ("image/",),
    "jpeg": ("image/",),
    "png": ("image/",),
    "gif": ("image/",),
    "zip": ("application/zip", "application/x-zip", "application/vnd.", "application/java-archive", "application/epub"),
    "docx": (
        "application/vnd.openxml",
        "application/zip",
        "application/cdf",
        "application/encrypted",
        "application/x-ole",
    ),
    "xlsx": ("application/vnd.", "application/zip", "application/cdf", "application/encrypted", "application/x-ole"),
    "pptx": ("application/vnd.", "application/zip", "application/cdf", "application/encrypted", "application/x-ole"),
    "mp3": ("audio/", "application/octet-stream"),
}


@lru_cache(maxsize=1)
def _magic() -> Any:
    importlib.import_module("pylibmagic")  # before magic: it says where libmagic lies
    import magic

    return magic.Magic(mime=True)


def real_type(data: bytes) -> str:
    """The MIME type by content; application/octet-stream when libmagic cannot tell."""
    if not data:
        return "application/x-empty"
    try:
        found = str(_magic().from_buffer(data[:_PROBE]))
    except Exception:
        return "application/octet-stream"  # libmagic reports some hostile files as errors
    return found if "/" in found else "application/octet-stream"


def extension_of(name: str) -> str:
    """The lower-case extension without dot; "" when there is none. Trailing dots and blanks do not count."""
    stem, dot, extension = name.lower().rstrip(". \u200b\u202e").rpartition(".")
    return extension.strip() if dot and stem and len(extension) <= 15 else ""


def runs_code(name: str, file_type: str) -> bool:
    """Whether opening the file runs a program or a script."""
    return extension_of(name) in EXECUTABLES or file_type in _EXECUTABLE_TYPES


def is_program(data: bytes) -> bool:
    """Whether the content begins as a Windows program, a shortcut, or a Unix program does; asks nobody."""
    portable = data[:2] == b"MZ" and data[int.from_bytes(data[60:64], "little") :][:4] == b"PE\x00\x00"
    return portable or data[:8] == b"\x4c\x00\x00\x00\x01\x14\x02\x00" or data[:4] == b"\x7fELF"


def is_executable_type(file_type: str) -> bool:
    """Whether the content is a program, whatever it is called."""
    return file_type in _EXECUTABLE_TYPES


def contradicts(extension: str, file_type: str) -> bool:
    """Whether the real type cannot be what the extension says; unknown on either side is no contradiction."""
    expected = _EXPECTED.get(extension)
    if expected is None or file_type in (
        "application/octet-stream",
        "text/plain",
        "application/x-empty",
        "inode/x-empty",
    ):
        return False
    return not file_type.startswith(expected)


_DOUBLE = re.compile(r"\.([a-z0-9]{2,5})[\s_.]*\.([a-z0-9]{2,5})\s*\Z")


def has_double_extension(name: str) -> bool:
    """Whether a harmless-looking extension stands before the one that counts, as in invoice.pdf.exe."""
    found = _DOUBLE.search(name.lower())
    return bool(found and found[1] in HARMLESS_LOOKING and found[2] in EXECUTABLES | HTML_FILES | ARCHIVES - {"gz"})
