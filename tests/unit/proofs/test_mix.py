from typing import Any
from uuid import UUID

from standfast.proofs.drills.course import WRITE_SHARE, id_pattern
from standfast.proofs.drills.mix import WRITE, Mix, filled
from standfast.proofs.drills.visitor import learn

RUN = "1f0e7a52-7c5b-4b1e-9d7c-3f3f6f0b6a11"
OTHER_RUN = "1f0e7a52-7c5b-4b1e-9d70-3f3f6f0b6a11"


def mix(share: float = WRITE_SHARE) -> Mix:
    return Mix(
        read=({"method": "GET", "path": "/"}, {"method": "GET", "path": "/lines?by={account}"}),
        write={"method": "POST", "path": "/lines/{id}", "json": {"deep": [{"said": "{sentence}"}]}},
        ids=id_pattern(RUN),
        write_share=share,
        known={"account": "a b&c@example.com", "sentence": "it is {id} & so"},
    )


def test_at_least_three_of_ten_requests_are_writes_in_every_stretch_of_ten() -> None:
    kinds = [mix().wanted(number).kind for number in range(1000)]
    assert kinds.count(WRITE) == 400
    assert min(kinds[at : at + 10].count(WRITE) for at in range(990)) >= 3


def test_every_write_has_an_id_of_its_own_that_is_a_uuid() -> None:
    written = [mix().saving(number).id for number in range(500)]
    assert len(set(written)) == 500
    assert {UUID(each).version for each in written} == {8}


def test_the_ids_of_two_runs_differ() -> None:
    assert id_pattern(RUN).format(number=1) != id_pattern(OTHER_RUN).format(number=1)


def test_every_kind_of_read_has_its_turn() -> None:
    paths = {mix().wanted(number).asking.path for number in range(10)}
    assert {"/", "/lines?by=a%20b%26c%40example.com"} <= paths


def test_values_are_quoted_in_a_path_and_stand_as_they_are_in_a_body() -> None:
    wanted = mix().saving(7)
    body: Any = wanted.asking.body
    assert wanted.asking.path == f"/lines/{wanted.id}"
    assert body == {"deep": [{"said": "it is {id} & so"}]}


def test_what_nobody_knows_stays_as_it_is_written() -> None:
    assert filled({"method": "GET", "path": "/{what}"}, {}).path == "/{what}"


def test_a_write_says_that_repeating_it_is_safe() -> None:
    wanted = mix().saving(7)
    assert wanted.asking.key == wanted.id


def test_a_cookie_is_learnt_changed_and_forgotten() -> None:
    cookies: dict[str, str] = {}
    learn(cookies, "session=a=b; Path=/; HttpOnly")
    learn(cookies, "other=1")
    learn(cookies, "session=c; Max-Age=100")
    assert cookies == {"session": "c", "other": "1"}
    learn(cookies, "session=; Max-Age=0")
    learn(cookies, "other=gone; Max-Age=0")
    assert cookies == {}
