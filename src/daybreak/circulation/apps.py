from django.apps import AppConfig


class CirculationConfig(AppConfig):
    name = "daybreak.circulation"
    label = "circulation"
    default_auto_field = "django.db.models.BigAutoField"
