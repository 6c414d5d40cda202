"""Addresses of connections and dead letters."""

from django.urls import path

from watchfloor.connectors import event_views, views
from watchfloor.connectors.outgoing import post_views
from watchfloor.connectors.outgoing import views as outgoing_views
from watchfloor.connectors.scim import views as scim

urlpatterns = [
    path("settings/connections", views.connections),
    path("settings/connections/add", views.kinds),
    path("settings/connections/add/<str:kind>", views.add),
    path("settings/connections/test/<str:kind>", views.try_new),
    path("settings/connections/<int:id>", views.edit),
    path("settings/connections/<int:id>/test", views.try_known),
    path("settings/connections/<int:id>/switch", views.switch),
    path("settings/connections/<int:id>/remove", views.remove),
    path("settings/import-events", event_views.import_events),
    path("settings/outgoing-mail", outgoing_views.outgoing_mail),
    path("settings/outgoing-mail/<int:id>/send-again", outgoing_views.send_again),
    path("settings/webhook-deliveries", post_views.deliveries),
    path("settings/webhook-deliveries/<int:id>", post_views.delivery),
    path("settings/webhook-deliveries/<int:id>/send-again", post_views.send_again),
    path("settings/dead-letters", views.letters),
    path("settings/dead-letters/retry-all", views.retry_all),
    path("settings/dead-letters/<int:id>/retry", views.retry),
    path("scim/v2/ServiceProviderConfig", scim.provider),
    path("scim/v2/ResourceTypes", scim.types),
    path("scim/v2/ResourceTypes/<str:name>", scim.types),
    path("scim/v2/Schemas", scim.schemas),
    path("scim/v2/Schemas/<str:name>", scim.schemas),
    path("scim/v2/Users", scim.resources, {"kind": "Users"}),
    path("scim/v2/Groups", scim.resources, {"kind": "Groups"}),
    path("scim/v2/Users/<str:key>", scim.resource, {"kind": "Users"}),
    path("scim/v2/Groups/<str:key>", scim.resource, {"kind": "Groups"}),
    path("scim/v2/<path:rest>", scim.elsewhere),
]
