"""The annual plan that a new paper starts with; the publisher can change its price."""

from django.db import migrations


def add_plan(apps, schema_editor):
    apps.get_model("circulation", "Plan").objects.get_or_create(
        name="Annual", defaults={"price": 3295, "currency": "USD", "months": 12, "trial_days": 14}
    )


class Migration(migrations.Migration):
    dependencies = [("circulation", "0001_readers_periods_notices")]
    operations = [migrations.RunPython(add_plan, migrations.RunPython.noop)]
