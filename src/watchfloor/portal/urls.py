"""Addresses of the frame."""

from django.urls import path

from watchfloor.portal import views

urlpatterns = [
    path("gallery", views.gallery, name="gallery"),
    path("gallery/flyout", views.gallery_flyout, name="gallery-flyout"),
]
