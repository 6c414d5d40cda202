"""Own KQL queries by the hundred, from templates: operators and functions over values at the edges.

`grid.txt` has the words. A query's columns `r0`, `r1` ... are the cells of the grid.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Question:
    """`name` is area/what; `ordered` says that the rows' order is part of the answer."""

    name: str
    text: str
    ordered: bool = False


PLAIN = ("between", "sum", "number", "word", "time", "dynamic", "literal")
ANY_ROW = ("default", "innerunique")
"""Join kinds in which anybody may choose the row that stands for a key."""


def words() -> dict[str, list[str]]:
    """The lines of the data file by the name of their part."""
    found: dict[str, list[str]] = {}
    for line in Path(__file__).with_name("grid.txt").read_text("utf-8").splitlines():
        if line.startswith("[") and line.endswith("]") and line[1:-1].isalpha():
            found[line[1:-1]] = []
        elif line and found:
            found[list(found)[-1]].append(line)
    return found


def questions() -> Iterator[Question]:
    """Every question of the grid."""
    said = words()
    for operator in said["matching"]:
        yield _cells(f"matching/{operator}", [f"s {operator} {text}" for text in said["texts"]])
    for operator in said["lists"]:
        yield _cells(f"matching/{operator}", [f"s {operator} {items}" for items in said["listed"]])
    for pair, operator in product(said["pairs"], said["orders"]):
        if operator in ("==", "!=") or pair[:2] not in ("s ", "b "):
            yield _cells(f"order/{pair.replace('?', operator)}", [pair.replace("?", operator)])
    for area in PLAIN:
        yield from (_cells(f"{area}/{cell}", [cell]) for cell in said[area])
    for function, value in product(said["conversions"], said["converted"]):
        yield _cells(f"convert/{function}({value})", [f"{function}({value})"])
    for aggregate in said["aggregates"]:
        yield Question(f"aggregate/{aggregate}", f"T | summarize r0 = {aggregate} by kind")
        yield Question(f"total/{aggregate}", f"T | summarize r0 = {aggregate}")
    for kind, on in product(said["kinds"], said["keys"]):
        named = "" if kind == "default" else f" kind={kind}"
        after = " | summarize c = count() by k" if kind in ANY_ROW else ""
        yield Question(f"join/{kind} on {on}", f"L | join{named} R on {on}{after}")
    for text in said["steps"]:
        yield Question(f"step/{text}", text)
    for text in said["ordered"]:
        yield Question(f"ordered/{text}", text, ordered=True)


def _cells(name: str, expressions: Sequence[str]) -> Question:
    shown = ", ".join(f"r{number} = {expression}" for number, expression in enumerate(expressions))
    return Question(name, f"T | project id, {shown}")
