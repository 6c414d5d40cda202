"""Addresses of the campaigns page and of each campaign."""

from django.urls import path

from watchfloor.hunting.campaigns import one_views, views

urlpatterns = [
    path("campaigns", views.listed, name="campaigns"),
    path("campaigns/chart", views.chart_fragment, name="campaigns-chart"),
    path("campaigns/results", views.results, name="campaigns-results"),
    path("campaigns/chart.csv", views.chart_csv, name="campaigns-chart-csv"),
    path("campaigns/export.csv", views.list_csv, name="campaigns-export"),
    path("campaigns/<int:key>", one_views.detail, name="campaign"),
    path("campaigns/<int:key>/flow", one_views.flow, name="campaign-flow"),
    path("campaigns/<int:key>/part", one_views.part, name="campaign-part"),
    path("campaigns/<int:key>/report.pdf", one_views.threat_report, name="campaign-report"),
    path("campaigns/<int:key>/feedback", one_views.say, name="campaign-feedback"),
]
