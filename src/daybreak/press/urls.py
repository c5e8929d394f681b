"""The press's address for staff."""

from django.urls import path, register_converter

from daybreak.common.dates import DayConverter
from daybreak.press.views import run_status

register_converter(DayConverter, "day")

urlpatterns = [path("desk/press/<day:date>/", run_status, name="press-status")]
