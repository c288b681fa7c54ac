from datetime import timedelta
from io import StringIO

from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.test import TestCase
from django.utils import timezone

from timesheets.models import FailedSignIn
from timesheets.sign_in import WINDOW


class Tidy(TestCase):
    def test_what_is_over_goes_and_what_still_counts_stays(self):
        now = timezone.now()
        for days, key in ((-1, "over"), (1, "open")):
            Session.objects.create(
                session_key=key, session_data="", expire_date=now + timedelta(days=days)
            )
        for age in (WINDOW * 2, WINDOW / 2):
            FailedSignIn.objects.create(email="a@example.com", address="", at=now - age)
        said = StringIO()
        call_command("tidy", stdout=said)
        assert said.getvalue() == "removed: 1 sessions, 1 failed sign-ins\n"
        assert [each.session_key for each in Session.objects.all()] == ["open"]
        assert FailedSignIn.objects.count() == 1
