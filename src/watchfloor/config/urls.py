"""All addresses: each slice brings its own `urls`."""

import importlib.util

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from watchfloor.config.slices import load

load("panels")

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include(f"watchfloor.{name}.urls"))
    for name in settings.SLICES
    if importlib.util.find_spec(f"watchfloor.{name}.urls")
]

handler400 = "watchfloor.config.errors.bad_request"
handler403 = "watchfloor.config.errors.permission_denied"
handler404 = "watchfloor.config.errors.page_not_found"
handler500 = "watchfloor.ui.errors.server_error"
