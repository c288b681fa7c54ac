from django.test import SimpleTestCase

from timesheets import hours


class Hours(SimpleTestCase):
    def test_every_common_way_to_write_ninety_minutes_is_understood(self):
        for text in ("1:30", "1.5", "1,5", "1.50h", "90m", "90 min", "1h30", "1h 30m", " 1:30 "):
            with self.subTest(text):
                assert hours.parse(text) == 90

    def test_a_bare_number_is_hours(self):
        assert hours.parse("8") == 480
        assert hours.parse(".25") == 15

    def test_what_is_no_time_is_refused(self):
        for text in ("", " ", "h", ":", ".", "1:60", "-1", "1e3", "eight", "١:٣٠", "1:30" * 9):
            with self.subTest(text), self.assertRaises(ValueError):
                hours.parse(text)

    def test_what_is_written_reads_back(self):
        for minutes in range(1, 24 * 60 + 1):
            assert hours.parse(hours.written(minutes)) == minutes
