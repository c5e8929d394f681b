"""The readers' addresses."""

from django.urls import register_converter

from daybreak.common.dates import PathDayConverter

register_converter(PathDayConverter, "pathday")

from daybreak.site import account, feeds, joining, listening, reading, searching, unsubscribing, watching  # noqa: E402 - after it

urlpatterns = [
    *watching.addresses,
    *feeds.addresses,
    *listening.addresses,
    *searching.addresses,
    *joining.addresses,
    *account.addresses,
    *unsubscribing.addresses,
    *reading.addresses,
]
