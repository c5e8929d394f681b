"""The desk's addresses alone, so that its tests need no other room's."""

from django.urls import include, path

urlpatterns = [path("", include("daybreak.desk.urls"))]
