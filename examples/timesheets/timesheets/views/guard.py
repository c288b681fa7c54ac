"""Who may call the API, and from where."""

import json
from functools import wraps
from urllib.parse import urlsplit

from django.contrib.auth.decorators import login_not_required
from django.http import JsonResponse
from django.views.decorators.csrf import csrf_exempt

SAFE = frozenset({"GET", "HEAD"})
OWN_SITES = frozenset({"", "same-origin", "none"})


def refusal(status, error, **more):
    return JsonResponse({"error": error, **more}, status=status)


def api(*methods, public=False):
    """A view that speaks JSON, is refused to other sites' pages, and knows who asks.

    A page of another site cannot send JSON without asking first (CORS), cannot hide its origin
    (Fetch Standard, Origin header; Fetch Metadata), and is sent no Lax cookie for anything but
    a link: three reasons, each enough for a browser. Programs send neither header.
    """

    def decorate(view):
        @csrf_exempt
        @login_not_required
        @wraps(view)
        def guarded(request, *arguments, **named):
            if request.method not in methods:
                answer = refusal(405, f"{request.method} is not possible here")
                answer.headers["Allow"] = ", ".join(methods)
                return answer
            if request.method not in SAFE and (problem := foreign(request)):
                return refusal(403, problem)
            if request.method in {"POST", "PUT"} and request.content_type != "application/json":
                return refusal(415, "Content-Type: application/json is expected")
            if not public and not request.user.is_authenticated:
                return refusal(401, "nobody is signed in")
            return view(request, *arguments, **named)

        return guarded

    return decorate


def foreign(request) -> str:
    """What shows that another site's page sent the request; empty if nothing does."""
    if request.headers.get("Sec-Fetch-Site", "") not in OWN_SITES:
        return "sent by a page of another site"
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin)[:2] != (request.scheme, request.get_host()):
        return "the origin is another site"
    return ""


def sent(request) -> object:
    """The JSON in the request. Raises `ValueError`, as `json` and `bytes.decode` do."""
    try:
        return json.loads(request.body.decode("utf-8"))
    except RecursionError:
        raise ValueError("nested too deeply") from None
