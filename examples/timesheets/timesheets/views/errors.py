"""What is said when a request cannot be answered: a page, or JSON below /api/."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpResponse, JsonResponse
from django.template.loader import render_to_string

RETRY_AFTER_S = 2


def answer(request, status, title, words):
    if request.path.startswith("/api/"):
        return JsonResponse({"error": f"{title.lower()}: {words}"}, status=status)
    page = render_to_string("error.html", {"title": title, "words": words})
    return HttpResponse(page, status=status)


def bad_request(request, exception=None):
    return answer(request, 400, "Not understood", "this request is not one we can read.")


def forged(request, reason=""):
    return answer(
        request,
        403,
        "Please try again",
        "this form was opened too long ago, or sent by another site. Open the page anew.",
    )


def refused(request, exception=None):
    return answer(request, 403, "Not for you", "only an administrator of the account may do this.")


def not_found(request, exception=None):
    return answer(request, 404, "Not found", "there is nothing at this address.")


def failed(request):
    """A database that is moving is said to be that: the same request may be sent again."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        response = answer(
            request, 503, "One moment", "the database does not answer. Please try again."
        )
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
        return response
    return answer(request, 500, "Something went wrong", "the failure has been recorded.")
