"""The one settings file. Values come from `common.config`; a wrong one stops the start with a sentence."""

from __future__ import annotations

import sys
import zoneinfo
from typing import Any

import dj_database_url
from csp.constants import NONE, SELF

from daybreak.common.config import from_environment
from daybreak.common.keys import secret_key
from daybreak.common.refusal import ConfigError

try:
    CONFIG = from_environment()
    CONFIG.data.mkdir(parents=True, exist_ok=True)
    SECRET_KEY = secret_key(CONFIG.data)
except ConfigError as error:
    sys.exit(f"daybreak: {' '.join(str(error).split())}")  # a value with line ends is one line all the same
except OSError as error:
    sys.exit(f"daybreak: the data folder cannot be written ({error}): set DAYBREAK_DATA to one that can.")

# Mornings are reckoned by the zone data of the environment's tzdata package, never by whatever this machine has.
zoneinfo.reset_tzpath(())

DEBUG = CONFIG.debug
# Any host may ask: the paper's addresses are built from DAYBREAK_SITE_URL, never from the Host header.
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "daybreak.urls"
WSGI_APPLICATION = "daybreak.wsgi.application"
AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_tasks",
    "django_tasks_db",
    "csp",
    "daybreak.common",
    "daybreak.accounts",
    "daybreak.wire",
    "daybreak.desk",
    "daybreak.press",
    "daybreak.circulation",
    "daybreak.delivery",
    "daybreak.site",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "daybreak.site.mishaps.wrong_method_shown",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "daybreak.delivery.deskbar.desk_bar",
            ],
            "builtins": ["daybreak.common.templatetags.dates"],
        },
    }
]

# -- the database ----------------------------------------------------------------------------------------
DATABASES: dict[str, Any] = {"default": dj_database_url.parse(CONFIG.database_url, conn_max_age=600)}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # IMMEDIATE takes the write lock at the start: a deferred transaction that turns into a write half-way
    # fails at once with "database is locked" instead of waiting its turn.
    DATABASES["default"]["OPTIONS"] = {
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA mmap_size=134217728;",
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
    }

# -- background work and storage -------------------------------------------------------------------------
# "long" is for work that may take minutes (polling), so that a sign-in code never waits behind it; "mail" for the
# mornings, which wait for nothing.
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default", "long", "mail"]}}
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(CONFIG.data / "files")},
    },
    "press": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(CONFIG.storage)},
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True  # read from the packages where they lie: nothing to collect before a start
WHITENOISE_MAX_AGE = 3600

# -- language and time -----------------------------------------------------------------------------------
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"
USE_I18N = False

# -- who may do what -------------------------------------------------------------------------------------
LOGIN_URL = "/desk/sign-in/"
LOGIN_REDIRECT_URL = "/desk/"
LOGOUT_REDIRECT_URL = "/"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
SESSION_COOKIE_NAME = "daybreak_desk"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = CONFIG.https
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = [CONFIG.site_url]
CSRF_FAILURE_VIEW = "daybreak.site.mishaps.forgery_suspected"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
SECURE_HSTS_SECONDS = 31_536_000 if CONFIG.https else 0
X_FRAME_OPTIONS = "DENY"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if CONFIG.https else None
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname:<7} {name} {message}", "style": "{"}},
    "filters": {"without secrets": {"()": "daybreak.common.quietlog.WithoutSecrets"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["without secrets"],
        },
        "warnings": {"class": "logging.StreamHandler", "formatter": "line", "level": "WARNING"},
    },
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "daybreak": {"level": "INFO"},
        "django.request": {"level": "ERROR"},
        # Any scanner sends such hosts: a 400 is answer enough, and needs no traceback.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        # Its recognisers trip over mails without a sender, each with a traceback, and are not missed there.
        "flufl.bounce": {"level": "CRITICAL"},
        # The worker sets its loggers to INFO, three lines for each look of the clock: their handler is the stricter.
        "django_tasks": {"handlers": ["warnings"], "propagate": False},
        "django_tasks_db": {"handlers": ["warnings"], "propagate": False},
    },
}
