"""A week and its grid. Pure: what was stored goes in, what is shown comes out."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

DAY = timedelta(days=1)
FIRST, LAST = date(1970, 1, 5), date(2999, 12, 30)
"""The Mondays that can be shown."""


@dataclass(frozen=True, slots=True)
class Week:
    monday: date

    @classmethod
    def of(cls, day: date) -> "Week":
        return cls(day - day.weekday() * DAY)

    @property
    def days(self) -> tuple[date, ...]:
        return tuple(self.monday + number * DAY for number in range(7))

    @property
    def sunday(self) -> date:
        return self.monday + 6 * DAY

    @property
    def previous(self) -> date:
        return max(FIRST, self.monday - 7 * DAY)

    @property
    def next(self) -> date:
        return min(LAST, self.monday + 7 * DAY)

    @property
    def number(self) -> int:
        return self.monday.isocalendar().week

    @property
    def title(self) -> str:
        """`5 – 11 January 2026`, with as much of the first date as differs from the last."""
        first, last = self.monday, self.sunday
        start = f"{first.day}"
        if (first.month, first.year) != (last.month, last.year):
            start += f" {first:%B}"
        if first.year != last.year:
            start += f" {first.year}"
        return f"{start} – {last.day} {last:%B} {last.year}"


class Monday:
    """The week in an address: the date of its Monday; another day leads to its week."""

    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, text: str) -> date:
        day = date.fromisoformat(text)
        if not FIRST <= day <= LAST:
            raise ValueError(f"{text} is out of range")
        return Week.of(day).monday

    def to_url(self, day: date) -> str:
        return day.isoformat()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """What one person stored for one project and day."""

    project: int
    day: date
    minutes: int
    entries: int
    entry: uuid.UUID
    """One of the entries; the only one where `entries` is 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One field of the grid. It edits `entry`, unless there are several: then it only counts."""

    day: date
    minutes: int
    entries: int
    entry: uuid.UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    project: int
    name: str
    archived: bool
    cells: tuple[Cell, ...]

    @property
    def minutes(self) -> int:
        return sum(cell.minutes for cell in self.cells)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A project as the grid needs it."""

    id: int
    name: str
    archived: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    week: Week
    rows: tuple[Row, ...]

    @property
    def totals(self) -> tuple[int, ...]:
        return tuple(sum(row.cells[number].minutes for row in self.rows) for number in range(7))

    @property
    def minutes(self) -> int:
        return sum(self.totals)


def grid(week: Week, projects: Sequence[Listed], sums: Iterable[Sum]) -> Grid:
    """Every open project has a row; one that is archived has it while the week holds its time.

    An empty cell is given the identifier that a first save from it will carry, so that the save
    can be repeated, with or without a script.
    """
    stored = {(each.project, each.day): each for each in sums}
    used = {project for project, _ in stored}
    rows = tuple(
        Row(
            project=project.id,
            name=project.name,
            archived=project.archived,
            cells=tuple(cell(day, stored.get((project.id, day))) for day in week.days),
        )
        for project in projects
        if project.id in used or not project.archived
    )
    return Grid(week=week, rows=rows)


def cell(day: date, stored: Sum | None) -> Cell:
    if stored is None:
        return Cell(day=day, minutes=0, entries=0, entry=uuid.uuid4())
    return Cell(day=day, minutes=stored.minutes, entries=stored.entries, entry=stored.entry)
