"""Addresses of this slice."""

from django.urls import path

from watchfloor.detection import views

urlpatterns = [
    path("settings/detections", views.detections, name="detections"),
    path("settings/detections/<str:rule_id>/switch", views.switch, name="detection-switch"),
]
