"""A daily job: what is kept for minutes or days goes once nobody needs it."""

from django.contrib.sessions.models import Session
from django.core.management.base import BaseCommand
from django.utils import timezone

from timesheets.models import FailedSignIn
from timesheets.sign_in import WINDOW


class Command(BaseCommand):
    help = "Remove sessions that are over, and failed sign-ins that count no longer."

    def handle(self, *arguments, **options):
        now = timezone.now()
        sessions, _ = Session.objects.filter(expire_date__lt=now).delete()
        failures, _ = FailedSignIn.objects.filter(at__lt=now - WINDOW).delete()
        self.stdout.write(f"removed: {sessions} sessions, {failures} failed sign-ins")
