"""Addresses of this slice."""

from watchfloor.identities.listing.urls import urlpatterns as listing_patterns
from watchfloor.identities.page.urls import urlpatterns as page_patterns
from watchfloor.identities.scoring.urls import urlpatterns as scoring_patterns

urlpatterns = [*listing_patterns, *page_patterns, *scoring_patterns]
