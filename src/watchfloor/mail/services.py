"""What other slices take from here: reading content on the record, panels for the page, and lists out of JSON."""

from watchfloor.mail.content import download, preview
from watchfloor.mail.hostile import file_name
from watchfloor.mail.panels import register_panel

__all__ = ["download", "file_name", "preview", "register_panel"]
