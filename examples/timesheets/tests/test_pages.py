import re
from html import escape

from django.db import OperationalError
from django.test import TestCase
from django.utils import timezone

from tests.people import FIRST, SECOND, browser, person, put, stored
from timesheets.models import Entry, Project
from timesheets.views import week as week_view

WEEK = "/week/2026-01-05"
CELL = re.compile(r'name="(cell:[^"]+:2026-01-06)" value="([^"]*)"')


class TheWeek(TestCase):
    def setUp(self):
        self.ada = person()
        self.client = browser(self.ada)

    def cell(self, address=WEEK):
        return CELL.search(self.client.get(address).content.decode()).groups()

    def save(self, name, time, was=""):
        return self.client.post(WEEK, {name: time, name.replace("cell:", "was:"): was})

    def test_today_is_in_the_week_at_the_front_door(self):
        page = self.client.get("/")
        self.assertContains(page, f'<option value="{timezone.localdate()}" selected>')

    def test_without_a_script_a_cell_is_stored_once_changed_and_emptied_again(self):
        name, empty = self.cell()
        assert empty == ""
        for _ in range(2):
            self.assertRedirects(self.save(name, "1.5"), WEEK)
        assert [each["minutes"] for each in stored(self.client)] == [90]
        assert self.cell() == (name, "1:30")
        self.save(name, "2", was="1:30")
        assert [each["minutes"] for each in stored(self.client)] == [120]
        self.save(name, "", was="2:00")
        assert stored(self.client) == []

    def test_a_cell_that_was_not_touched_does_not_undo_a_change_made_elsewhere(self):
        name, _ = self.cell()
        self.save(name, "1")
        put(self.client, name.split(":")[1], {"minutes": 240})
        self.save(name, "1:00", was="1:00")
        assert [each["minutes"] for each in stored(self.client)] == [240]

    def test_one_cell_that_cannot_be_read_keeps_the_others_from_being_stored(self):
        name, _ = self.cell()
        good = re.sub(r"cell:[^:]+", f"cell:{FIRST}", name)
        answer = self.client.post(WEEK, {good: "1", name: "soon"})
        self.assertContains(answer, "soon: a time is expected", status_code=422)
        assert stored(self.client) == []

    def test_a_forged_cell_is_no_way_to_another_persons_entry(self):
        put(self.client, FIRST, {"minutes": 15, "day": "2026-01-06"})
        other = browser(person("bob@lovelace.example"))
        name = f"cell:{FIRST}:{self.ada.account.projects.get().pk}:2026-01-06"
        for time in ("8", ""):
            other.post(WEEK, {name: time, name.replace("cell:", "was:"): "0:15"})
        for odd in ("cell:x:y:z", "cell:", f"cell:{SECOND}:1"):
            assert other.post(WEEK, {odd: "1"}).status_code == 422
        assert Entry.objects.get().minutes == 15

    def test_several_entries_of_a_day_are_summed_and_listed(self):
        for entry in (FIRST, SECOND):
            put(self.client, entry, {"minutes": 45, "day": "2026-01-06", "note": "twice"})
        page = self.client.get(WEEK)
        self.assertContains(page, 'data-minutes="90"')
        self.assertContains(page, "twice", 2)
        assert CELL.search(page.content.decode()) is None

    def test_a_crowded_week_lists_the_newest_and_counts_all(self):
        for number in range(week_view.LISTED + 1):
            put(self.client, str(FIRST)[:-2] + f"{number:02}", {"minutes": 1, "day": "2026-01-06"})
        page = self.client.get(WEEK)
        self.assertContains(page, f'data-minutes="{week_view.LISTED + 1}"')
        self.assertContains(page, '<span class="when">', week_view.LISTED)

    def test_what_people_write_is_shown_as_text(self):
        evil = '"><script>alert(1)</script>'
        put(self.client, FIRST, {"minutes": 15, "note": evil, "day": "2026-01-06"})
        page = self.client.get(WEEK)
        self.assertContains(page, escape(evil))
        self.assertNotContains(page, evil)

    def test_weeks_that_no_calendar_has_are_not_found(self):
        for address in ("/week/2026-02-30", "/week/1000-01-01", "/week/x"):
            assert self.client.get(address).status_code == 404


