"""Addresses of connections and dead letters."""

from django.urls import path

from watchfloor.connectors import event_views, views

urlpatterns = [
    path("settings/connections", views.connections),
    path("settings/connections/add", views.kinds),
    path("settings/connections/add/<str:kind>", views.add),
    path("settings/connections/test/<str:kind>", views.try_new),
    path("settings/connections/<int:id>", views.edit),
    path("settings/connections/<int:id>/test", views.try_known),
    path("settings/connections/<int:id>/switch", views.switch),
    path("settings/connections/<int:id>/remove", views.remove),
    path("settings/import-events", event_views.import_events),
    path("settings/dead-letters", views.letters),
    path("settings/dead-letters/retry-all", views.retry_all),
    path("settings/dead-letters/<int:id>/retry", views.retry),
]
