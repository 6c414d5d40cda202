"""One observation about a mail, before it is weighed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Evidence:
    """`signal` names a row of the weights table; `words` say what was actually seen, for the analyst."""

    signal: str
    words: str


def quoted(text: str, length: int = 80) -> str:
    """A piece of the mail inside a sentence: one line, shortened, in quotation marks."""
    flat = " ".join(text.split())
    return f'"{flat[: length - 1]}…"' if len(flat) > length else f'"{flat}"'
