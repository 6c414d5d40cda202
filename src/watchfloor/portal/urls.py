"""Addresses of the frame."""

from django.urls import path

from watchfloor.portal import views

urlpatterns = [
    path("", views.home, name="home"),
    path("home/<slug:key>", views.home_card, name="home-card"),
    path("search", views.search, name="search"),
    path("settings", views.settings, name="settings"),
    path("gallery", views.gallery, name="gallery"),
    path("gallery/flyout", views.gallery_flyout, name="gallery-flyout"),
]
