"""Addresses of the score's fragments and its settings."""

from django.urls import path

from watchfloor.identities.scoring import settings_page, views

urlpatterns = [
    path("identities/<int:pk>/risk", views.points, name="person-risk"),
    path("identities/risk-points/<int:number>", views.point, name="risk-point"),
    path("identities/risk-points/<int:number>/void", views.void, name="risk-point-void"),
    path("settings/risk-score", settings_page.risk_score, name="risk-score"),
]
