"""Addresses of Explorer."""

from django.urls import path

from watchfloor.hunting import views

urlpatterns = [
    path("explorer", views.explorer, name="explorer"),
    path("explorer/chart", views.chart, name="explorer-chart"),
    path("explorer/results", views.results, name="explorer-results"),
    path("explorer/condition", views.condition_fields, name="explorer-condition"),
    path("explorer/chart.csv", views.chart_csv, name="explorer-chart-csv"),
    path("explorer/export.csv", views.rows_csv, name="explorer-export"),
    path("explorer/columns", views.columns, name="explorer-columns"),
    path("explorer/selection", views.selection, name="explorer-selection"),
]
