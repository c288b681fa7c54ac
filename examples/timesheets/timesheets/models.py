"""What is stored: an account (a company) has people and projects, a person enters time."""

import uuid

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

NOTE_LENGTH = 2000
DAY_MINUTES = 24 * 60


class Account(models.Model):
    name = models.CharField(max_length=200, unique=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "account"

    def __str__(self):
        return self.name


class People(BaseUserManager):
    def get_by_natural_key(self, email):
        return self.select_related("account").get(email=email.strip().lower())


class Person(AbstractBaseUser):
    """Signs in with an e-mail address, stored in lower case."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="people")
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200)
    is_administrator = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = People()
    USERNAME_FIELD = "email"

    class Meta:
        db_table = "person"
        constraints = (
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")), name="person_email_lower_case"
            ),
        )

    def __str__(self):
        return self.name


class Project(models.Model):
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="projects")
    name = models.CharField(max_length=100)
    archived_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "project"
        constraints = (
            models.UniqueConstraint("account", Lower("name"), name="project_name_once_per_account"),
        )

    def __str__(self):
        return self.name


class Entry(models.Model):
    """The identifier is drawn by the client, so a save that is repeated is stored once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(
        Person, on_delete=models.PROTECT, related_name="entries", db_index=False
    )
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="entries")
    day = models.DateField()
    minutes = models.PositiveSmallIntegerField()
    note = models.CharField(max_length=NOTE_LENGTH, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "entry"
        indexes = (
            models.Index(fields=("person", "-day", "-created_at", "id"), name="entry_newest"),
        )
        constraints = (
            models.CheckConstraint(
                condition=models.Q(minutes__range=(1, DAY_MINUTES)), name="entry_within_a_day"
            ),
        )


class FailedSignIn(models.Model):
    """Kept for minutes, to slow down guessing."""

    email = models.CharField(max_length=254)
    address = models.CharField(max_length=45)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "failed_sign_in"
        indexes = (models.Index(fields=("email", "address", "at"), name="failed_sign_in_recent"),)
