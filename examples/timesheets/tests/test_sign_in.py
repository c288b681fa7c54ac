import re
from datetime import timedelta
from io import StringIO

from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import TestCase
from django.utils import timezone

from tests.people import FIRST, PASSWORD, browser, environment, person, put
from timesheets.accounts import add_person
from timesheets.models import Account, FailedSignIn, Person, Project

ADA = {"account": "ada@lovelace.example", "password": PASSWORD}
WRONG = ADA | {"password": "wrong"}


def knock(client, content, **headers):
    return client.post("/api/session", content, content_type="application/json", headers=headers)


class SigningIn(TestCase):
    def setUp(self):
        self.ada = person()

    def test_the_session_cookie_is_kept_from_scripts_other_sites_and_plain_connections(self):
        client = browser()
        assert knock(client, ADA).status_code == 200
        cookie = client.cookies["__Host-session"]
        assert cookie["secure"]
        assert cookie["httponly"]
        assert (cookie["samesite"], cookie["path"], cookie["domain"]) == ("Lax", "/", "")
        assert client.get("/").status_code == 200

    def test_an_address_is_the_same_in_capitals(self):
        assert knock(browser(), ADA | {"account": " Ada@Lovelace.EXAMPLE"}).status_code == 200

    def test_a_wrong_password_and_an_unknown_person_look_the_same(self):
        unknown = knock(browser(), ADA | {"account": "nobody@lovelace.example"})
        wrong = knock(browser(), WRONG)
        assert (wrong.status_code, unknown.status_code) == (401, 401)
        assert wrong.content == unknown.content
        assert not wrong.cookies

    def test_what_is_no_sign_in_is_refused(self):
        for content in ([], {}, {"account": 5, "password": "x"}, {"account": "x"}, "x"):
            with self.subTest(content):
                assert knock(browser(), content).status_code == 400
        for password in ("\0", "\ud800", "x" * 2000, ""):
            with self.subTest(password[:3]):
                assert knock(browser(), ADA | {"password": password}).status_code == 401

    def test_guessing_is_stopped_for_that_address_and_forgotten_after_a_while(self):
        guesser = {"X-Forwarded-For": "203.0.113.1, 198.51.100.7"}
        for _ in range(10):
            assert knock(browser(), WRONG, **guesser).status_code == 401
        forged = {"X-Forwarded-For": "203.0.113.99, 198.51.100.7"}
        assert knock(browser(), ADA, **forged).status_code == 429
        elsewhere = {"X-Forwarded-For": "198.51.100.8"}
        assert knock(browser(), ADA, **elsewhere).status_code == 200
        FailedSignIn.objects.update(at=timezone.now() - timedelta(minutes=16))
        assert knock(browser(), ADA, **guesser).status_code == 200

    def test_signing_out_ends_the_session_itself(self):
        client = browser()
        knock(client, ADA)
        kept = client.cookies["__Host-session"].value
        assert client.delete("/api/session").status_code == 204
        client.cookies["__Host-session"] = kept
        assert client.get("/api/session").status_code == 401

    def test_somebody_who_has_left_cannot_come_in(self):
        Person.objects.update(is_active=False)
        assert knock(browser(), ADA).status_code == 401

    def test_a_password_is_stored_as_argon2id_at_owasps_strength(self):
        cost = re.fullmatch(
            r"argon2\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$.+", self.ada.password
        )
        memory_kib, passes, lanes = map(int, cost.groups())
        assert memory_kib >= 19 * 1024
        assert passes >= 2
        assert lanes == 1


