"""A stop is lifted as a pause is, when somebody takes it back."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("delivery", "0009_room_for_marks")]

    operations = [
        migrations.RemoveConstraint("sendhold", "send_hold_lifted_means_when_and_by_whom"),
        migrations.AddConstraint(
            "sendhold",
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True, lifted_by="")
                | (Q(lifted_at__isnull=False) & ~Q(lifted_by="")),
                name="send_hold_lifted_means_when_and_by_whom",
            ),
        ),
    ]
