"""Delivery's addresses for staff."""

from django.urls import path, register_converter

from daybreak.common.dates import DayConverter
from daybreak.delivery import hooks, views
from daybreak.delivery.returns import returnviews
from daybreak.delivery.watch import watchviews

# Each room that has days in its addresses registers a name of its own: Django takes a name only once.
register_converter(DayConverter, "delivery_day")

urlpatterns = [
    path("hooks/mail/<str:secret>/<slug:name>/", hooks.hook, name="delivery-hook"),
    path("desk/deliveries/", views.deliveries, name="delivery-editions"),
    path("desk/deliveries/<delivery_day:date>/", views.edition_deliveries, name="delivery-edition"),
    path("desk/deliveries/<delivery_day:date>/summary/", views.edition_summary, name="delivery-summary"),
    path("desk/deliveries/<delivery_day:date>/progress/", views.edition_progress, name="delivery-progress"),
    path("desk/deliveries/<delivery_day:date>/error/", views.who_has_the_error, name="delivery-error"),
    path("desk/deliveries/<delivery_day:date>/hold/", views.hold, name="delivery-hold"),
    path("desk/deliveries/<delivery_day:date>/again/", views.try_again, name="delivery-again"),
    path("desk/deliveries/<delivery_day:date>/settle/", views.settle_all_doubt, name="delivery-settle-all"),
    path(
        "desk/deliveries/<delivery_day:date>/settle/<uuid:delivery_id>/",
        views.settle_doubt,
        name="delivery-settle",
    ),
    path("desk/board/", watchviews.board, name="delivery-board"),
    path("desk/board/alarms/<int:alarm_id>/", watchviews.see_alarm, name="delivery-see-alarm"),
    path("desk/replies/", returnviews.reply_list, name="delivery-replies"),
    path("desk/replies/<int:reply_id>/", returnviews.reply_one, name="delivery-reply"),
    path("desk/replies/<int:reply_id>/brief/", returnviews.reply_brief, name="delivery-reply-brief"),
    path("desk/replies/about/<int:key>/", returnviews.about_brief, name="delivery-about-brief"),
    path("desk/replies/<int:reply_id>/done/", returnviews.reply_done, name="delivery-reply-done"),
    path("desk/suppressions/", returnviews.suppression_list, name="delivery-suppressions"),
    path("desk/suppressions/<int:suppression_id>/lift/", returnviews.lift_one, name="delivery-lift"),
    path("desk/outbox/", views.outbox_list, name="delivery-outbox"),
    path("desk/outbox/<str:name>/", views.outbox_mail, name="delivery-mail"),
    path("desk/outbox/<str:name>/html/", views.outbox_mail_html, name="delivery-mail-html"),
]
