"""Addresses of a person's page; included by those of the slice."""

from django.urls import path

from watchfloor.identities.page import views

urlpatterns = [
    path("identities/<int:pk>", views.overview, name="person"),
    path("identities/<int:pk>/summary", views.summary, name="person-summary"),
    path("identities/<int:pk>/incidents", views.incidents, name="person-incidents"),
    path("identities/<int:pk>/alerts", views.alerts, name="person-alerts"),
    path("identities/<int:pk>/observed", views.observed, name="person-observed"),
    path("identities/<int:pk>/insights", views.insights, name="person-insights"),
    path("identities/<int:pk>/paths", views.paths, name="person-paths"),
    path("identities/<int:pk>/files", views.files, name="person-files"),
    path("identities/<int:pk>/files/<int:file>/sha256", views.file_hash, name="person-file-sha256"),
    path("identities/<int:pk>/mail", views.mail, name="person-mail"),
    path("identities/<int:pk>/organisation", views.organisation, name="person-organisation"),
    path("identities/<int:pk>/timeline", views.timeline, name="person-timeline"),
    path("identities/<int:pk>/timeline.csv", views.timeline_export, name="person-timeline-export"),
    path("identities/of/<path:address>", views.by_address, name="person-of"),
]
