"""On PostgreSQL a mail's mark stays on its page: full pages made each mark write five indexes anew."""

from typing import Any

from django.apps.registry import Apps
from django.db import migrations


def set_fill(percent: int) -> Any:
    def set_it(apps: Apps, editor: Any) -> None:
        if editor.connection.vendor == "postgresql":
            table = editor.quote_name(apps.get_model("delivery", "Delivery")._meta.db_table)
            editor.execute(f"ALTER TABLE {table} SET (fillfactor = {percent})")

    return set_it


class Migration(migrations.Migration):
    dependencies = [("delivery", "0008_outcomes_lately_told")]

    operations = [migrations.RunPython(set_fill(70), set_fill(100))]