class TheSignInPage(TestCase):
    def setUp(self):
        person()

    def test_pages_lead_to_it_and_it_leads_back_but_never_elsewhere(self):
        self.assertRedirects(
            browser().get("/week/2026-01-05"), "/sign-in?next=/week/2026-01-05", 302
        )
        form = {"email": ADA["account"], "password": PASSWORD}
        for onward, then in (
            ("/week/2026-01-05", "/week/2026-01-05"),
            ("https://evil.example/", "/"),
            ("//evil.example/", "/"),
            ("/\\evil.example", "/"),
            ("javascript:alert(1)", "/"),
        ):
            with self.subTest(onward):
                answer = browser().post(f"/sign-in?next={onward}", form)
                assert (answer.status_code, answer.headers["Location"]) == (302, then)

    def test_a_wrong_password_says_so_and_keeps_the_address(self):
        answer = browser().post("/sign-in", {"email": ADA["account"], "password": "wrong"})
        self.assertContains(answer, "is wrong", status_code=401)
        self.assertContains(answer, ADA["account"], status_code=401)

    def test_the_only_cookie_before_it_is_the_forms_own(self):
        answer = browser().get("/sign-in")
        assert list(answer.cookies) == ["__Host-csrf"]

    def test_a_form_without_its_token_is_refused(self):
        strict = browser(enforce_csrf_checks=True)
        answer = strict.post("/sign-in", {"email": ADA["account"], "password": PASSWORD})
        assert answer.status_code == 403


class OtherSites(TestCase):
    def test_the_api_needs_somebody_who_is_signed_in(self):
        for method, address in (
            ("get", "/api/entries"),
            ("get", "/api/projects"),
            ("get", f"/api/entries/{FIRST}"),
            ("delete", f"/api/entries/{FIRST}"),
            ("get", "/api/session"),
        ):
            with self.subTest(address):
                assert getattr(browser(), method)(address).status_code == 401
        assert put(browser(), FIRST, {"minutes": 15}).status_code == 401

    def test_a_page_of_another_site_can_change_nothing(self):
        client = browser(person())
        for headers in (
            {"Origin": "https://evil.example"},
            {"Origin": "http://testserver"},
            {"Origin": "https://testserver:444"},
            {"Origin": "null"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
        ):
            with self.subTest(headers):
                answer = put(client, FIRST, {"minutes": 15}, headers=headers)
                assert answer.status_code == 403
                assert knock(browser(), ADA, **headers).status_code == 403
                assert client.delete("/api/session", headers=headers).status_code == 403
        own = {"Origin": "https://testserver", "Sec-Fetch-Site": "same-origin"}
        assert put(client, FIRST, {"minutes": 15}, headers=own).status_code == 201

    def test_only_json_is_read(self):
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
            answer = browser(person()).put(f"/api/entries/{FIRST}", "{}", content_type=kind)
            assert answer.status_code == 415


class Commands(TestCase):
    def canary(self, password=PASSWORD):
        account = "canary@standfast.invalid"
        with environment(CANARY_ACCOUNT=account, CANARY_PASSWORD=password):
            call_command("canary", stdout=StringIO())
        return Person.objects.get()

    def test_the_canary_can_be_made_again_and_again_and_stays_signed_in(self):
        client = browser(self.canary())
        self.canary()
        assert client.get("/").status_code == 200
        assert (Account.objects.count(), Project.objects.count()) == (1, 1)

    def test_a_new_password_replaces_the_old_one(self):
        self.canary()
        assert self.canary("another long password").check_password("another long password")

    def test_a_canary_without_a_password_is_refused(self):
        with environment(CANARY_ACCOUNT="x", CANARY_PASSWORD=None), self.assertRaises(CommandError):
            call_command("canary")

    def test_the_first_person_of_an_account_is_its_administrator(self):
        assert person().is_administrator
        assert not person("bob@lovelace.example").is_administrator

    def test_a_weak_password_and_another_accounts_person_are_refused(self):
        person()
        with self.assertRaises(ValidationError):
            add_person("Lovelace", email="x@lovelace.example", name="X", password="short")
        with self.assertRaises(ValidationError):
            person(account="Else")
        assert not Account.objects.filter(name="Else").exists()
