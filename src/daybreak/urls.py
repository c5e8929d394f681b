"""Every address: staff under /desk/, the rest is the readers'."""

from django.urls import include, path

urlpatterns = [
    path("", include("daybreak.press.urls")),
    path("", include("daybreak.delivery.urls")),
    path("", include("daybreak.desk.urls")),
    path("", include("daybreak.site.urls")),
]

handler400 = "daybreak.site.mishaps.not_understood"
handler403 = "daybreak.site.mishaps.forbidden"
handler404 = "daybreak.site.mishaps.not_found"
handler500 = "daybreak.site.mishaps.broken"
