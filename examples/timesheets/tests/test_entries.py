import uuid
from concurrent.futures import ThreadPoolExecutor

from django.db import connection
from django.test import TestCase, TransactionTestCase
from django.utils import timezone

from tests.people import FIRST, SECOND, browser, person, put, stored
from timesheets.intake import Wish
from timesheets.models import Entry, Project
from timesheets.store import save


class Saving(TestCase):
    def setUp(self):
        self.ada = person()
        self.client = browser(self.ada)

    def test_minutes_and_a_note_are_enough_the_service_knows_the_day_and_the_project(self):
        answer = put(self.client, FIRST, {"note": "a sentence", "minutes": 15})
        assert answer.status_code == 201
        entry = Entry.objects.get()
        assert (entry.id, entry.person) == (FIRST, self.ada)
        assert entry.project.name == "General"
        assert entry.day == timezone.localdate()

    def test_a_repeated_save_is_stored_once(self):
        content = {"note": "x", "minutes": 15}
        answers = [put(self.client, FIRST, content) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [201, 200, 200]
        assert len({answer.content for answer in answers}) == 1
        assert Entry.objects.count() == 1

    def test_the_same_identifier_with_other_content_changes_the_entry(self):
        put(self.client, FIRST, {"note": "x", "minutes": 15, "day": "2026-01-05"})
        put(self.client, FIRST, {"time": "2:00"})
        assert [(each["note"], each["minutes"], each["day"]) for each in stored(self.client)] == [
            ("x", 120, "2026-01-05")
        ]

    def test_another_persons_identifier_is_refused_and_stays_as_it_was(self):
        put(self.client, FIRST, {"note": "mine", "minutes": 15})
        other = browser(person("bob@lovelace.example", name="Bob"))
        assert put(other, FIRST, {"note": "yours", "minutes": 30}).status_code == 409
        assert other.get(f"/api/entries/{FIRST}").status_code == 404
        other.delete(f"/api/entries/{FIRST}")
        assert stored(other) == []
        assert Entry.objects.get().note == "mine"

    def test_another_accounts_project_is_refused_and_an_archived_one_too(self):
        theirs = person("eve@else.example", account="Else").account.projects.get()
        archived = Project.objects.create(
            account=self.ada.account, name="Old", archived_at=timezone.now()
        )
        for project in (theirs, archived):
            answer = put(self.client, FIRST, {"minutes": 15, "project": project.pk})
            assert answer.status_code == 422
            assert list(answer.json()["problems"]) == ["project"]
        assert not Entry.objects.exists()

    def test_removing_may_be_repeated(self):
        put(self.client, FIRST, {"minutes": 15})
        answers = [self.client.delete(f"/api/entries/{FIRST}").status_code for _ in range(2)]
        assert answers == [204, 204]
        assert not Entry.objects.exists()

    def test_what_cannot_be_read_is_refused(self):
        address = f"/api/entries/{FIRST}"
        for body in ("{", "[]", '{"minutes": NaN}', "[" * 20_000, b"\xff"):
            with self.subTest(body[:9]):
                answer = self.client.put(address, body, content_type="application/json")
                assert answer.status_code in (400, 422)
        large = self.client.put(address, b" " * 70_000, content_type="application/json")
        assert large.status_code == 400


class Finding(TestCase):
    def setUp(self):
        self.client = browser(person())

    def test_every_row_whose_note_contains_the_words_is_found_and_no_other(self):
        for number in range(30):
            put(self.client, uuid.UUID(int=number), {"note": f"run 7 no {number}", "minutes": 1})
        put(self.client, FIRST, {"note": "run 8", "minutes": 1})
        found = stored(self.client, "note=run%207%20&limit=100000")
        assert {each["id"] for each in found} == {
            str(uuid.UUID(int=number)) for number in range(30)
        }
        assert len(found) == 30

    def test_signs_with_a_meaning_in_sql_are_searched_as_they_are(self):
        put(self.client, FIRST, {"note": "100% of it", "minutes": 1})
        put(self.client, SECOND, {"note": "1000 of it", "minutes": 1})
        assert [each["id"] for each in stored(self.client, "note=0%25")] == [str(FIRST)]
        assert stored(self.client, "note=0_%25") == []

    def test_a_limit_that_cuts_something_off_says_so(self):
        for entry in (FIRST, SECOND):
            put(self.client, entry, {"minutes": 1})
        assert self.client.get("/api/entries?limit=1").json()["more"]
        assert not self.client.get("/api/entries?limit=2").json()["more"]

    def test_nobody_sees_another_persons_entries(self):
        put(self.client, FIRST, {"note": "mine", "minutes": 1})
        assert stored(browser(person("bob@lovelace.example"))) == []

    def test_questions_that_make_no_sense_are_refused(self):
        for query in ("limit=0", "limit=-1", "limit=x", "limit=٣", "from=x", "note=%00"):
            with self.subTest(query):
                assert self.client.get(f"/api/entries?{query}").status_code == 400


class SavingAtOnce(TransactionTestCase):
    def test_the_same_save_from_eight_connections_at_once_is_one_row(self):
        ada = person()

        def saved(_):
            try:
                return save(ada, FIRST, Wish(minutes=15)).created
            finally:
                connection.close()

        with ThreadPoolExecutor(8) as threads:
            created = list(threads.map(saved, range(40)))
        assert created.count(True) == 1
        assert Entry.objects.count() == 1
