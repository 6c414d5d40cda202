"""Rows that are read by cursor commit in the order of their ids."""

import zlib

from django.db import connection


def keep_order(queue: str) -> None:
    """Let no other transaction append to `queue` before this one ends; call it inside a transaction, before the insert.

    PostgreSQL hands out ids before commit: without this a reader's cursor could pass an id whose row is not there yet.
    SQLite has one writer anyway.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [zlib.crc32(queue.encode())])
