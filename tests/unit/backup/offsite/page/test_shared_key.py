"""Azure's Shared Key, held to the example of Microsoft's reference."""

import hmac
from base64 import b64decode, b64encode

import pytest

from standfast.core.errors import ConfigError
from standfast.mechanisms.backup.offsite.page.shared_key import authorization, to_sign


def test_the_examples_of_the_reference_are_put_together_as_there() -> None:
    """ "Authorize with Shared Key": Get Container Metadata, as it is encoded for signing."""
    own = {"x-ms-version": "2015-02-21", "x-ms-date": "Fri, 26 Jun 2015 23:39:12 GMT"}
    query = {"restype": "container", "comp": "metadata", "timeout": "20"}
    assert to_sign("GET", "myaccount", "/mycontainer", own, query) == (
        "GET\n\n\n\n\n\n\n\n\n\n\n\n"
        "x-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\nx-ms-version:2015-02-21\n"
        "/myaccount/mycontainer\ncomp:metadata\nrestype:container\ntimeout:20"
    )


def test_a_length_of_nothing_is_not_signed_and_one_of_something_is() -> None:
    assert to_sign("PUT", "a", "/c/n", {"Content-Length": "0"}).splitlines()[3] == ""
    assert to_sign("PUT", "a", "/c/n", {"Content-Length": "11"}).splitlines()[3] == "11"


def test_it_is_signed_with_the_key_and_not_with_its_base64() -> None:
    key = b64encode(b"k" * 64).decode()
    expected = hmac.digest(b"k" * 64, b"text", "sha256")
    scheme, _, said = authorization("myaccount", key, "text").partition(" ")
    name, _, signature = said.partition(":")
    assert (scheme, name, b64decode(signature)) == ("SharedKey", "myaccount", expected)


def test_what_is_no_key_is_said_without_it() -> None:
    with pytest.raises(ConfigError, match="AZURE_ACCOUNT_KEY is not base64") as error:
        authorization("myaccount", "not a key!", "text")
    assert "not a key!" not in error.value.words
