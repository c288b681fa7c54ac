"""What the observations make of what both ends say. Pure."""

from standfast.mechanisms.rollout.links import Link
from standfast.promises.catalog import ENCRYPTED_IN_TRANSIT, MIRRORED_DATABASE
from standfast.promises.judge import judge
from standfast.promises.model import Outcome
from standfast.proofs.drills import encrypted_in_transit, mirrored_database
from standfast.proofs.drills.encrypted_in_transit import Looked, fault_of
from standfast.proofs.drills.handshake import Finding
from standfast.proofs.drills.mirrored_database import ARRIVES_WITHIN_S, Ends, parse_senders

MIRRORED = MIRRORED_DATABASE.parts[0].objective
ENCRYPTED = ENCRYPTED_IN_TRANSIT.parts[0].objective


def ends(printed: str = "db-2|streaming|sync", receiving: str = "db-2", level: str = "on") -> Ends:
    return Ends(level=level, senders=parse_senders(printed), receiving=frozenset(receiving.split()))


def mirrored(both: Ends, arrived_s: float | None = 0.04) -> Outcome:
    return judge(MIRRORED, mirrored_database.figures(both, arrived_s))


def test_a_pair_that_is_synchronous_by_both_ends_is_kept() -> None:
    assert mirrored(ends()) is Outcome.KEPT


def test_what_only_one_end_says_is_no_copy() -> None:
    assert mirrored(ends("db-2|streaming|async")) is Outcome.BROKEN
    assert mirrored(ends("db-2|catchup|sync")) is Outcome.BROKEN
    assert mirrored(ends(receiving="")) is Outcome.BROKEN
    assert mirrored(ends("")) is Outcome.BROKEN


def test_a_primary_that_waits_for_nobody_mirrors_nothing() -> None:
    for level in ("off", "local"):
        assert mirrored(ends(level=level)) is Outcome.BROKEN


def test_a_row_that_is_late_or_never_comes_breaks_it() -> None:
    assert mirrored(ends(), 1.2) is Outcome.BROKEN
    assert mirrored(ends(), None) is Outcome.BROKEN
    assert mirrored_database.figures(ends(), None)["mirrored_s"] == ARRIVES_WITHIN_S


def test_receivers_that_are_no_members_change_nothing() -> None:
    printed = "db-2|streaming|sync\nbackup_1|streaming|async"
    assert mirrored(ends(printed)) is Outcome.KEPT


GOOD = Finding(cipher="TLS_AES_256_GCM_SHA384", accepted=True, plain="", stranger="", problem="")
LINK = Link(source="edge-1", target="web-1", port=8443, why="edges")


def looked(**changes: object) -> Looked:
    values = {name: getattr(GOOD, name) for name in Finding.__dataclass_fields__}
    return Looked(link=LINK, finding=Finding(**{**values, **changes}))


def outcome(*links: Looked) -> Outcome:
    return judge(ENCRYPTED, encrypted_in_transit.figures(links))


def test_links_that_are_encrypted_and_closed_are_kept() -> None:
    assert outcome(looked(), looked(cipher="ECDHE-ECDSA-AES128-GCM-SHA256")) is Outcome.KEPT


def test_each_fault_of_a_link_breaks_it_and_is_named() -> None:
    for each, words in (
        (looked(plain="HTTP/1.1 200 OK"), "answers plain text"),
        (looked(cipher="TLS_CHACHA20_POLY1305_SHA256"), "not encrypted by AES-GCM"),
        (looked(cipher="", accepted=False), "not encrypted by AES-GCM"),
        (looked(stranger="HTTP/1.1 200 OK"), "lets in who has no certificate"),
        (looked(accepted=False), "does not let in"),
        (looked(problem="TimeoutError: "), "could not be reached"),
    ):
        assert outcome(looked(), each) is Outcome.BROKEN
        assert words in fault_of(each)
        assert fault_of(looked()) == ""


def test_the_story_counts_ciphers_and_names_the_doors_that_are_wrong() -> None:
    links = [looked(), looked(), looked(stranger="SSH-2.0")]
    story = encrypted_in_transit.told(links, encrypted_in_transit.figures(links))
    assert story[0].endswith("0 not encrypted, 1 open, 0 not checked")
    assert "3 × TLS_AES_256_GCM_SHA384" in story
    assert "edge-1 to web-1:8443 (edges): lets in who has no certificate: SSH-2.0" in story
