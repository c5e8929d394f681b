"""A reply knows the brief that it is about; those that wait are counted without reading the others."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("circulation", "0003_reader_days"),
        ("delivery", "0010_a_stop_may_be_taken_back"),
        ("desk", "0004_corrections"),
    ]

    operations = [
        migrations.AddField(
            model_name="reply",
            name="brief",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="replies",
                to="desk.brief",
            ),
        ),
        migrations.AddIndex(
            model_name="reply",
            index=models.Index(
                condition=models.Q(("done_at__isnull", True)), fields=["kind", "came_at"], name="reply_waits"
            ),
        ),
    ]
