"""The table beside each chart, from the same data."""

from collections.abc import Mapping, Sequence
from typing import Any

Rows = list[list[Any]]


def chart_table(data: Mapping[str, Any]) -> tuple[list[str], Rows]:
    """Heads and rows of a chart's data: categories down, series across; links of a graph by their ends; dots."""
    if "nodes" in data:
        return _graph_table(data["nodes"], data.get("links", ()))
    if "countries" in data:
        countries = sorted(data["countries"], key=lambda one: -one["value"])
        return ["", data.get("noun", "")], [[one["label"], one["value"]] for one in countries]
    if "scatter" in data:
        dots = [[dot[0], one["name"], dot[1]] for one in data["scatter"] for dot in one["dots"]]
        return [data.get("across", ""), "", data.get("up", "") or "Value"], dots
    series = data.get("series", ())
    heads = ["", *(str(one["name"]) for one in series)]
    rows = [
        [category, *(one["values"][place] for one in series)]
        for place, category in enumerate(data.get("categories", ()))
    ]
    return heads, rows


def _graph_table(nodes: Sequence[Mapping[str, Any]], links: Sequence[Mapping[str, Any]]) -> tuple[list[str], Rows]:
    names = {node["id"]: node["name"] for node in nodes}
    if any("value" in link for link in links):
        flows = [[names[link["source"]], names[link["target"]], link["value"]] for link in links]
        return ["From", "To", "Number"], flows
    rows = [
        [names.get(link["source"], link["source"]), link.get("label", ""), names.get(link["target"], link["target"])]
        for link in links
    ]
    return ["From", "How", "To"], rows
