"""The default table fits its window: some columns wait for a wider one. Who chooses columns sees all they chose."""

import pytest
from selectolax.lexbor import LexborHTMLParser

from watchfloor.hunting.explorer.columns import grid_columns
from watchfloor.hunting.explorer.contracts import Cell
from watchfloor.hunting.explorer.parts import chosen_columns


class Somebody:
    def __init__(self, *columns: str) -> None:
        self.preferences = {"explorer_columns": list(columns)}

    def save(self, *, update_fields) -> None:
        """Kept nowhere."""


ALWAYS = ("Date", "Subject", "Recipient", "Sender address", "Latest delivery location", "Threat type")


def test_what_an_analyst_cannot_do_without_is_shown_in_every_window():
    shown = chosen_columns(Somebody())
    assert tuple(column.label for column in shown if not column.roomy) == ALWAYS
    assert {column.label for column in shown if column.roomy} == {
        "Tags",
        "Sender domain",
        "Additional actions",
        "Original delivery location",
    }


def test_a_column_that_somebody_chose_is_always_shown():
    keys = [column.key for column in grid_columns()]
    shown = chosen_columns(Somebody(*keys))
    assert [column.key for column in shown] == keys
    assert not any(column.roomy for column in shown)


@pytest.mark.parametrize(
    ("cell", "css"),
    [
        (Cell("text"), ""),
        (Cell("text", roomy=True), "roomy"),
        (Cell("number", value=3), "number"),
        (Cell("size", value=3, roomy=True), "number roomy"),
    ],
)
def test_a_cell_bears_the_class_of_its_column(cell, css):
    assert cell.css == css


def test_heads_and_cells_of_a_column_hide_together_and_a_choice_ends_it(as_ada, mail):
    mail()
    tree = LexborHTMLParser(as_ada.get("/explorer/results").content)
    assert len(tree.css("#mails th.roomy")) == len(tree.css("#mails tbody tr td.roomy")) == 4
    as_ada.post("/explorer/columns", {"column": ["Timestamp", "Tags"]})
    tree = LexborHTMLParser(as_ada.get("/explorer/results").content)
    assert tree.css("#mails th a")
    assert not tree.css("#mails .roomy")
