"""What the web server calls. Refuses to start without what a request would miss later."""

import os

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "timesheets.settings")

for name in ("DATABASE_URL", "SERVICE_SECRET", "SERVICE_HOSTS"):
    if not os.environ.get(name):
        raise ImproperlyConfigured(f"the environment variable {name} is missing or empty")

application = get_wsgi_application()
