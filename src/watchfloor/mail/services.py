"""What other slices take from here: the words of strangers made safe to show."""

from watchfloor.mail.hostile import csv_line, listed, visible

__all__ = ["csv_line", "listed", "visible"]
