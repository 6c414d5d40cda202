"""Addresses of the list of people; included by those of the slice."""

from django.urls import path

from watchfloor.identities.listing import group_views, views, who_views

urlpatterns = [
    path("identities", views.listing, name="identities"),
    path("identities/export.csv", views.export_csv, name="identities-csv"),
    path("identities/export.json", views.export_json, name="identities-json"),
    path("identities/selected", views.selected, name="identities-selected"),
    path("identities/tag", views.tag, name="identities-tag"),
    path("identities/import", views.bring, name="identities-import"),
    path("identities/<int:pk>/who", who_views.who, name="person-who"),
    path("identities/groups/<int:pk>", group_views.group, name="group"),
    path("identities/groups/<int:pk>/summary", group_views.group_summary, name="group-summary"),
    path("identities/groups/<int:pk>/members.csv", group_views.group_members, name="group-members"),
]
