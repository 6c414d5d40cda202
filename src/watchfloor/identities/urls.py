"""Addresses of this slice."""

from watchfloor.identities.page.urls import urlpatterns as page_patterns

urlpatterns = [*page_patterns]
