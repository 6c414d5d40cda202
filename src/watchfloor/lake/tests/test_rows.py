"""Blocks of rows: every row of a key or an id is found, however keys and blocks lie across one another."""

import sqlite3

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchfloor.lake.engines import rows
from watchfloor.lake.engines.access_paths import Wanted

SCHEMA = pa.schema([("Mailbox", pa.string()), ("Id", pa.string()), ("Size", pa.int64())])


def table(keys: list[str]) -> pa.Table:
    keys = sorted(keys)
    return pa.table(
        {"Mailbox": keys, "Id": [f"id-{n // 2}" for n in range(len(keys))], "Size": list(range(len(keys)))}, SCHEMA
    )


def written(folder, found: pa.Table, *, pieces: int = 50, key: str = "Mailbox") -> str:
    path = folder / "a.blocks"
    path.unlink(missing_ok=True)
    hashes = sorted((rows.hash_of(id.as_py()), n // rows.BLOCK_ROWS) for n, id in enumerate(found.column("Id")))
    ids = pa.RecordBatch.from_arrays(
        [pa.array([h for h, _ in hashes], pa.int64()), pa.array([n for _, n in hashes], pa.int64())], ["hash", "n"]
    )
    rows.write(path, found.to_batches(max_chunksize=pieces), [ids], schema=SCHEMA, key=key)
    rows._held.__dict__.clear()
    return str(path)


def of(found: pa.Table | None, key: str) -> list[int]:
    assert found is not None
    return sorted(row["Size"] for row in found.to_pylist() if row["Mailbox"] == key)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("abcdefgö"), st.integers(1, 300)), min_size=1, max_size=8), st.integers(1, 500)
)
def test_every_row_of_a_key_is_found(tmp_path_factory, runs, pieces):
    found = table([key for key, count in runs for _ in range(count)])
    path = written(tmp_path_factory.mktemp("blocks"), found, pieces=pieces)
    for key in {key for key, _ in runs} | {"", "zz", "b "}:
        expected = [row["Size"] for row in found.to_pylist() if row["Mailbox"] == key]
        assert of(rows.find(path, Wanted(keys=(key,))), key) == expected


def test_an_id_is_found_in_every_block_it_lies_in(tmp_path):
    found = table(["ada"] * 1000)
    path = written(tmp_path, found)
    for number in (0, 63, 64, 499):
        few = rows.find(path, Wanted(ids=(f"id-{number}",)))
        assert [row["Size"] for row in few.to_pylist() if row["Id"] == f"id-{number}"] == [number * 2, number * 2 + 1]
        assert len(few) <= rows.BLOCK_ROWS
    assert len(rows.find(path, Wanted(ids=("id-none",)))) == 0
    assert len(rows.find(path, Wanted(keys=("zoe",), ids=("id-1", "id-300")))) == 2 * rows.BLOCK_ROWS


def test_what_lies_in_too_many_blocks_is_left_to_the_column_store(tmp_path):
    found = table(["ada"] * (rows.BLOCK_ROWS * (rows.MOST_BLOCKS + 2)) + ["bob"])
    path = written(tmp_path, found)
    assert rows.find(path, Wanted(keys=("ada",))) is None
    assert of(rows.find(path, Wanted(keys=("bob",))), "bob") == [len(found) - 1]


def test_the_hash_is_the_one_the_database_makes():
    for id in ("", "01a1cd0b-c583-730c-815c-12b9b351a8e6", "<ö@corp.example>"):
        assert duckdb.execute("SELECT md5_number_lower(?) >> 1", [id]).fetchone() == (rows.hash_of(id),)


def test_a_table_without_a_key_is_found_by_id(tmp_path):
    path = written(tmp_path, table(["ada"] * 300), key="")
    assert "id-7" in rows.find(path, Wanted(ids=("id-7",))).column("Id").to_pylist()


def test_a_file_that_is_no_database_says_so(tmp_path):
    (tmp_path / "a.blocks").write_bytes(b"no database")
    with pytest.raises(sqlite3.DatabaseError):
        rows.find(str(tmp_path / "a.blocks"), Wanted(keys=("ada",)))


def test_readers_of_files_that_are_gone_are_closed(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    first = written(tmp_path / "one", table(["ada"]))
    rows.find(first, Wanted(keys=("ada",)))
    (tmp_path / "one" / "a.blocks").unlink()
    path = tmp_path / "two" / "b.blocks"
    rows.write(path, table(["bob"]).to_batches(), [], schema=SCHEMA, key="Mailbox")
    rows.find(str(path), Wanted(keys=("bob",)))
    assert list(rows._held.readers) == [str(path)]
