"""Temporary passwords that a person can read out and type, and that every domain's complexity rules take."""

import secrets

LETTERS = "abcdefghjkmnpqrstuvwxyz"
CAPITALS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
DIGITS = "23456789"
GROUPS, EACH = 5, 4


def temporary_password() -> str:
    """Five groups of four, as Kd7m-…: about 100 bits, without letters that look like others."""
    everything = LETTERS + CAPITALS + DIGITS
    groups = ["".join(secrets.choice(everything) for _ in range(EACH)) for _ in range(GROUPS - 1)]
    # Three of the four kinds a policy may ask for, whatever chance gave; the dash is the fourth.
    certain = secrets.choice(CAPITALS) + secrets.choice(LETTERS) + secrets.choice(DIGITS) + secrets.choice(LETTERS)
    return "-".join([certain, *groups])
