"""What Azure is sent. No store of theirs answers here; the request alone is looked at."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from standfast.core.command import SystemRunner
from standfast.core.errors import CommandFailed, ConfigError
from standfast.mechanisms.backup.offsite.page import azure
from standfast.mechanisms.backup.offsite.page.elsewhere import Item
from standfast.mechanisms.backup.offsite.page.opening import opened
from standfast.mechanisms.backup.offsite.page.web import Answer
from standfast.mechanisms.backup.offsite.store import Kind, Store

from .stores import HandClock

STORE = Store(kind=Kind.AZURE, location="myaccount/backups/shop")
SAS = "sv=2021-08-06&ss=b&srt=o&sp=rcw&sig=c2VjcmV0%3D"
KEY = "c2VjcmV0"
PAGE = Item(name="index.html", content=b"page")


@dataclass
class Listening:
    """Takes requests in the place of a connection."""

    status: int = 201
    body: bytes = b""
    came: list[tuple[str, str, Mapping[str, str], bytes]] = field(default_factory=list)

    def ask(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        self.came.append((method, target, headers, body))
        return Answer(status=self.status, body=self.body)


def place(web: Any, **words: str) -> azure.Azure:
    made = opened(STORE, words, runner=SystemRunner(), clock=HandClock())
    assert isinstance(made, azure.Azure)
    return replace(made, web=web)


def test_a_sas_is_the_query_and_nothing_is_signed_besides() -> None:
    web = Listening()
    place(web, AZURE_ACCOUNT_SAS=f"?{SAS}\n").send([PAGE])
    ((method, target, headers, body),) = web.came
    assert (method, target) == ("PUT", f"/backups/shop/trust/index.html?{SAS}")
    assert body == b"page"
    assert "Authorization" not in headers
    assert headers["x-ms-blob-type"] == "BlockBlob"
    assert headers["Content-Type"] == "text/html; charset=utf-8"


def test_the_accounts_key_signs_and_is_not_sent() -> None:
    web = Listening()
    place(web, AZURE_ACCOUNT_KEY=KEY).send([PAGE])
    ((_, target, headers, _),) = web.came
    assert target == "/backups/shop/trust/index.html"
    assert headers["Authorization"].startswith("SharedKey myaccount:")
    assert KEY not in str(headers)


def test_a_refusal_is_told_without_the_sas() -> None:
    web = Listening(status=403, body=b"<Error><Code>AuthenticationFailed</Code></Error>")
    with pytest.raises(CommandFailed, match="refuses us: it answered 403 AuthenticationF") as error:
        place(web, AZURE_ACCOUNT_SAS=SAS).send([PAGE])
    assert "sig=" not in error.value.words


def test_what_is_not_there_is_none_and_its_removal_no_failure() -> None:
    web = Listening(status=404)
    assert place(web, AZURE_ACCOUNT_SAS=SAS).read("index.html") is None
    place(web, AZURE_ACCOUNT_SAS=SAS).remove(["index.html"])


@pytest.mark.parametrize("sas", ["a b", "x\r\ny", "https://x?sv=1"])
def test_what_is_no_sas_is_refused_without_being_said(sas: str) -> None:
    with pytest.raises(ConfigError, match="no shared access signature") as error:
        place(Listening(), AZURE_ACCOUNT_SAS=sas)
    assert sas not in error.value.words
