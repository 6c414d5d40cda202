"""Verbs of this slice: bringing people in."""

from watchfloor.identities.directory_csv import import_csv, import_people, people_in_csv, would_import

__all__ = ["import_csv", "import_people", "people_in_csv", "would_import"]
