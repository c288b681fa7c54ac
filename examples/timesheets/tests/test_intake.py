from datetime import date

from django.test import SimpleTestCase

from timesheets.intake import Unfit, Wish, wish


class Intake(SimpleTestCase):
    def test_minutes_alone_are_enough(self):
        assert wish({"minutes": 15}) == Wish(minutes=15)

    def test_a_form_and_json_mean_the_same(self):
        form = {"project": "7", "day": "2026-01-05", "time": "0:15", "note": "x"}
        json = {"project": 7, "day": "2026-01-05", "minutes": 15, "note": "x"}
        assert wish(form) == wish(json)
        assert wish(json).day == date(2026, 1, 5)

    def test_each_unfit_value_is_named(self):
        unfit = {
            "minutes": (0, -1, 1441, "15", 1.5, True, [], None),
            "project": (0, -1, 2**63, 1.5, True, "x", "1" * 30, {}),
            "day": ("2026-02-30", "20260105", "2026-W02-1", "0001-01-01", "9999-01-01", 5, []),
            "note": ("x" * 2001, "\0", "\ud800", 5, ["x"]),
            "person": (1,),
        }
        for name, values in unfit.items():
            for value in values:
                with self.subTest(name, value=value), self.assertRaises(Unfit) as raised:
                    wish({"minutes": 15} | {name: value})
                assert list(raised.exception.problems) == [name]

    def test_only_an_object_is_an_entry(self):
        for sent in (None, [], "x", 5):
            with self.subTest(sent), self.assertRaises(Unfit):
                wish(sent)
