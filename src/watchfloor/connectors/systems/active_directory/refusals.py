"""Why a domain controller said no, in words: the sub-codes of a refused sign-in, the error numbers of a refused change."""

import re

from watchfloor.connectors.protocols.ldap_server import Answer

_DATA = re.compile(r"\bdata ([0-9a-f]{2,4})\b", re.IGNORECASE)
_NUMBER = re.compile(r"^([0-9A-F]{8}):")
SIGN_IN = {
    "525": "there is no such account",
    "52e": "the password is wrong",
    "52f": "a rule limits this account's sign-ins",
    "530": "it may not sign in at this time",
    "531": "it may not sign in from this computer",
    "532": "the password has expired",
    "533": "the account is switched off",
    "701": "the account has expired",
    "773": "the password must be changed first",
    "775": "the account is locked after too many wrong passwords",
}
"""By the number after “data” in the answer to a bind; they are Windows' own error codes in hexadecimal."""
CHANGE = {
    "00000005": "the account used has no right to this",
    "00002098": "the account used has no right to this",
    "0000052D": "the password policy of the domain refuses it (length, complexity, history), or the account has no password",
    "00002035": "the controller is not willing to do this",
    "0000001F": "the connection is not encrypted enough for a password",
}


def sub_code(answer: Answer) -> str:
    """The number after “data” in the answer to a bind, "" when it has none."""
    found = _DATA.search(answer.message)
    return found[1].lower() if found else ""


def why_refused(answer: Answer) -> str:
    """What the controller's answer means, its own words behind it."""
    number = _NUMBER.match(answer.message)
    known = SIGN_IN.get(sub_code(answer), "") or (CHANGE.get(number[1], "") if number else "")
    known = known or ("the account used has no right to this" if answer.code == 50 else "")
    return f"{known} ({answer.why})" if known else answer.why
