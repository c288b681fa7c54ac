"""The week grid: rows are projects, columns are days."""

import uuid
from datetime import date

from django.db import transaction
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from timesheets import hours, intake, store
from timesheets.week import Cell, Row, Week, grid

LISTED = 30
"""Entries listed below the grid; the grid counts all."""


@require_safe
def this_week(request):
    return show(request, Week.of(timezone.localdate()))


@require_http_methods(["GET", "HEAD", "POST"])
def week(request, monday):
    shown = Week(monday)
    if request.method != "POST":
        return show(request, shown)
    problems = save(request.user, request.POST)
    return show(request, shown, problems) if problems else redirect("week", monday)


def save(person, form) -> list[str]:
    """Store the cells of a grid that was sent as a form: what changed, or nothing of it.

    A cell is named `cell:ENTRY:PROJECT:DAY` and holds a time; `was:` and the same holds the time
    that was shown, so that saving an old page does not undo what was changed elsewhere since.
    """
    problems = []
    with transaction.atomic():
        for name, time in form.items():
            if name.startswith("cell:") and time.strip() != form.get(f"was{name[4:]}"):
                problems += save_cell(person, name, time.strip())
        transaction.set_rollback(bool(problems))
    return problems


def save_cell(person, name, time) -> list[str]:
    try:
        _, entry, project, day = name.split(":")
        entry_id = uuid.UUID(entry)
        if time in {"", "0", "0:00"}:
            store.remove(person, entry_id)
        else:
            wish = intake.wish({"project": project, "day": day, "time": time})
            store.save(person, entry_id, wish)
    except intake.Unfit as unfit:
        return [f"{time}: {words}" for words in unfit.problems.values()]
    except (ValueError, store.Taken):
        return ["This page is out of date. Please open it again."]
    return []


def show(request, shown: Week, problems=()):
    person, today = request.user, timezone.localdate()
    projects = store.listed(person)
    table = grid(shown, projects, store.sums(person, shown))
    entries = store.newest(person, shown, limit=LISTED + 1)
    context = {
        "page": "week",
        "week": shown,
        "is_this_week": today in shown.days,
        "columns": [
            column(day, total, today) for day, total in zip(shown.days, table.totals, strict=True)
        ],
        "chosen": today if today in shown.days else shown.monday,
        "rows": [row(each) for each in table.rows],
        "total": hours.written(table.minutes),
        "projects": [project for project in projects if not project.archived],
        "entries": [listed(*entry) for entry in entries[:LISTED]],
        "more": len(entries) > LISTED,
        "new_id": uuid.uuid4(),
        "problems": problems,
    }
    return render(request, "week.html", context, status=422 if problems else 200)


def column(day: date, total: int, today: date):
    return {
        "day": day,
        "name": f"{day:%a}",
        "total": written(total),
        "is_today": day == today,
    }


def row(each: Row):
    return {
        "name": each.name,
        "total": written(each.minutes),
        "cells": [field(each, cell) for cell in each.cells],
    }


def field(row: Row, cell: Cell):
    """`key` names the field in the form that is sent without a script."""
    return {
        "entry": cell.entry,
        "project": row.project,
        "day": cell.day.isoformat(),
        "key": f"{cell.entry}:{row.project}:{cell.day}",
        "label": f"{row.name}, {cell.day:%A} {cell.day.day} {cell.day:%B}",
        "minutes": cell.minutes,
        "time": written(cell.minutes),
        "entries": cell.entries,
        "is_fixed": cell.entries > 1 or row.archived,
    }


def listed(entry_id, project, day, minutes, note):
    return {
        "id": entry_id,
        "project": project,
        "when": f"{day:%a} {day.day}",
        "time": hours.written(minutes),
        "note": note,
    }


def written(minutes: int) -> str:
    return hours.written(minutes) if minutes else ""
