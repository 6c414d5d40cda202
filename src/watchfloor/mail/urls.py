"""Addresses of the email page."""

from django.urls import path

from watchfloor.mail import views

urlpatterns = [
    path("email/<str:network_message_id>", views.entity, name="email"),
    path("email/<str:network_message_id>/summary", views.summary, name="email-summary"),
    path("email/<str:network_message_id>/timeline.csv", views.timeline_export, name="email-timeline"),
    path("email/<str:network_message_id>/similar.csv", views.similar_export, name="email-similar"),
    path("email/<str:network_message_id>/preview", views.preview, name="email-preview"),
    path("email/<str:network_message_id>/preview/body", views.preview_body, name="email-preview-body"),
    path("email/<str:network_message_id>/download", views.download, name="email-download"),
]
