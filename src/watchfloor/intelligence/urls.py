"""Addresses of the allow/block list, the verdict policy and labels."""

from django.urls import path

from watchfloor.intelligence.views import labels, lists, policy

urlpatterns = [
    path("settings/allow-block-list", lists.listing),
    path("settings/allow-block-list/export.csv", lists.export),
    path("settings/allow-block-list/change", lists.change_many),
    path("settings/allow-block-list/add", lists.add),
    path("settings/allow-block-list/import", lists.import_list),
    path("settings/allow-block-list/<int:id>", lists.entry),
    path("settings/allow-block-list/<int:id>/change", lists.change),
    path("settings/verdict-policy", policy.policy),
    path("settings/verdict-policy/back-test", policy.try_policy),
    path("settings/verdict-policy/back-test/<str:id>", policy.progress),
    path("settings/verdict-policy/silence", policy.silence),
    path("settings/verdict-labels", labels.listing),
    path("settings/verdict-labels/export.csv", labels.export),
    path("email/<str:network_message_id>/label", labels.mark),
]
