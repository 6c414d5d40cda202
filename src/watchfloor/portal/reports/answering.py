"""Which figures a report has."""

from watchfloor.portal.reports.contracts import Asked, Figures
from watchfloor.portal.reports.delays import latency_figures
from watchfloor.portal.reports.figures import ranking_figures, series_figures

KINDS = {"series": series_figures, "ranking": ranking_figures, "latency": latency_figures}


def figures(one: Asked) -> Figures:
    """Chart, lines and total of a question."""
    return KINDS[one.report.kind](one)
