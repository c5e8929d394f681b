"""Every address: staff under /desk/, the rest is the readers'."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
