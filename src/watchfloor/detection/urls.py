"""Addresses of this slice."""

from django.urls import path

from watchfloor.detection import views

urlpatterns = [
    path("settings/detections", views.detections, name="detections"),
    path("settings/detections/add", views.add, name="policy-add"),
    path("settings/detections/policy-<int:number>/edit", views.edit, name="policy-edit"),
    path("settings/detections/policy-<int:number>/delete", views.delete, name="policy-delete"),
    path("settings/detections/<str:rule_id>", views.page, name="detection"),
    path("settings/detections/<str:rule_id>/switch", views.switch, name="detection-switch"),
    path("settings/detections/<str:rule_id>/notify", views.notify, name="detection-notify"),
]
