"""Addresses of Sigma rules."""

from django.urls import path

from watchfloor.hunting.sigma.pages import imports, lists, rule

urlpatterns = [
    path("hunting/sigma", lists.page, name="sigma"),
    path("hunting/sigma/export.csv", lists.export, name="sigma-export"),
    path("hunting/sigma/change", lists.change, name="sigma-change"),
    path("hunting/sigma/import", imports.page, name="sigma-import"),
    path("hunting/sigma/again", imports.again, name="sigma-again"),
    path("hunting/sigma/imports/<int:key>", imports.result, name="sigma-imported"),
    path("hunting/sigma/imports/<int:key>/stop", imports.stop, name="sigma-import-stop"),
    path("hunting/sigma/imports/<int:key>/refused.csv", imports.refused, name="sigma-refused"),
    path("hunting/sigma/<int:key>", rule.page, name="sigma-rule"),
    path("hunting/sigma/<int:key>/change", rule.change, name="sigma-rule-change"),
]
