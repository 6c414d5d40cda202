"""Addresses of signing in, people, roles and the audit log."""

from django.urls import path

from watchfloor.access.views import audit, people, roles, sign_in

urlpatterns = [
    path("sign-in", sign_in.sign_in),
    path("sign-out", sign_in.sign_out),
    path("password", sign_in.password),
    path("settings/people", people.people_page),
    path("settings/people/add", people.add),
    path("settings/people/<int:id>", people.person_page),
    path("settings/people/<int:id>/deactivate", people.deactivate),
    path("settings/people/<int:id>/reactivate", people.reactivate),
    path("settings/people/<int:id>/unlock", people.unlock),
    path("settings/people/<int:id>/one-time-password", people.new_password),
    path("settings/roles", roles.roles_page),
    path("settings/roles/add", roles.add),
    path("settings/roles/<int:id>", roles.edit),
    path("settings/roles/<int:id>/delete", roles.delete),
    path("settings/audit", audit.audit_page),
    path("settings/audit/export", audit.export),
    path("settings/audit/<int:id>", audit.entry_page),
]
