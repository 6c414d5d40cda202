"""Addresses of Explorer and of advanced hunting."""

from django.urls import path

from watchfloor.hunting.advanced import linking_views as linking
from watchfloor.hunting.advanced import saved_views, usage_views
from watchfloor.hunting.advanced import views as advanced
from watchfloor.hunting.campaigns.urls import urlpatterns as campaigns
from watchfloor.hunting.custom import form_views as custom_form
from watchfloor.hunting.custom import views as custom
from watchfloor.hunting.explorer import history_views, views
from watchfloor.hunting.explorer.parts_urls import urlpatterns as explorer_parts
from watchfloor.hunting.sigma.pages.urls import urlpatterns as sigma
from watchfloor.hunting.trackers.urls import urlpatterns as trackers

urlpatterns = [
    path("explorer", views.explorer, name="explorer"),
    path("explorer/chart", views.chart, name="explorer-chart"),
    path("explorer/results", views.results, name="explorer-results"),
    path("explorer/condition", views.condition_fields, name="explorer-condition"),
    path("explorer/chart.csv", views.chart_csv, name="explorer-chart-csv"),
    path("explorer/export.csv", views.rows_csv, name="explorer-export"),
    path("explorer/export", views.export, name="explorer-export-file"),
    path("explorer/history", history_views.history, name="explorer-history"),
    path("explorer/history/forget", history_views.forget_asked, name="explorer-history-forget"),
    path("explorer/columns", views.columns, name="explorer-columns"),
    path("explorer/selection", views.selection, name="explorer-selection"),
    *explorer_parts,
    path("hunting", advanced.hunting, name="hunting"),
    path("hunting/samples", advanced.samples, name="hunting-samples"),
    path("hunting/run", advanced.run, name="hunting-run"),
    path("hunting/check", advanced.check, name="hunting-check"),
    path("hunting/complete", advanced.complete, name="hunting-complete"),
    path("hunting/format", advanced.lay_out, name="hunting-format"),
    path("hunting/export", advanced.export, name="hunting-export"),
    path("hunting/usage", usage_views.report, name="hunting-usage"),
    path("hunting/usage.csv", usage_views.export, name="hunting-usage-export"),
    path("hunting/act", linking.act, name="hunting-act"),
    path("hunting/link", linking.form, name="hunting-link"),
    path("hunting/link/save", linking.save, name="hunting-link-save"),
    path("hunting/links/<int:key>", linking.linked, name="hunting-linked"),
    path("hunting/behind/<str:alert>", linking.behind_alert, name="hunting-behind"),
    path("hunting/of-incident/<int:incident>", linking.of_incident, name="hunting-of-incident"),
    path("hunting/queries/edit", saved_views.edit, name="hunting-query-edit"),
    path("hunting/queries/save", saved_views.save, name="hunting-query-save"),
    path("hunting/queries/import", saved_views.import_form, name="hunting-import"),
    path("hunting/queries/import/files", saved_views.import_files, name="hunting-import-files"),
    path("hunting/queries/<int:key>/delete", saved_views.delete, name="hunting-query-delete"),
    path("hunting/detections", custom.listing, name="custom-detections"),
    path("hunting/detections/edit", custom_form.edit, name="custom-detection-edit"),
    path("hunting/detections/save", custom_form.save, name="custom-detection-save"),
    path("hunting/detections/try", custom_form.try_out, name="custom-detection-try"),
    path("hunting/detections/<int:key>", custom.detail, name="custom-detection"),
    path("hunting/detections/<int:key>/run", custom.run, name="custom-detection-run"),
    path("hunting/detections/<int:key>/switch", custom.switch, name="custom-detection-switch"),
    path("hunting/detections/<int:key>/delete", custom.delete, name="custom-detection-delete"),
    *campaigns,
    *trackers,
    *sigma,
]