class OneEntry(TestCase):
    def setUp(self):
        self.ada = person()
        self.client = browser(self.ada)
        self.form = {
            "id": str(FIRST),
            "project": self.ada.account.projects.get().pk,
            "day": "2026-01-06",
            "time": "1:30",
            "note": "x",
        }

    def test_a_form_that_is_sent_twice_is_stored_once(self):
        for _ in range(2):
            self.assertRedirects(self.client.post("/entries", self.form), WEEK)
        assert [each["time"] for each in stored(self.client)] == ["1:30"]

    def test_what_is_wrong_is_shown_with_what_was_written(self):
        answer = self.client.post("/entries", self.form | {"time": "soon", "note": "long story"})
        self.assertContains(answer, "Time: a time is expected", status_code=422)
        self.assertContains(answer, "long story", status_code=422)
        self.assertContains(answer, str(FIRST), status_code=422)

    def test_an_entry_has_a_page_for_its_owner_alone(self):
        self.client.post("/entries", self.form)
        self.assertContains(self.client.get(f"/entries/{FIRST}"), 'value="1:30"')
        other = browser(person("bob@lovelace.example"))
        assert other.get(f"/entries/{FIRST}").status_code == 404
        assert other.post(f"/entries/{FIRST}/remove").status_code == 404
        assert other.post("/entries", self.form).status_code == 404
        self.assertRedirects(self.client.post(f"/entries/{FIRST}/remove"), WEEK)
        assert not Entry.objects.exists()


class Projects(TestCase):
    def setUp(self):
        self.ada = person()
        self.client = browser(self.ada)

    def names(self):
        return [each["name"] for each in self.client.get("/api/projects").json()["projects"]]

    def test_a_project_is_added_once_whatever_its_capitals(self):
        self.client.post("/projects", {"name": "  Analytical   Engine "})
        again = self.client.post("/projects", {"name": "analytical engine"})
        self.assertContains(again, "already", status_code=422)
        assert self.names() == ["Analytical Engine", "General"]

    def test_the_last_open_project_stays_open(self):
        self.client.post("/projects", {"name": "Engine"})
        for project in Project.objects.order_by("name"):
            self.client.post(f"/projects/{project.pk}", {"archived": "yes"})
        assert self.names() == ["General"]
        engine = Project.objects.get(name="Engine")
        self.client.post(f"/projects/{engine.pk}", {"archived": "no"})
        assert self.names() == ["Engine", "General"]

    def test_only_an_administrator_changes_projects_and_only_the_accounts_own(self):
        general = Project.objects.get()
        bob = browser(person("bob@lovelace.example"))
        assert bob.get("/projects").status_code == 200
        assert bob.post("/projects", {"name": "Mine"}).status_code == 403
        assert bob.post(f"/projects/{general.pk}", {"archived": "yes"}).status_code == 403
        eve = browser(person("eve@else.example", account="Else"))
        assert eve.post(f"/projects/{general.pk}", {"archived": "yes"}).status_code == 404
        assert self.names() == ["General"]


class EveryPage(TestCase):
    def test_nothing_from_elsewhere_and_nothing_inline_may_run_or_be_framed(self):
        client = browser(person())
        for address in ("/", "/projects", "/sign-in", "/nowhere"):
            page = client.get(address)
            policy = page.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert page.headers["Cache-Control"] == "no-store"
            assert not re.search(r"<script>|style=| on\w+=|//[a-z]", page.content.decode())

    def test_an_unknown_host_name_is_refused(self):
        answer = browser().get("/sign-in", headers={"Host": "evil.example"})
        assert answer.status_code == 400

    def test_a_database_that_moves_is_said_to_move_not_to_be_broken(self):
        client = browser(person(), raise_request_exception=False)
        real, week_view.store.listed = week_view.store.listed, unreachable
        try:
            page, answer = client.get("/"), client.get("/api/projects")
        finally:
            week_view.store.listed = real
        assert (page.status_code, answer.status_code) == (503, 503)
        assert "Retry-After" in page.headers
        assert "database does not answer" in answer.json()["error"]


def unreachable(person):
    raise OperationalError("the server closed the connection unexpectedly")
