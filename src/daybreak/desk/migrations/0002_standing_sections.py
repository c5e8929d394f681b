"""The three standing sections of the paper, in the order a reader meets them."""

from django.db import migrations

STANDING = [("Need to Know", "lead", 1), ("The World, Briefly", "briefs", 2), ("Discoveries", "discovery", 3)]


def add_sections(apps, schema_editor):
    section = apps.get_model("desk", "Section")
    for name, role, position in STANDING:
        section.objects.get_or_create(name=name, defaults={"role": role, "position": position})


class Migration(migrations.Migration):
    dependencies = [("desk", "0001_editions_briefs_citations")]
    operations = [migrations.RunPython(add_sections, migrations.RunPython.noop)]
