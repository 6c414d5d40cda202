"""Addresses of this slice."""

from watchfloor.identities.page.urls import urlpatterns as page_patterns
from watchfloor.identities.scoring.urls import urlpatterns as scoring_patterns

urlpatterns = [*page_patterns, *scoring_patterns]
