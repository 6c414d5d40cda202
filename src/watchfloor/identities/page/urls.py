"""Addresses of a person's page; included by those of the slice."""

from django.urls import path

from watchfloor.identities.page import views

urlpatterns = [
    path("identities/<int:pk>", views.overview, name="person"),
    path("identities/<int:pk>/summary", views.summary, name="person-summary"),
    path("identities/<int:pk>/incidents", views.incidents, name="person-incidents"),
    path("identities/<int:pk>/alerts", views.alerts, name="person-alerts"),
    path("identities/<int:pk>/timeline", views.timeline, name="person-timeline"),
    path("identities/<int:pk>/timeline.csv", views.timeline_export, name="person-timeline-export"),
    path("identities/of/<path:address>", views.by_address, name="person-of"),
]
