"""Settings of BottleCRM for the tests: one SQLite file, no migrations, no broker; they run in its own process."""

import os

from crm.test_settings import *  # noqa: F403

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ["LEADWERK_CRM_DATABASE_FILE"],
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": "PRAGMA journal_mode=WAL"},
    }
}


class NoMigrations:
    def __contains__(self, app):
        return True

    def __getitem__(self, app):
        return None


MIGRATION_MODULES = NoMigrations()
CELERY_TASK_ALWAYS_EAGER = True
ALLOWED_HOSTS = ["*"]
