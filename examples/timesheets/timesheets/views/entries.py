"""One entry as a form: added below the grid, changed and removed on a page of its own."""

import uuid

from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from timesheets import hours, intake, store
from timesheets.week import Week

FIELDS = ("project", "day", "time", "note")


@require_POST
def save(request):
    """Store what the form holds under the identifier the form was given, once."""
    try:
        entry_id = uuid.UUID(request.POST.get("id", ""))
    except ValueError:
        raise Http404 from None
    given = {name: request.POST.get(name, "") for name in FIELDS}
    try:
        saved = store.save(request.user, entry_id, intake.wish(given))
    except intake.Unfit as unfit:
        return form(request, entry_id, given, problems=unfit.problems)
    except store.Taken:
        raise Http404 from None
    return redirect("week", Week.of(saved.day).monday)


@require_http_methods(["GET", "HEAD"])
def entry(request, entry_id):
    found = owned(request.user, entry_id)
    given = {
        "project": str(found.project_id),
        "day": found.day.isoformat(),
        "time": hours.written(found.minutes),
        "note": found.note,
    }
    return form(request, entry_id, given, stored=True)


@require_POST
def remove(request, entry_id):
    found = owned(request.user, entry_id)
    store.remove(request.user, entry_id)
    return redirect("week", Week.of(found.day).monday)


def owned(person, entry_id):
    found = store.find(person).filter(id=entry_id).first()
    if found is None:
        raise Http404
    return found


def form(request, entry_id, given, *, stored=False, problems=None):
    projects = store.listed(request.user)
    context = {
        "page": "week",
        "id": entry_id,
        "given": given,
        "stored": stored,
        "problems": problems or {},
        "projects": [
            {"id": str(each.id), "name": each.name}
            for each in projects
            if not each.archived or str(each.id) == given["project"]
        ],
    }
    return render(request, "entry.html", context, status=422 if problems else 200)
