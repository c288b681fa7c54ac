import uuid
from datetime import date

from django.test import SimpleTestCase

from timesheets.week import Listed, Monday, Sum, Week, grid

MONDAY = date(2026, 1, 5)


def project(number, *, archived=False):
    return Listed(id=number, name=f"Project {number}", archived=archived)


def a_sum(project, day, minutes, entries=1):
    return Sum(
        project=project, day=day, minutes=minutes, entries=entries, entry=uuid.UUID(int=project)
    )


class Weeks(SimpleTestCase):
    def test_every_day_of_a_week_leads_to_its_monday(self):
        for day in Week(MONDAY).days:
            assert Week.of(day) == Week(MONDAY)
            assert Monday().to_python(day.isoformat()) == MONDAY

    def test_a_title_says_no_more_than_it_must(self):
        assert Week(MONDAY).title == "5 – 11 January 2026"
        assert Week(date(2026, 1, 26)).title == "26 January – 1 February 2026"
        assert Week(date(2025, 12, 29)).title == "29 December 2025 – 4 January 2026"

    def test_the_calendar_has_two_ends_and_no_step_leads_beyond_them(self):
        for text in ("1969-12-31", "2999-12-31", "2026-02-30"):
            with self.subTest(text), self.assertRaises(ValueError):
                Monday().to_python(text)
        assert Week(date(1970, 1, 5)).previous == date(1970, 1, 5)
        assert Week(date(2999, 12, 30)).next == date(2999, 12, 30)


class Grids(SimpleTestCase):
    def test_rows_columns_and_the_corner_add_up(self):
        tuesday = date(2026, 1, 6)
        shown = grid(
            Week(MONDAY),
            [project(1), project(2)],
            [a_sum(1, MONDAY, 60), a_sum(1, tuesday, 30, entries=2), a_sum(2, tuesday, 15)],
        )
        assert [row.minutes for row in shown.rows] == [90, 15]
        assert shown.totals == (60, 45, 0, 0, 0, 0, 0)
        assert shown.minutes == 105

    def test_an_archived_project_is_shown_only_while_it_has_time(self):
        projects = [project(1), project(2, archived=True), project(3, archived=True)]
        shown = grid(Week(MONDAY), projects, [a_sum(3, MONDAY, 60)])
        assert [row.project for row in shown.rows] == [1, 3]

    def test_a_cell_edits_its_entry_and_an_empty_one_has_an_identifier_of_its_own(self):
        (row,) = grid(Week(MONDAY), [project(1)], [a_sum(1, MONDAY, 60)]).rows
        assert row.cells[0].entry == uuid.UUID(int=1)
        assert len({cell.entry for cell in row.cells}) == 7
