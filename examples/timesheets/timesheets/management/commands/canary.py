"""The account through which Standfast's proofs use the service like any customer."""

import os

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from timesheets.accounts import add_person


class Command(BaseCommand):
    help = "Make or update the account of CANARY_ACCOUNT with CANARY_PASSWORD (environment)."

    def handle(self, *arguments, **options):
        try:
            email, password = os.environ["CANARY_ACCOUNT"], os.environ["CANARY_PASSWORD"]
        except KeyError as missing:
            raise CommandError(f"the environment variable {missing.args[0]} is missing") from None
        try:
            add_person(f"Canary {email}", email=email, name="Canary", password=password)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        self.stdout.write(f"{email} can sign in")
