"""The sign-in page and the way out."""

from django.contrib import auth
from django.contrib.auth.decorators import login_not_required
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from timesheets import sign_in as door

WRONG = "The address or the password is wrong."
TOO_MANY = "Too many wrong passwords. Please wait 15 minutes."


@login_not_required
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request):
    onward = inside(request, request.GET.get("next", ""))
    if request.method != "POST":
        if request.user.is_authenticated:
            return redirect(onward)
        return render(request, "sign_in.html")
    email = request.POST.get("email", "")
    try:
        door.sign_in(request, email, request.POST.get("password", ""))
    except door.Wrong:
        return render(request, "sign_in.html", {"problem": WRONG, "email": email}, status=401)
    except door.TooMany:
        return render(request, "sign_in.html", {"problem": TOO_MANY, "email": email}, status=429)
    return redirect(onward)


def inside(request, address):
    """Where to go after signing in: a page of this service and nowhere else."""
    safe = url_has_allowed_host_and_scheme(address, allowed_hosts=None)
    return address if safe and address.startswith("/") else "/"


@login_not_required
@require_POST
def sign_out(request):
    auth.logout(request)
    return redirect("sign-in")
