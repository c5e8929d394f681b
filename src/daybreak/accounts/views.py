"""The staff's door: e-mail address and password in, POST out."""

from __future__ import annotations

from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from daybreak.accounts.signing_in import forget_misses, note_miss, wait_before_trying
from daybreak.common.clock import now

AT_DESK = "/desk/"


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The form; a right address and password lead to `next`, or to the desk."""
    wanted = request.POST.get("next") or request.GET.get("next") or AT_DESK
    here = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    onward = wanted if here else AT_DESK
    # Not redirect(), which would take a word for the name of a view.
    if request.method != "POST":
        return HttpResponseRedirect(onward) if request.user.is_authenticated else _form(request, onward)
    at, email, remote = now(), request.POST.get("email", ""), _remote(request)
    minutes = wait_before_trying(email, remote, at)
    if minutes:
        unit = "minute" if minutes == 1 else "minutes"
        response = _form(request, onward, f"Too many tries: wait {minutes} {unit}, then try again.", 429)
        response["Retry-After"] = str(minutes * 60)
        return response
    user = authenticate(request, username=email.strip(), password=request.POST.get("password", ""))
    if user is None:
        note_miss(email, remote, at)
        return _form(request, onward, "This address and password do not belong together: check both.", 422)
    forget_misses(email, remote)
    login(request, user)
    return HttpResponseRedirect(onward)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return redirect("desk-sign-in")


def _form(request: HttpRequest, onward: str, problem: str = "", status: int = 200) -> HttpResponse:
    context = {"next": onward, "email": request.POST.get("email", ""), "problem": problem}
    return render(request, "accounts/sign_in.html", context, status=status)


def _remote(request: HttpRequest) -> str:
    """The caller's IP address; behind a proxy on this machine, the one that the proxy names last."""
    here = str(request.META.get("REMOTE_ADDR", ""))
    if here in ("127.0.0.1", "::1", ""):
        return request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()[:64] or here
    return here
