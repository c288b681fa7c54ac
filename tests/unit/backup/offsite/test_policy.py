"""What the two keys may do, as S3 reads it. By another evaluator: tests/foreign/test_s3.py."""

import json

import pytest

from standfast.core.errors import ConfigError
from standfast.mechanisms.backup.offsite import policy
from standfast.mechanisms.backup.offsite.store import Kind, Store

STORE = Store(kind=Kind.S3, location="https://s3.example.test/bucket/some/folder")
HERE = "arn:aws:s3:::bucket/some/folder"


def deletes(text: str) -> list[str]:
    statements = json.loads(text)["Statement"]
    return [
        resource
        for each in statements
        for resource in each["Resource"]
        if any("Delete" in action for action in each["Action"])
    ]


def test_the_first_key_deletes_locks_and_the_page_alone() -> None:
    assert deletes(policy.first_key(STORE)) == [f"{HERE}/locks/*", f"{HERE}/trust/*"]


def test_everybody_may_read_the_page_and_do_nothing_else() -> None:
    (said,) = json.loads(policy.public_page(STORE))["Statement"]
    assert (said["Effect"], said["Principal"]) == ("Allow", "*")
    assert (said["Action"], said["Resource"]) == (["s3:GetObject"], [f"{HERE}/trust/*"])


def test_the_second_key_deletes_in_its_folder_alone() -> None:
    assert deletes(policy.second_key(STORE)) == [f"{HERE}/*"]


@pytest.mark.parametrize("made", [policy.first_key, policy.second_key])
def test_neither_key_may_touch_versions_locks_of_objects_or_policies(made: object) -> None:
    text = made(STORE)  # type: ignore[operator]
    actions = {action for each in json.loads(text)["Statement"] for action in each["Action"]}
    assert "*" not in "".join(actions)
    assert not {each for each in actions if "Version" in each or "Retention" in each}
    assert not {each for each in actions if each.startswith("s3:Put")} - {"s3:PutObject"}


def test_old_versions_go_after_so_many_days() -> None:
    rule, page = json.loads(policy.lifecycle(STORE, days=30))["Rules"]
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    assert rule["Filter"] == {"Prefix": "some/folder/"}
    assert page["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}
    assert page["Filter"] == {"Prefix": "some/folder/trust/"}
    assert "Days" not in page["Expiration"], "what is current stays"


def test_other_stores_have_no_such_policies() -> None:
    with pytest.raises(ConfigError, match="no policies of S3"):
        policy.first_key(Store(kind=Kind.FOLDER, location="/srv"))
