"""Which figures, rows and sentence a report has, by its kind."""

from collections.abc import Iterator

from watchfloor.portal.reports import details as lake_rows
from watchfloor.portal.reports import figures as lake_figures
from watchfloor.portal.reports import submitted
from watchfloor.portal.reports.contracts import Asked, Details, Figures
from watchfloor.portal.reports.delays import latency_figures, latency_sentence

FIGURES = {
    "series": lake_figures.series_figures,
    "ranking": lake_figures.ranking_figures,
    "latency": latency_figures,
    "submissions": submitted.figures,
}
SENTENCES = {"latency": latency_sentence, "submissions": submitted.sentence}
ROWS = {"series": lake_rows.details, "submissions": submitted.details}
FILES = {
    "series": lake_rows.csv_of_rows,
    "ranking": lake_rows.csv_of_rows,
    "submissions": submitted.csv_of_rows,
}


def figures(one: Asked) -> Figures:
    """Chart, lines and total of a question."""
    return FIGURES[one.report.kind](one)


def sentence(one: Asked) -> str:
    """What is shown, in words."""
    return SENTENCES.get(one.report.kind, lake_figures.sentence)(one)


def details(one: Asked, *, total: int, limit: int = lake_rows.A_PAGE) -> Details | None:
    """A page of the rows behind the figures; None for a report that shows none."""
    shown = ROWS.get(one.report.kind)
    return shown(one, total=total, limit=limit) if shown else None


def csv_of_rows(one: Asked) -> Iterator[str] | None:
    """Every row, streamed; None for a report that has none."""
    written = FILES.get(one.report.kind)
    return written(one) if written else None
