"""Addresses of Explorer's statistics, rankings, fly-outs and live rows; included by those of the slice."""

from django.urls import path

from watchfloor.hunting.explorer import live_views, tab_views, values_views
from watchfloor.hunting.explorer.entities.views import KINDS, entity

urlpatterns = [
    path("explorer/values", values_views.statistics, name="explorer-values"),
    path("explorer/values.csv", values_views.export, name="explorer-values-export"),
    path("explorer/live", live_views.live, name="explorer-live"),
    path("explorer/ranking.csv", tab_views.ranking_csv, name="explorer-ranking-export"),
    path("explorer/origin.csv", tab_views.origin_csv, name="explorer-origin-export"),
    path("explorer/country", tab_views.country, name="explorer-country"),
    *(path(f"explorer/{kind}", entity, {"kind": kind}, name=f"explorer-{kind}") for kind in KINDS),
]
