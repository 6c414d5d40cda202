"""Files of an answer."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pyarrow.parquet as pq

from watchfloor.hunting.advanced.cells import Head
from watchfloor.hunting.advanced.exports import as_csv, as_json, as_parquet

HEADS = (
    Head("At", "datetime"),
    Head("Who", "string"),
    Head("N", "long"),
    Head("Bag", "dynamic"),
    Head("Span", "timespan"),
)
AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
ROWS = [(AT, "=cmd|' /C calc'!A0", 1, {"a": 1}, timedelta(hours=1)), (None, 'quo"te,', None, None, None)]


def test_csv_runs_in_no_spreadsheet_and_quotes_what_needs_it():
    rows = list(csv.reader(io.StringIO("".join(as_csv(HEADS, iter([ROWS]))))))
    assert rows[0] == ["At", "Who", "N", "Bag", "Span"]
    assert rows[1] == ["2026-11-22T09:30:00Z", "'=cmd|' /C calc'!A0", "1", '{"a": 1}', "01:00:00"]
    assert rows[2] == ["", 'quo"te,', "", "", ""]


def test_json_is_one_array_of_objects_with_values_as_they_are():
    told = json.loads("".join(as_json(HEADS, iter([ROWS[:1], ROWS[1:]]))))
    assert told[0] == {
        "At": "2026-11-22T09:30:00Z",
        "Who": "=cmd|' /C calc'!A0",
        "N": 1,
        "Bag": {"a": 1},
        "Span": "01:00:00",
    }
    assert len(told) == 2


def test_an_empty_answer_is_an_empty_file_of_its_kind():
    assert json.loads("".join(as_json(HEADS, iter([])))) == []
    assert "".join(as_csv(HEADS, iter([]))).count("\r\n") == 1
    assert pq.read_table(io.BytesIO(b"".join(as_parquet(HEADS, iter([]))))).num_rows == 0


def test_parquet_keeps_types_and_comes_in_parts():
    parts = list(as_parquet(HEADS, iter([ROWS, [], ROWS])))
    table = pq.read_table(io.BytesIO(b"".join(parts)))
    assert len(parts) == 3
    assert table.num_rows == 4
    assert table.column("At")[0].as_py() == AT
    assert table.column("N").to_pylist() == [1, None, 1, None]
    assert json.loads(table.column("Bag")[0].as_py()) == {"a": 1}


def test_files_are_made_row_by_row_and_hold_nothing_back():
    asked = []

    def endless():
        while True:
            asked.append(1)
            yield ROWS

    stream = as_parquet(HEADS, endless())
    next(stream)
    next(stream)
    assert len(asked) == 2
    stream.close()
