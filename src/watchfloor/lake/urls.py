"""Addresses of this slice."""

from django.urls import path

from watchfloor.lake import views

urlpatterns = [path("settings/retention", views.retention)]
