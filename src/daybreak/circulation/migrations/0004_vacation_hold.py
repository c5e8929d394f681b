from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [
        ("circulation", "0003_reader_days"),
    ]

    operations = [
        migrations.AddField(
            model_name="reader",
            name="vacation_from",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="reader",
            name="vacation_until",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddConstraint(
            model_name="reader",
            constraint=models.CheckConstraint(
                condition=Q(vacation_from__isnull=True, vacation_until__isnull=True)
                | Q(
                    vacation_from__isnull=False,
                    vacation_until__isnull=False,
                    vacation_until__gt=F("vacation_from"),
                ),
                name="reader_vacation_ends_after_it_begins",
            ),
        ),
    ]
