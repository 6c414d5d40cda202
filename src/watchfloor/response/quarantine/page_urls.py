"""Addresses of the quarantine's pages."""

from django.urls import path

from watchfloor.response.quarantine import acting_views, digest_page, mail_views, own_views, policy_page, views

urlpatterns = [
    path("quarantine", views.quarantine),
    path("quarantine/chart", views.chart),
    path("quarantine/export.csv", views.export),
    path("quarantine/filters", views.pane),
    path("quarantine/filters/save", views.save_filter),
    path("quarantine/filters/forget", views.forget_filter),
    path("quarantine/ask/<slug:verb>", acting_views.ask),
    path("quarantine/do/<slug:verb>", acting_views.do),
    path("quarantine/jobs/<uuid:job>/progress", acting_views.progress),
    path("quarantine/jobs/<uuid:job>/file", acting_views.file),
    path("quarantine/<int:mail>", mail_views.one),
    path("quarantine/<int:mail>/preview", mail_views.preview),
    path("quarantine/<int:mail>/preview/body", mail_views.preview_body),
    path("quarantine/<int:mail>/headers", mail_views.headers),
    path("quarantine/<int:mail>/download", mail_views.download),
    path("quarantine/<int:mail>/share", mail_views.share),
    path("quarantine/mine/<str:token>", own_views.mine),
    path("quarantine/mine/<str:token>/senders/forget", own_views.forget_sender),
    path("quarantine/mine/<str:token>/<int:copy>/body", own_views.body),
    path("quarantine/mine/<str:token>/<int:copy>/look/<slug:part>", own_views.look),
    path("quarantine/mine/<str:token>/<int:copy>/do/<slug:verb>", own_views.act),
    path("settings/quarantine", policy_page.quarantine_policy),
    path("settings/quarantine-digest", digest_page.digest),
    path("settings/quarantine-digest/end-links", digest_page.end_all_links),
]
