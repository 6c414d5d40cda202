"""What the page of capabilities promises is there: every place exists, every row of a whole area is told, once."""

import re
from dataclasses import fields

import pytest
import typer
from django.urls import Resolver404, resolve

from tests.house.capabilities_reference import FOLDER, PAGE, ROOT, STATES, areas, files, ids, page
from tests.house.test_permissions import ALL
from watchfloor.config.cli import app
from watchfloor.config.options import Options
from watchfloor.connectors.registry import systems
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.lake.selectors import tables, views
from watchfloor.response.catalogue import account_actions, actions

ROWS = [row for area in areas() for row in area.told]
PLACES = sorted({(row.row, place) for row in ROWS for place in row.where})
ROUTES = {re.sub(r"<[^>]*>", "<>", f"/{found.route}") for found in ALL}
TABLES = {table.name: {column.name for column in table.columns} for table in tables()}
VIEWS = {view.name for view in views()}
SETTINGS = {field.name for field in fields(Options)}


def commands(command, words=("watchfloor",)):
    """Every command and group as people type it."""
    yield " ".join(words)
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, (*words, name))


COMMANDS = set(commands(typer.main.get_command(app)))


def is_page(name):
    """An address without its query, or a route with its parts in angle brackets."""
    path = name.partition("?")[0].partition("#")[0]
    if "<" in path:
        return re.sub(r"<[^>]*>", "<>", path) in ROUTES
    try:
        resolve(path)
    except (Resolver404, WatchfloorError):
        return False
    return True


def is_column(name):
    table, _, column = name.partition(".")
    return column in TABLES.get(table, ())


KINDS = {
    "page": is_page,
    "command": COMMANDS.__contains__,
    "table": lambda name: name in TABLES or name in VIEWS,
    "column": is_column,
    "action": lambda name: name in actions() or name in account_actions(),
    "setting": SETTINGS.__contains__,
    "connection": lambda name: name in systems(),
    "document": lambda name: (ROOT / name).is_file(),
}


@pytest.mark.parametrize(("row", "place"), PLACES)
def test_every_place_that_is_named_exists(row, place):
    kind, _, name = place.partition(" ")
    assert kind in KINDS, f"{row}: a place is one of {', '.join(KINDS)}, and its name"
    assert KINDS[kind](name), f"{row}: there is no {kind} “{name}”"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.row)
def test_a_row_says_how_we_stand_and_where(row):
    assert row.state in STATES
    assert row.what
    assert len(row.what) <= 160, "a title, not the text"
    assert row.state == "absent" or row.where, "what is there is somewhere"
    assert row.state not in {"absent", "partial"} or row.note, "say what is missing"


@pytest.mark.parametrize("area", [area for area in areas() if area.told], ids=lambda area: area.area)
def test_an_area_tells_its_own_rows_once_and_a_whole_one_all_of_them(area):
    told = [row.row for row in area.told]
    assert len(told) == len(set(told)), sorted({row for row in told if told.count(row) > 1})
    assert not set(told) - set(area.rows), "rows the area does not have"
    assert not area.whole or not area.missing


def test_no_file_belongs_to_no_area():
    known = {path for area in areas() for path in files(area.area)}
    assert set(FOLDER.glob("*.yaml")) == {*known, FOLDER / "areas.yaml"}


def test_ids_are_read_as_ranges_and_single_ones():
    assert ids("TE", "001-003 08a 11") == ("TE-001", "TE-002", "TE-003", "TE-08a", "TE-11")


def test_a_place_that_is_not_there_is_noticed():
    assert not is_page("/no/such/page")
    assert not is_page("/email/<x>/no")
    assert is_page("/explorer?tab=urls")
    assert not is_column("EmailEvents.Nothing")
    assert "watchfloor query" in COMMANDS


def test_the_page_is_as_the_files_say():
    assert page() == PAGE.read_text(), "run: python tests/house/capabilities_reference.py"


def test_every_area_that_is_to_be_whole_has_its_file():
    assert not [area.area for area in areas() if area.whole and not area.told]
