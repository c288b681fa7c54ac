from django.urls import path, register_converter

from timesheets.views import api, entries, projects, session, week
from timesheets.week import Monday

register_converter(Monday, "monday")

urlpatterns = [
    path("", week.this_week, name="this-week"),
    path("week/<monday:monday>", week.week, name="week"),
    path("entries", entries.save, name="add-entry"),
    path("entries/<uuid:entry_id>", entries.entry, name="entry"),
    path("entries/<uuid:entry_id>/remove", entries.remove, name="remove-entry"),
    path("projects", projects.projects, name="projects"),
    path("projects/<int:project_id>", projects.change, name="change-project"),
    path("sign-in", session.sign_in, name="sign-in"),
    path("sign-out", session.sign_out, name="sign-out"),
    path("api/session", api.session),
    path("api/projects", api.projects),
    path("api/entries", api.entries),
    path("api/entries/<uuid:entry_id>", api.entry),
]

handler400 = "timesheets.views.errors.bad_request"
handler403 = "timesheets.views.errors.refused"
handler404 = "timesheets.views.errors.not_found"
handler500 = "timesheets.views.errors.failed"
