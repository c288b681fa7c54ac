"""Save, find and remove entries.

Invariant: one identifier is one row and stays its first owner's, however often and from however
many machines at once it is saved. The primary key holds it; the statement below only names the
two things that may happen to a row that is there.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import connection
from django.db.models import Aggregate, Count, Sum, UUIDField
from django.utils import timezone

from timesheets.intake import Unfit, Wish
from timesheets.models import Entry, Person, Project
from timesheets.week import Listed, Week
from timesheets.week import Sum as Stored

SAVE = """
INSERT INTO entry (id, person_id, project_id, day, minutes, note, created_at, updated_at)
VALUES (
    %(id)s,
    %(person)s,
    COALESCE(%(project)s, (
        SELECT id FROM project
        WHERE account_id = %(account)s AND archived_at IS NULL
        ORDER BY id LIMIT 1
    )),
    COALESCE(%(day)s, %(today)s),
    %(minutes)s,
    COALESCE(%(note)s, ''),
    now(),
    now()
)
ON CONFLICT (id) DO UPDATE SET
    project_id = COALESCE(%(project)s, entry.project_id),
    day = COALESCE(%(day)s, entry.day),
    minutes = EXCLUDED.minutes,
    note = COALESCE(%(note)s, entry.note),
    updated_at = now()
WHERE entry.person_id = EXCLUDED.person_id
RETURNING project_id, day, minutes, note, xmax = 0
"""
"""`xmax` is 0 in a row that this statement inserted. No row: the identifier is somebody else's."""


class AnyOf(Aggregate):
    """One of the identifiers in a group; PostgreSQL has no min(uuid) before version 18."""

    template = "(ARRAY_AGG(%(expressions)s))[1]"
    output_field = UUIDField()


class Taken(Exception):
    """The identifier belongs to another person's entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    id: uuid.UUID
    project: int
    day: date
    minutes: int
    note: str
    created: bool


def save(person: Person, entry_id: uuid.UUID, wish: Wish) -> Saved:
    if wish.project is not None and not is_open(person, wish.project):
        raise Unfit({"project": "is not an open project of this account"})
    values = {
        "id": entry_id,
        "person": person.pk,
        "account": person.account_id,
        "today": timezone.localdate(),
        "project": wish.project,
        "day": wish.day,
        "minutes": wish.minutes,
        "note": wish.note,
    }
    with connection.cursor() as cursor:
        cursor.execute(SAVE, values)
        row = cursor.fetchone()
    if row is None:
        raise Taken
    project, day, minutes, note, created = row
    return Saved(id=entry_id, project=project, day=day, minutes=minutes, note=note, created=created)


def is_open(person: Person, project_id: int) -> bool:
    return Project.objects.filter(
        id=project_id, account=person.account_id, archived_at=None
    ).exists()


def remove(person: Person, entry_id: uuid.UUID) -> bool:
    removed, _ = Entry.objects.filter(id=entry_id, person=person).delete()
    return bool(removed)


def find(
    person: Person, *, note: str = "", first: date | None = None, last: date | None = None
) -> Sequence[Entry]:
    """The person's entries, newest first; a query that can be narrowed further."""
    found = Entry.objects.filter(person=person).order_by("-day", "-created_at", "id")
    if note:
        found = found.filter(note__contains=note)
    if first:
        found = found.filter(day__gte=first)
    if last:
        found = found.filter(day__lte=last)
    return found


def newest(person: Person, week: Week, *, limit: int) -> Sequence[tuple]:
    """Identifier, name of the project, day, minutes and note."""
    found = find(person, first=week.monday, last=week.sunday)
    return found.values_list("id", "project__name", "day", "minutes", "note")[:limit]


def sums(person: Person, week: Week) -> tuple[Stored, ...]:
    found = (
        Entry.objects.filter(person=person, day__range=(week.monday, week.sunday))
        .values("project", "day")
        .annotate(
            minutes_sum=Sum("minutes"),
            entries=Count("id"),
            entry=AnyOf("id"),
        )
        .order_by()
    )
    return tuple(
        Stored(
            project=each["project"],
            day=each["day"],
            minutes=each["minutes_sum"],
            entries=each["entries"],
            entry=each["entry"],
        )
        for each in found
    )


def listed(person: Person) -> tuple[Listed, ...]:
    """All projects of the account, the open ones first."""
    found = Project.objects.filter(account=person.account_id).order_by("name", "id")
    projects = (
        Listed(id=each.pk, name=each.name, archived=each.archived_at is not None) for each in found
    )
    return tuple(sorted(projects, key=lambda project: project.archived))
