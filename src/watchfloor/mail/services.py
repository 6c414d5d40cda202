"""What other slices take from here: reading content on the record, panels for the page, and strangers' words made safe."""

from watchfloor.mail.content import download, preview
from watchfloor.mail.hostile import csv_line, file_name, listed, visible, visible_lines
from watchfloor.mail.panels import register_panel

__all__ = ["csv_line", "download", "file_name", "listed", "preview", "register_panel", "visible", "visible_lines"]
