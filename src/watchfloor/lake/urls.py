"""Addresses of this slice."""

from django.urls import path

from watchfloor.lake import list_views, views

urlpatterns = [
    path("settings/retention", views.retention),
    path("settings/retention/table", views.table),
    path("settings/retention/compact", views.compact),
    path("settings/lists", list_views.lists),
    path("settings/lists/remove", list_views.remove),
]
