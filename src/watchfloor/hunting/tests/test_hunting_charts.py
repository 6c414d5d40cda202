"""What `render` draws."""

from watchfloor.hunting.advanced.cells import Head
from watchfloor.hunting.advanced.charting import MOST_POINTS, MOST_SERIES, chart_of
from watchfloor.hunting.advanced.scattering import MOST_DOTS

TIME, NAME, COUNT = Head("Timestamp", "datetime"), Head("Domain", "string"), Head("Mails", "long")


def test_a_time_chart_has_one_series_for_each_value_of_the_text_column():
    rows = [("2026-01-02", "b", 3), ("2026-01-01", "a", 1), ("2026-01-01", "b", 2)]
    chart = chart_of("timechart", (TIME, NAME, COUNT), rows)
    assert chart["kind"] == "line"
    assert chart["data"]["categories"] == ["2026-01-01", "2026-01-02"]
    assert chart["data"]["series"] == [{"name": "b", "values": [2, 3]}, {"name": "a", "values": [1, 0]}]


def test_a_bar_chart_keeps_the_order_of_the_rows():
    chart = chart_of("barchart", (NAME, COUNT), [("z", 3), ("a", 1)])
    drawn = {"categories": ["z", "a"], "series": [{"name": "Mails", "values": [3, 1]}], "horizontal": True}
    assert chart["data"] == drawn
    assert "horizontal" not in chart_of("columnchart", (NAME, COUNT), [("z", 3)])["data"]


def test_bars_stand_over_the_first_column_though_a_time_follows():
    heads = (NAME, COUNT, Head("Newest", "datetime"))
    chart = chart_of("columnchart", heads, [("a", 1, "2026-01-01T00:00:00Z"), ("b", 2, "2026-01-02T00:00:00Z")])
    assert chart["data"] == {"categories": ["a", "b"], "series": [{"name": "Mails", "values": [1, 2]}]}
    assert chart_of("timechart", heads, [("a", 1, "2026-01-01T00:00:00Z")])["data"]["categories"] == ["2026-01-01"]


def test_two_numbers_are_two_series():
    chart = chart_of("columnchart", (NAME, COUNT, Head("Urls", "long")), [("a", 1, 2)])
    assert [one["name"] for one in chart["data"]["series"]] == ["Mails", "Urls"]


def test_a_pie_chart_is_a_ring():
    assert chart_of("piechart", (NAME, COUNT), [("a", 1)])["kind"] == "donut"


def test_numbers_alone_are_drawn_over_the_first():
    chart = chart_of("linechart", (Head("x", "long"), Head("y", "real")), [(1, 0.5), (2, 0.7)])
    assert chart["data"] == {"categories": ["1", "2"], "series": [{"name": "y", "values": [0.5, 0.7]}]}


def test_lists_of_make_series_become_lines():
    heads = (NAME, Head("Mails", "dynamic"), Head("Timestamp", "dynamic"))
    rows = [("a", [1, 2], ["2026-01-01", "2026-01-02"]), ("b", [3, None], ["2026-01-01", "2026-01-02"])]
    chart = chart_of("timechart", heads, rows)
    assert chart["data"]["categories"] == ["2026-01-01", "2026-01-02"]
    assert chart["data"]["series"] == [{"name": "a", "values": [1, 2]}, {"name": "b", "values": [3, 0]}]


def test_a_table_and_rows_without_a_number_are_not_drawn():
    assert chart_of("table", (NAME, COUNT), [("a", 1)]) is None
    assert chart_of("barchart", (NAME,), [("a",)]) is None
    assert chart_of("barchart", (NAME, COUNT), []) is None


def test_what_is_not_drawn_is_said():
    many = chart_of("columnchart", (TIME, NAME, COUNT), [("t", f"s{n}", n) for n in range(MOST_SERIES + 5)])
    assert many["cut"] == "the 20 largest of 25 series"
    assert "s24" in {one["name"] for one in many["data"]["series"]}
    long = chart_of("columnchart", (NAME, COUNT), [(f"c{n}", 1) for n in range(MOST_POINTS + 1)])
    assert long["cut"] == "the first 1,000 of 1,001 points"


def test_render_says_which_columns_are_drawn_how():
    heads = (NAME, Head("Way", "string"), COUNT, Head("Urls", "long"))
    rows = [("a", "in", 1, 9), ("a", "out", 2, 8), ("b", "in", 3, 7)]
    wishes = {"kind": "stacked", "xcolumn": "Domain", "ycolumns": "Mails", "series": "Way"}
    chart = chart_of("columnchart", heads, rows, wishes)
    assert chart["kind"] == "stacked"
    assert chart["data"] == {
        "categories": ["a", "b"],
        "series": [{"name": "in", "values": [1, 3]}, {"name": "out", "values": [2, 0]}],
    }
    assert chart_of("columnchart", heads, rows, {"xcolumn": "Way"})["data"]["categories"] == ["in", "out"]
    assert chart_of("columnchart", heads, rows, {"xcolumn": "Gone", "ycolumns": "Gone"}) == chart_of(
        "columnchart", heads, rows
    )


def test_a_scatter_chart_puts_each_row_between_its_first_two_numbers():
    heads = (Head("Size", "long"), NAME, Head("Seconds", "real"))
    chart = chart_of("scatterchart", heads, [(1, "a", 0.5), (9, "b", 0.7), (2, "a", None), (2, "a", 0.1)])
    assert chart["kind"] == "scatter"
    assert chart["data"] == {
        "axis": "number",
        "across": "Size",
        "up": "Seconds",
        "scatter": [{"name": "a", "dots": [[1, 0.5], [2, 0.1]]}, {"name": "b", "dots": [[9, 0.7]]}],
    }


def test_dots_stand_over_time_or_over_names_and_rows_of_one_moment_stay_apart():
    rows = [("2026-01-01T00:00:00Z", 1), ("2026-01-01T00:00:00Z", 2)]
    data = chart_of("scatterchart", (TIME, COUNT), rows)["data"]
    assert (data["axis"], len(data["scatter"][0]["dots"])) == ("time", 2)
    assert chart_of("scatterchart", (NAME, COUNT), [("a", 1)])["data"]["axis"] == "category"
    chosen = chart_of("scatterchart", (COUNT, Head("Urls", "long")), [(1, 2)], {"xcolumn": "Urls"})["data"]
    assert (chosen["across"], chosen["scatter"][0]["dots"]) == ("Urls", [[2, 1]])
    assert chart_of("scatterchart", (TIME, COUNT), [("2026-01-01T00:00:00Z", None)]) is None


def test_dots_that_are_not_drawn_are_said():
    many = chart_of("scatterchart", (TIME, COUNT), [("2026-01-01T00:00:00Z", n) for n in range(MOST_DOTS + 3)])
    assert sum(len(one["dots"]) for one in many["data"]["scatter"]) == MOST_DOTS
    assert many["cut"] == "the first 5,000 of 5,003 dots"
    named = [("2026-01-01T00:00:00Z", f"s{n}", n) for n in range(MOST_SERIES + 5)]
    assert "20 largest of 25 series" in chart_of("scatterchart", (TIME, NAME, COUNT), named)["cut"]
