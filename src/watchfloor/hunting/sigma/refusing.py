"""What cannot be converted, with the field it failed at."""

from sigma.exceptions import SigmaError


class Refusal(SigmaError):
    """A rule whose meaning our tables cannot give; `field` is the field it failed at, "" for the rule as a whole."""

    def __init__(self, words: str, *, field: str = "") -> None:
        super().__init__(words)
        self.words = words
        self.field = field
