"""Addresses of investigations."""

from django.urls import path, re_path

from watchfloor.investigations import beginning, beside, printing_views, settings_page, views
from watchfloor.investigations.aftercare import settings_page as aftercare_page
from watchfloor.investigations.aftercare import views as restricting

urlpatterns = [
    path("investigations", views.investigations),
    path("investigations/export.csv", views.export),
    path("investigations/new", beginning.new),
    path("investigations/start", beginning.start),
    path("investigations/of-incident/<int:incident>", beside.of_an_incident),
    path("investigations/evidence-of-incident/<int:incident>", beside.evidence_of_an_incident),
    path("investigations/of-alert/<str:alert_id>", beside.of_an_alert),
    path("investigations/of-message/<str:network_message_id>", beside.of_a_message),
    path("investigations/of-remediation/<uuid:remediation_id>", beside.of_a_remediation),
    path("investigations/of-incident/<int:incident>/decide", views.decide_in_incident),
    path("investigations/restricted", restricting.restricted),
    path("investigations/restrict", restricting.restrict),
    path("investigations/release", restricting.release),
    path("investigations/<int:pk>", views.investigation),
    path("investigations/<int:pk>/progress", views.progress),
    path("investigations/<int:pk>/decide", views.decide),
    path("investigations/<int:pk>/agree", views.agree),
    path("investigations/<int:pk>/stop", views.stop),
    re_path(r"^investigations/(?P<pk>\d+)/(?P<part>log|actions|clusters|entities)\.csv$", views.export_part),
    path("investigations/<int:pk>/report.pdf", printing_views.pdf),
    path("settings/investigations", settings_page.trust),
    path("settings/after-investigations", aftercare_page.aftercare),
    path("settings/investigations/kill-switch", settings_page.kill_switch),
]
