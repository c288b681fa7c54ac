"""The projects of an account. Everybody sees them, administrators change them."""

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from timesheets import intake, store
from timesheets.models import Account, Project

NAME_LENGTH = 100


@require_http_methods(["GET", "HEAD", "POST"])
def projects(request):
    problem = ""
    if request.method == "POST":
        problem = add(administrator(request), request.POST.get("name", ""))
        if not problem:
            return redirect("projects")
    context = {"page": "projects", "projects": store.listed(request.user), "problem": problem}
    return render(request, "projects.html", context, status=422 if problem else 200)


@require_POST
def change(request, project_id):
    """Archive a project or open it again; the last open one stays."""
    person = administrator(request)
    with transaction.atomic():
        Account.objects.select_for_update().get(pk=person.account_id)
        found = Project.objects.filter(id=project_id, account=person.account_id).first()
        if found is None:
            raise Http404
        archived = request.POST.get("archived") == "yes"
        others = Project.objects.filter(account=person.account_id, archived_at=None)
        if not archived or others.exclude(pk=found.pk).exists():
            found.archived_at = timezone.now() if archived else None
            found.save(update_fields=("archived_at",))
    return redirect("projects")


def administrator(request):
    if not request.user.is_administrator:
        raise PermissionDenied
    return request.user


def add(person, name) -> str:
    """Add a project; what is wrong, or nothing."""
    try:
        name = intake.text(" ".join(name.split()), length=NAME_LENGTH)
    except ValueError as error:
        return f"{error}."
    if not name:
        return "A project needs a name."
    try:
        with transaction.atomic():
            Project.objects.create(account_id=person.account_id, name=name)
    except IntegrityError:
        return f"There is a project {name} already."
    return ""
