"""Distinguished names as they are compared."""

import re
from functools import lru_cache

_AROUND = re.compile(r"\s*(?<!\\)([,=+])\s*")
_ESCAPED = re.compile(r"((?:\\[0-9a-fA-F]{2})+)|\\(.)", re.DOTALL)
_PARTS = re.compile(r"(?<!\\),")
_SEPARATORS = frozenset(",+;\\")


@lru_cache(maxsize=65_536)
def spelt(dn: str) -> str:
    r"""A distinguished name in one spelling (RFC 4514): lower case, no spaces beside separators, “\2c” and “\,” alike.

    slapd keeps a member as it was written, which need not be as the entry's own name was.
    """
    plain = _ESCAPED.sub(_one_way, dn) if "\\" in dn else dn
    return _AROUND.sub(r"\1", plain.strip()).lower()


def _one_way(escaped: re.Match[str]) -> str:
    text = bytes.fromhex(escaped[1].replace("\\", "")).decode("utf-8", "replace") if escaped[1] else escaped[2]
    return "".join(f"\\{one}" if one in _SEPARATORS else one for one in text)


def domain_of(dn: str) -> str:
    """corp.example from …,dc=corp,dc=example; "" where the name has no such parts."""
    return ".".join(part[3:] for part in _PARTS.split(spelt(dn)) if part.startswith("dc="))
