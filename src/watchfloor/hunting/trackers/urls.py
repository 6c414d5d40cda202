"""Addresses of the trackers page and of saved queries."""

from django.urls import path

from watchfloor.hunting.trackers import views

urlpatterns = [
    path("trackers", views.listed, name="trackers"),
    path("trackers/trending", views.trending, name="trackers-trending"),
    path("trackers/new", views.new, name="tracker-new"),
    path("trackers/save", views.save, name="tracker-save"),
    path("trackers/<int:key>/edit", views.edit, name="tracker-edit"),
    path("trackers/<int:key>/explore", views.explore, name="tracker-explore"),
    path("trackers/<int:key>/delete", views.delete, name="tracker-delete"),
]
