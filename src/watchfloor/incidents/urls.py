"""Addresses of this slice."""

from django.urls import path

from watchfloor.incidents import alert_views, asset_views, correlation_views, views

urlpatterns = [
    path("incidents", views.queue, name="incidents"),
    path("incidents/export.csv", views.export, name="incidents-export"),
    path("incidents/bulk", views.bulk, name="incidents-bulk"),
    path("incidents/<int:incident>", views.page, name="incident"),
    path("incidents/<int:incident>/summary", views.summary, name="incident-summary"),
    path("incidents/<int:incident>/assets.csv", asset_views.export, name="incident-assets-export"),
    path("incidents/<int:incident>/device", asset_views.device, name="incident-device"),
    path("incidents/<int:incident>/manage", views.manage, name="incident-manage"),
    path("incidents/<int:incident>/untag", views.untag, name="incident-untag"),
    path("incidents/<int:incident>/merge", views.merge, name="incident-merge"),
    path("incidents/<int:incident>/unmerge", views.unmerge, name="incident-unmerge"),
    path("settings/correlation", correlation_views.correlation, name="correlation"),
    path("alerts", alert_views.queue, name="alerts"),
    path("alerts/<str:alert>", alert_views.page, name="alert"),
    path("alerts/<str:alert>/manage", alert_views.manage, name="alert-manage"),
    path("alerts/<str:alert>/link", alert_views.link, name="alert-link"),
]
