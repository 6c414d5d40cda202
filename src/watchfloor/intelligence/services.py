"""Verbs of intelligence: entries and indicators, silenced reasons and threshold, labels, back-tests."""

from watchfloor.intelligence.backtesting import ask_for_back_test, back_test
from watchfloor.intelligence.entries import (
    add_entry,
    change_life,
    expire_entry,
    import_indicators,
    remove_entry,
    review_entry,
)
from watchfloor.intelligence.facts import take_people_from
from watchfloor.intelligence.labels import label_verdict
from watchfloor.intelligence.lasting import read as read_lasting
from watchfloor.intelligence.lasting import refuse_end
from watchfloor.intelligence.lasting import told as lasting_in_words
from watchfloor.intelligence.many import add_entries, change_entries, change_entry
from watchfloor.intelligence.news import tell_news_to
from watchfloor.intelligence.policy import change_threshold, restore_reason, silence_reason
from watchfloor.intelligence.sending import refusal_of_server, refusal_to_send
from watchfloor.intelligence.uses import note_uses

__all__ = [
    "add_entries",
    "add_entry",
    "ask_for_back_test",
    "back_test",
    "change_entries",
    "change_entry",
    "change_life",
    "change_threshold",
    "expire_entry",
    "import_indicators",
    "label_verdict",
    "lasting_in_words",
    "note_uses",
    "read_lasting",
    "refusal_of_server",
    "refusal_to_send",
    "refuse_end",
    "remove_entry",
    "restore_reason",
    "review_entry",
    "silence_reason",
    "take_people_from",
    "tell_news_to",
]
