"""Evidence as the signals write it."""

from watchfloor.inspection.contracts import Evidence

__all__ = ["Evidence", "quoted"]


def quoted(text: str, length: int = 80) -> str:
    """A piece of the mail inside a sentence: one line, shortened, in quotation marks."""
    flat = " ".join(text.split())
    return f'"{flat[: length - 1]}…"' if len(flat) > length else f'"{flat}"'
