"""Addresses of this slice."""

from itertools import chain

from django.urls import path

from watchfloor.incidents import (
    alert_views,
    asset_views,
    category_views,
    correlation_views,
    entity_views,
    merge_views,
    notification_views,
    printing_views,
    queue_views,
    tuning_views,
    views,
)
from watchfloor.incidents.seeing import only_seen

urlpatterns = [
    path("incidents", views.queue, name="incidents"),
    path("incidents/export.csv", views.export, name="incidents-export"),
    path("incidents/last-day", views.last_hours, name="incidents-last-day"),
    path("incidents/bulk", views.bulk, name="incidents-bulk"),
    path("incidents/merge", merge_views.merge_several, name="incidents-merge"),
    path("incidents/merge/choose", merge_views.choose, name="incidents-merge-choose"),
    path("incidents/<int:incident>", only_seen(views.page), name="incident"),
    path("incidents/<int:incident>/summary", only_seen(views.summary), name="incident-summary"),
    path("incidents/<int:incident>/assets.csv", only_seen(asset_views.export), name="incident-assets-export"),
    path("incidents/<int:incident>/device", only_seen(asset_views.device), name="incident-device"),
    path("incidents/<int:incident>/entity", only_seen(entity_views.entity), name="incident-entity"),
    path("incidents/<int:incident>/manage", only_seen(views.manage), name="incident-manage"),
    path("incidents/<int:incident>/untag", only_seen(views.untag), name="incident-untag"),
    path("incidents/<int:incident>/merge", only_seen(views.merge), name="incident-merge"),
    path("incidents/<int:incident>/unmerge", only_seen(views.unmerge), name="incident-unmerge"),
    path("incidents/<int:incident>/export", only_seen(printing_views.ask), name="incident-export"),
    path("incidents/<int:incident>/export.pdf", only_seen(printing_views.pdf), name="incident-pdf"),
    path("settings/incident-notifications", notification_views.listing, name="incident-notifications"),
    path("settings/incident-notifications/add", notification_views.add, name="incident-notification-add"),
    path("settings/incident-notifications/<int:number>", notification_views.change, name="incident-notification"),
    path(
        "settings/incident-notifications/<int:number>/delete",
        notification_views.delete,
        name="incident-notification-delete",
    ),
    path("settings/alert-categories", category_views.categories, name="alert-categories"),
    path("settings/correlation", correlation_views.correlation, name="correlation"),
    path("alerts", alert_views.queue, name="alerts"),
    path("alerts/export.csv", alert_views.export, name="alerts-export"),
    path("alerts/bulk", alert_views.bulk, name="alerts-bulk"),
    path("alerts/link", alert_views.link_several, name="alerts-link"),
    *chain.from_iterable(
        (
            path(f"{queue}/filters", queue_views.pane, {"queue": queue}, name=f"{queue}-filters"),
            path(f"{queue}/filters/save", queue_views.save, {"queue": queue}, name=f"{queue}-filter-save"),
            path(f"{queue}/filters/<int:number>/delete", queue_views.forget, name=f"{queue}-filter-delete"),
            path(f"{queue}/columns", queue_views.columns, {"queue": queue}, name=f"{queue}-columns"),
        )
        for queue in ("incidents", "alerts")
    ),
    path("settings/alert-tuning", tuning_views.listing, name="alert-tuning"),
    path("settings/alert-tuning/add", tuning_views.add, name="alert-tuning-add"),
    path("settings/alert-tuning/<int:number>", tuning_views.change, name="alert-tuning-rule"),
    path("settings/alert-tuning/<int:number>/switch", tuning_views.switch, name="alert-tuning-switch"),
    path("settings/alert-tuning/<int:number>/delete", tuning_views.delete, name="alert-tuning-delete"),
    path("settings/alert-tuning/<int:number>/reopen", tuning_views.reopen, name="alert-tuning-reopen"),
    path("alerts/hidden", tuning_views.hidden, name="alerts-hidden"),
    path("alerts/hidden/unhide", tuning_views.unhide, name="alerts-unhide"),
    path("alerts/<str:alert>", only_seen(alert_views.page), name="alert"),
    path("alerts/<str:alert>/story", only_seen(alert_views.story), name="alert-story"),
    path("alerts/<str:alert>/similar", only_seen(alert_views.similar), name="alert-similar"),
    path("alerts/<str:alert>/manage", only_seen(alert_views.manage), name="alert-manage"),
    path("alerts/<str:alert>/link", only_seen(alert_views.link), name="alert-link"),
]
