"""The web door: the WSGI application (PEP 3333)."""

import os

from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application

from daybreak.lifeline import end_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "daybreak.settings")
application = get_wsgi_application()


def served_by_a_worker() -> WSGIHandler:
    """The application in a worker process of the web server, which goes when the server does."""
    end_with_parent()
    return application
