import getpass
import os

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from timesheets.accounts import add_person


class Command(BaseCommand):
    help = "Add a person to an account, or change the one who is there. Asks for the password."

    def add_arguments(self, parser):
        parser.add_argument("account", help="the company; made if it is new")
        parser.add_argument("email")
        parser.add_argument("name", help="the person's name")

    def handle(self, *arguments, account, email, name, **options):
        password = os.environ.get("PERSON_PASSWORD") or getpass.getpass("Password: ")
        try:
            validate_email(email)
            add_person(account, email=email, name=name, password=password)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        self.stdout.write(f"{email} can sign in")
