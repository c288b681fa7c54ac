from threading import Event

from django.test import Client, SimpleTestCase, TransactionTestCase

from timesheets.views.health import Probe


class Health(TransactionTestCase):
    def test_a_check_needs_no_session_and_no_known_host_name(self):
        answer = Client(headers={"Host": "anything at all"}).get("/health")
        assert (answer.status_code, answer.content) == (200, b"ok\n")
        assert not answer.cookies


class Probes(SimpleTestCase):
    def test_a_database_that_says_no_is_not_well(self):
        assert not Probe(lambda: False, patience_s=5).answers()

    def test_one_that_stays_silent_is_given_up_asked_once_and_well_again_afterwards(self):
        silence, questions = Event(), []

        def ask():
            questions.append("?")
            return silence.wait(10)

        probe = Probe(ask, patience_s=0.02)
        assert not probe.answers()
        assert not probe.answers()
        assert len(questions) == 1
        silence.set()
        patient = Probe(ask, patience_s=5)
        assert patient.answers()
