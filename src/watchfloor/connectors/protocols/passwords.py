"""Temporary passwords: long, random, of every kind of character that directories ask for."""

import secrets
import string
from collections.abc import Callable

_ALPHABETS = (string.ascii_lowercase, string.ascii_uppercase, string.digits, "-_.!#")
LENGTH = 20


def new_password(choose: Callable[[str], str] = secrets.choice) -> str:
    """One that has a small and a large letter, a digit and a sign."""
    every = "".join(_ALPHABETS)
    while True:
        made = "".join(choose(every) for _ in range(LENGTH))
        if all(set(made) & set(alphabet) for alphabet in _ALPHABETS):
            return made
