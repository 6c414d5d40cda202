"""Addresses of the frame."""

from django.urls import path

from watchfloor.portal import views
from watchfloor.portal.reports import schedule_views
from watchfloor.portal.reports import views as report_views

urlpatterns = [
    path("", views.home, name="home"),
    path("home/<slug:key>", views.home_card, name="home-card"),
    path("search", views.search, name="search"),
    path("settings", views.settings, name="settings"),
    path("reports", report_views.reports, name="reports"),
    path("reports/overview", report_views.overview),
    path("reports/schedules", schedule_views.all_schedules),
    path("reports/schedules/<int:id>/remove", schedule_views.remove),
    path("reports/schedules/<int:id>/switch", schedule_views.switch),
    path("reports/<slug:key>", report_views.report),
    path("reports/<slug:key>/rows.csv", report_views.rows_csv),
    path("reports/<slug:key>/summary.csv", report_views.summary_csv),
    path("reports/<slug:key>/report.pdf", report_views.report_pdf),
    path("reports/<slug:key>/schedule", schedule_views.schedule),
    path("gallery", views.gallery, name="gallery"),
    path("gallery/flyout", views.gallery_flyout, name="gallery-flyout"),
]
