"""Verbs of this slice: bringing people in, saying who is who, judging their risk, adding to their page."""

from watchfloor.identities.by_hand import (
    join_accounts,
    merge_people,
    split_account,
    tag_people,
    tag_person,
    unmerge_people,
    untag_person,
)
from watchfloor.identities.directory_csv import import_csv, import_people, people_in_csv, would_import
from watchfloor.identities.page.registry import register_person_action, register_person_panel
from watchfloor.identities.scoring.services import change_scale, confirm_compromised, dismiss_risk, void_point

__all__ = [
    "change_scale",
    "confirm_compromised",
    "dismiss_risk",
    "import_csv",
    "import_people",
    "join_accounts",
    "merge_people",
    "people_in_csv",
    "register_person_action",
    "register_person_panel",
    "split_account",
    "tag_people",
    "tag_person",
    "unmerge_people",
    "untag_person",
    "void_point",
    "would_import",
]
