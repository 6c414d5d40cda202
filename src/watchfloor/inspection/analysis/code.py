"""Macro source and what it is built to do, read by oletools and never run."""

from typing import Any

from watchfloor.inspection import limits, macros
from watchfloor.inspection.analysis.contracts import Behaviour
from watchfloor.inspection.limits import Limits

MOST_MODULES = 20
MOST_SOURCE = 20_000
MOST_FINDINGS = 60
LEVELS = {"AutoExec": "high", "Suspicious": "high", "IOC": "medium", "Hex String": "low", "Base64 String": "low"}
WORDS = {
    "AutoExec": "Runs by itself",
    "Suspicious": "Macro uses",
    "IOC": "Macro names",
    "Hex String": "Hidden text",
    "Base64 String": "Hidden text",
}


def macros_in(data: bytes, where: str, cuts: Limits) -> tuple[list[tuple[str, str]], list[Behaviour]]:
    """(module, source) of each macro, at most twenty of 20,000 characters, and what oletools sees in them."""
    if not macros.may_hold_macros(data) or len(data) > limits.DOCUMENT or not macros.macros_of(data, cuts)[0]:
        return [], []
    try:
        return _read(data, where)
    except Exception:  # oletools raises many types on damaged files
        cuts.cut(f"macros of {where} not read: the document is damaged")
        return [], []


def _read(data: bytes, where: str) -> tuple[list[tuple[str, str]], list[Behaviour]]:
    parser: Any = macros._olevba().VBA_Parser("document", data=data)
    try:
        if not (parser.detect_vba_macros() or parser.detect_xlm_macros()):
            return [], []
        modules = [
            (f"{where}: {name}", macros._text(code)[:MOST_SOURCE]) for _, _, name, code in parser.extract_macros()
        ]
        found = parser.analyze_macros(show_decoded_strings=True)[:MOST_FINDINGS]
    finally:
        parser.close()
    acts = [
        Behaviour(LEVELS.get(kind, "low"), WORDS.get(kind, str(kind)), where, f"{keyword}: {description}"[:300])
        for kind, keyword, description in found
    ]
    return modules[:MOST_MODULES], acts
