"""Addresses of response."""

from django.urls import include, path, re_path

from watchfloor.response import cluster_page, settings_page, views, wizard, zero_hour_page
from watchfloor.response.accounts import detail as people_detail
from watchfloor.response.accounts import settings_view
from watchfloor.response.accounts import wizard as people_wizard
from watchfloor.response.clicks import settings_page as clicks_settings
from watchfloor.response.clicks import views as clicks

urlpatterns = [
    path("actions/new", wizard.choose),
    path("actions/new/targets", wizard.targets),
    path("actions/new/review", wizard.review),
    path("actions/new/submit", wizard.submit),
    path("actions/new/opened", wizard.opened),
    path("actions/new/impacted.csv", wizard.impacted),
    path("actions/people/new", people_wizard.choose),
    path("actions/people/new/review", people_wizard.review),
    path("actions/people/new/submit", people_wizard.submit),
    path("identities/<int:pk>/account-settings", settings_view.account_settings),
    path("action-center/<uuid:remediation_id>/passwords", people_detail.passwords),
    path("action-center", views.action_center),
    path("action-center/export.csv", views.export),
    path("action-center/decide", views.decide),
    path("action-center/of-alert/<str:alert_id>", views.of_an_alert),
    path("action-center/<uuid:remediation_id>", views.detail),
    path("action-center/<uuid:remediation_id>/cluster", cluster_page.cluster),
    path("action-center/<uuid:remediation_id>/progress", views.progress),
    path("action-center/<uuid:remediation_id>/ledger.csv", views.ledger_export),
    re_path(
        r"^action-center/(?P<remediation_id>[0-9a-f-]{36})/(?P<verb>approve|reject|stop|retry|undo|stop-late)$",
        views.act,
    ),
    path("click/<str:token>", clicks.click),
    path("click/<str:token>/form", clicks.form),
    path("settings/click-protection", clicks_settings.click_protection),
    path("", include("watchfloor.response.quarantine.page_urls")),
    path("", include("watchfloor.response.submissions.urls")),
    path("settings/response", settings_page.response_policy),
    path("settings/zero-hour", zero_hour_page.zero_hour),
]
