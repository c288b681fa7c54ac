"""What was restored, beside a primary that goes on writing."""

from standfast.mechanisms.backup.compare import compare
from standfast.mechanisms.backup.digests import Digest, as_json, from_json, of_all, parse

ENTRY = Digest(rows=200, digest="17")
BEAT, LATER = Digest(rows=10, digest="5"), Digest(rows=20, digest="9")


def test_a_table_that_was_the_same_before_and_after_must_be_exactly_so() -> None:
    seen = {"a.public.entry": ENTRY}
    assert compare(before=seen, restored=seen, after=seen).wrong == ()
    other = {"a.public.entry": Digest(rows=200, digest="18")}
    found = compare(before=seen, restored=other, after=seen)
    assert found.wrong == ("a.public.entry",)
    assert "1 are not: a.public.entry" in found.found


def test_a_table_that_is_written_to_must_be_there_with_rows() -> None:
    before, after = {"a.s.beat": BEAT}, {"a.s.beat": LATER}
    between = {"a.s.beat": Digest(rows=14, digest="7")}
    assert compare(before=before, restored=between, after=after).written == ("a.s.beat",)
    assert compare(before=before, restored=between, after=after).wrong == ()
    empty = {"a.s.beat": Digest(rows=0, digest="0")}
    for restored in (empty, {}):
        assert compare(before=before, restored=restored, after=after).wrong == ("a.s.beat",)


def test_an_empty_database_is_wrong_in_every_table() -> None:
    seen = {"a.public.entry": ENTRY, "a.public.note": BEAT}
    assert compare(before=seen, restored={}, after=seen).wrong == tuple(sorted(seen))


def test_a_table_made_or_dropped_meanwhile_is_nobodys_fault() -> None:
    assert compare(before={}, restored={}, after={"a.public.new": BEAT}).wrong == ()


def test_names_may_hold_anything_but_a_tab() -> None:
    ((name, digest),) = parse("a", 'public.odd "name\t3\t-12\n')
    assert (name, digest) == ('a.public.odd "name', Digest(rows=3, digest="-12"))


def test_every_database_is_asked_and_roles_once() -> None:
    asked = []

    def query(database: str, script: str) -> str:
        asked.append(database)
        if "pg_database" in script:
            return "postgres\ntimesheets\n"
        return "roles\t3\t4\n" if "pg_authid" in script else f"public.t\t1\t{len(database)}\n"

    found = of_all(query)
    assert sorted(found) == ["cluster.roles", "postgres.public.t", "timesheets.public.t"]
    assert asked == ["postgres", "postgres", "postgres", "timesheets"]
    assert from_json(as_json(found)) == found
