"""Addresses of the campaigns page and of each campaign."""

from django.urls import path

from watchfloor.hunting.campaigns import views

urlpatterns = [
    path("campaigns", views.listed, name="campaigns"),
    path("campaigns/chart", views.chart_fragment, name="campaigns-chart"),
    path("campaigns/results", views.results, name="campaigns-results"),
    path("campaigns/chart.csv", views.chart_csv, name="campaigns-chart-csv"),
    path("campaigns/export.csv", views.list_csv, name="campaigns-export"),
]
