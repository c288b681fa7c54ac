"""As in production, but for what only a collected release and a lasting process have."""

import os

os.environ.setdefault("SERVICE_SECRET", "only for tests")
os.environ.setdefault("SERVICE_HOSTS", "testserver,timesheets.example")

from timesheets.settings import *  # noqa: F403
from timesheets.settings import DATABASES, LOGGING

STORAGES = {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# The tests provoke what is logged otherwise.
LOGGING["handlers"]["stderr"]["level"] = "CRITICAL"
# The health check's thread would hold the test database open.
DATABASES["default"]["CONN_MAX_AGE"] = 0
