"""Addresses of submissions."""

from django.urls import path

from watchfloor.response.submissions import report_views, settings_page, submit_views, views

urlpatterns = [
    path("submissions", views.queue),
    path("submissions/export.csv", views.export),
    path("submissions/new", submit_views.new),
    path("submissions/<int:pk>", submit_views.one),
    path("submissions/<int:pk>/dispute", submit_views.dispute_result),
    path("submissions/<int:pk>/picture", submit_views.picture),
    path("submissions/reports/<int:pk>", report_views.one),
    path("submissions/reports/<int:pk>/mark", report_views.mark),
    path("submissions/reports/<int:pk>/convert", report_views.hand_in),
    path("submissions/reports/<int:pk>/answer", report_views.answer),
    path("settings/user-reports", settings_page.user_reports),
]
