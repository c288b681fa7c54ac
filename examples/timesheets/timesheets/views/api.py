"""The JSON interface: what the week page, proofs and other programs use."""

from django.contrib import auth
from django.http import HttpResponse, JsonResponse

from timesheets import hours, intake, store
from timesheets.sign_in import TooMany, Wrong, sign_in
from timesheets.views.guard import api, refusal, sent

LIMIT = 100
LARGEST_LIMIT = 100_000


@api("GET", "POST", "DELETE", public=True)
def session(request):
    """GET: who is signed in. POST {account, password}: sign in. DELETE: sign out."""
    if request.method == "POST":
        return open_session(request)
    if request.method == "DELETE":
        auth.logout(request)
        return HttpResponse(status=204)
    if not request.user.is_authenticated:
        return refusal(401, "nobody is signed in")
    return JsonResponse({"person": person_json(request.user)})


def open_session(request):
    try:
        given = sent(request)
        account, password = given["account"], given["password"]
        if not (isinstance(account, str) and isinstance(password, str)):
            raise TypeError
    except (ValueError, TypeError, KeyError):
        return refusal(400, "an object with account and password is expected")
    try:
        person = sign_in(request, account, password)
    except Wrong:
        return refusal(401, "the address or the password is wrong")
    except TooMany:
        return refusal(429, "too many wrong passwords, try again in 15 minutes")
    return JsonResponse({"person": person_json(person)})


@api("GET")
def projects(request):
    found = (
        {"id": each.id, "name": each.name}
        for each in store.listed(request.user)
        if not each.archived
    )
    return JsonResponse({"projects": list(found)})


@api("GET")
def entries(request):
    """The signed-in person's entries, newest first.

    `note`: only those whose note contains it; `from`, `to`: days; `limit`: how many. `more` tells
    whether the limit has cut some off.
    """
    try:
        limit = bounded(request.GET.get("limit"))
        found = store.find(
            request.user,
            note=intake.text(request.GET.get("note", "")),
            first=day_or_none(request.GET.get("from")),
            last=day_or_none(request.GET.get("to")),
        )
    except ValueError as error:
        return refusal(400, str(error))
    rows = list(found.values_list("id", "project_id", "day", "minutes", "note")[: limit + 1])
    listed = [entry_json(*row) for row in rows[:limit]]
    return JsonResponse({"entries": listed, "more": len(rows) > limit})


@api("GET", "PUT", "DELETE")
def entry(request, entry_id):
    """One entry. PUT makes it or changes it; repeated, it changes nothing more."""
    if request.method == "PUT":
        return put(request, entry_id)
    if request.method == "DELETE":
        store.remove(request.user, entry_id)
        return HttpResponse(status=204)
    found = store.find(request.user).filter(id=entry_id)
    row = found.values_list("id", "project_id", "day", "minutes", "note").first()
    return JsonResponse(entry_json(*row)) if row else refusal(404, "there is no such entry")


def put(request, entry_id):
    try:
        saved = store.save(request.user, entry_id, intake.wish(sent(request)))
    except intake.Unfit as unfit:
        return refusal(422, str(unfit), problems=unfit.problems)
    except ValueError:
        return refusal(400, "the body is not JSON")
    except store.Taken:
        return refusal(409, "this identifier is taken")
    content = entry_json(saved.id, saved.project, saved.day, saved.minutes, saved.note)
    return JsonResponse(content, status=201 if saved.created else 200)


def bounded(given):
    if given is None:
        return LIMIT
    if not (given.isascii() and given.isdecimal() and len(given) < 10 and int(given) > 0):
        raise ValueError("limit: a number above 0 is expected")
    return min(int(given), LARGEST_LIMIT)


def day_or_none(given):
    return intake.day(given) if given else None


def person_json(person):
    return {"email": person.email, "name": person.name, "account": person.account.name}


def entry_json(entry_id, project, day, minutes, note):
    return {
        "id": str(entry_id),
        "project": project,
        "day": day.isoformat(),
        "minutes": minutes,
        "time": hours.written(minutes),
        "note": note,
    }
