"""Addresses of the email page."""

from django.urls import path

from watchfloor.mail import deep_views, views

urlpatterns = [
    path("email/<str:network_message_id>", views.entity, name="email"),
    path("email/<str:network_message_id>/summary", views.summary, name="email-summary"),
    path("email/<str:network_message_id>/timeline.csv", views.timeline_export, name="email-timeline"),
    path("email/<str:network_message_id>/similar.csv", views.similar_export, name="email-similar"),
    path("email/<str:network_message_id>/attachments.csv", views.attachments_export, name="email-attachments-export"),
    path("email/<str:network_message_id>/urls.csv", views.urls_export, name="email-urls-export"),
    path("email/<str:network_message_id>/preview", views.preview, name="email-preview"),
    path("email/<str:network_message_id>/preview/body", views.preview_body, name="email-preview-body"),
    path("email/<str:network_message_id>/download", views.download, name="email-download"),
    path("email/<str:network_message_id>/picture", deep_views.picture, name="email-picture"),
    path("email/<str:network_message_id>/picture.png", deep_views.picture_png, name="email-picture-png"),
    path("email/<str:network_message_id>/attachments/block", views.block_attachments, name="email-block-attachments"),
    path("email/<str:network_message_id>/attachments/<str:sha256>", deep_views.attachment, name="email-attachment"),
    path(
        "email/<str:network_message_id>/attachments/<str:sha256>/picture",
        deep_views.picture,
        name="email-attachment-picture",
    ),
    path(
        "email/<str:network_message_id>/attachments/<str:sha256>/picture.png",
        deep_views.picture_png,
        name="email-attachment-png",
    ),
    *(
        path(
            f"email/<str:network_message_id>/attachments/<str:sha256>/{what}.csv",
            deep_views.attachment_export,
            {"what": what},
            name=f"email-attachment-{what}",
        )
        for what in deep_views.LINES
    ),
]
