"""Bytes in base64 as arrays and as guids, and the first record of a CSV."""

from watchfloor.lake.kql.functions.registry import sql
from watchfloor.lake.kql.types import Type

D, S = Type.DYNAMIC, Type.STRING
HEXED = "LOWER(TO_HEX(TRY(FROM_BASE64(_0))))"
_BYTES = (
    f"TO_JSON(LIST_TRANSFORM(RANGE(1, LENGTH({HEXED}) + 1, 2), LAMBDA at : "
    f"CAST('0x' || SUBSTRING({HEXED}, CAST(at AS BIGINT), 2) AS INT)))"
)
sql("base64_decode_toarray", "text", D, f"CASE WHEN _0 <> '' THEN {_BYTES} END")
_WRITTEN = "ARRAY_TO_STRING(LIST_TRANSFORM(FROM_JSON(_0, '[\"INT\"]'), LAMBDA one : LPAD(TO_HEX(CAST(one AS BIGINT)), 2, '0')), '')"
sql(
    "base64_encode_fromarray",
    "dynamic",
    S,
    f"CASE WHEN JSON_TYPE(_0) = 'ARRAY' AND LEN(LIST_FILTER(FROM_JSON(_0, '[\"INT\"]'), LAMBDA one : COALESCE(one NOT BETWEEN 0 AND 255, TRUE))) = 0 "
    f"THEN TO_BASE64(UNHEX({_WRITTEN})) END",
)
_ORDER = (7, 5, 3, 1, 11, 9, 15, 13, 17, 19, 21, 23, 25, 27, 29, 31)
"""Where the bytes of a guid stand in its base64: its first three groups come with their last byte first."""


def _bytes(source: str, order: tuple[int, ...], breaks: frozenset[int] = frozenset()) -> str:
    parts = [
        f"SUBSTRING({source}, {at}, 2)" + (" || '-'" if number in breaks else "") for number, at in enumerate(order)
    ]
    return " || ".join(parts)


sql(
    "base64_decode_toguid",
    "text",
    Type.GUID,
    f"CASE WHEN LENGTH({HEXED}) = 32 THEN {_bytes(HEXED, _ORDER, frozenset({3, 5, 7, 9}))} END",
)
PLAIN = "REPLACE(_0, '-', '')"
sql("base64_encode_fromguid", "guid", S, f"TO_BASE64(UNHEX({_bytes(PLAIN, _ORDER)}))")
FIELD = '(?:^|,)(?:"((?:[^"]|"")*)"|([^,\\r\\n"]*))'
RECORD = '^((?:[^"\\r\\n]|"(?:[^"]|"")*")*)'
_FIELDS = f"REGEXP_EXTRACT_ALL(REGEXP_EXTRACT(_0, '{RECORD}', 1), '{FIELD}')"
sql(
    "parse_csv",
    "text",
    D,
    f"TO_JSON(LIST_TRANSFORM({_FIELDS}, LAMBDA one : CASE WHEN REGEXP_MATCHES(one, '^,?\"') "
    "THEN REPLACE(REGEXP_REPLACE(REGEXP_REPLACE(one, '^,?\"', ''), '\"$', ''), '\"\"', '\"') "
    "ELSE REGEXP_REPLACE(one, '^,', '') END))",
)
