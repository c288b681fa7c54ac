"""Have a certificate issued by an ACME server (RFC 8555): account, order, http-01, certificate.

Whoever answers at the names answers every token with the account's thumbprint, so nothing has to
be put in place for a challenge. Nothing is kept here between two conversations: an account that
exists is found by its key, and an order that was left ends by itself.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from cryptography.hazmat.primitives.asymmetric import ec

from standfast.core.clock import Clock
from standfast.core.errors import Refused, Unreachable
from standfast.mechanisms.keys.certificates.acme import jws

CHALLENGE = "http-01"

NONCE_TRIES = 8
"""A server may refuse a nonce at any time, and gives another one (RFC 8555, section 6.5)."""

POLL_S = 2.0
POLLS = 90
"""Three minutes for a validation: a server looks from several places, and tries again."""

BAD_NONCE = "urn:ietf:params:acme:error:badNonce"
JSON, CHAIN = "application/json", "application/pem-certificate-chain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`headers` by their names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> Mapping[str, Any]:
        """Empty where the server says nothing that can be read."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


class Transport(Protocol):
    def ask(self, url: str, body: bytes | None) -> Answer:
        """GET without a body, else POST of a JWS. Raises `Unreachable`."""


@dataclass(slots=True, kw_only=True)
class Conversation:
    """With the server whose directory this is, as the owner of the account's `key`."""

    directory: str
    key: ec.EllipticCurvePrivateKey = field(repr=False)
    transport: Transport
    clock: Clock
    account: str = ""
    nonce: str = ""
    addresses: Mapping[str, Any] = field(default_factory=dict)

    def certificate(self, names: Sequence[str], request: bytes, contact: str) -> bytes:
        """PEM: the certificate, and whoever signed it. `request` is a CSR in DER; `contact` may be
        empty."""
        self.open(contact)
        identifiers = [{"type": "dns", "value": each} for each in names]
        answer = self.post(self.addresses["newOrder"], {"identifiers": identifiers})
        order, at = answer.document, answer.headers["location"]
        for authorization in order["authorizations"]:
            self.authorize(authorization)
        self.post(order["finalize"], {"csr": jws.encoded(request)})
        ready = self.settled(at, "the order")
        return self.post(ready["certificate"], None, accept=CHAIN).body

    def open(self, contact: str) -> None:
        """The account, which is made if it is not there (RFC 8555, section 7.3)."""
        found = self.transport.ask(self.directory, None)
        if found.status != 200 or "newOrder" not in found.document:
            raise Unreachable(
                f"{self.directory} is no ACME directory: it answers {found.status}",
                remedy="Is `acme` in [certificates] the address of the directory itself?",
            )
        self.addresses = found.document
        said: dict[str, Any] = {"termsOfServiceAgreed": True}
        if contact:
            said["contact"] = [contact]
        self.account = self.post(self.addresses["newAccount"], said).headers["location"]

    def authorize(self, url: str) -> None:
        """That we control one name. One that was shown lately need not be shown again."""
        found = self.post(url, None).document
        name = found["identifier"]["value"]
        if found["status"] == "valid":
            return
        chosen = next((each for each in found["challenges"] if each["type"] == CHALLENGE), None)
        if chosen is None:
            raise Refused(
                f"the ACME server does not take {CHALLENGE} for {name}",
                remedy="A name with a star needs another way: import a certificate for it.",
            )
        self.post(chosen["url"], {})
        self.settled(url, name)

    def settled(self, url: str, what: str) -> Mapping[str, Any]:
        """Once the server has decided."""
        for _ in range(POLLS):
            found = self.post(url, None).document
            if found["status"] == "valid":
                return found
            if found["status"] not in ("pending", "processing", "ready"):
                raise Refused(
                    f"the ACME server calls {what} {found['status']}: {'; '.join(details(found))}",
                    remedy="Does the name lead to the edges, and does port 80 answer there?",
                )
            self.clock.sleep(POLL_S)
        raise Unreachable(f"the ACME server did not decide about {what} in time")

    def post(self, url: str, payload: Mapping[str, Any] | None, *, accept: str = JSON) -> Answer:
        """`accept` is what a good answer is made of."""
        for _ in range(NONCE_TRIES):
            body = jws.signed(
                self.key, payload, url=url, nonce=self.fresh_nonce(), account=self.account
            )
            answer = self.transport.ask(url, body)
            self.nonce = answer.headers.get("replay-nonce", "")
            if answer.document.get("type") != BAD_NONCE:
                break
        kind = answer.headers.get("content-type", "")
        if answer.status >= 400 or (accept == CHAIN and not kind.startswith(CHAIN)):
            said = answer.document.get("detail") or f"status {answer.status}"
            raise Refused(f"the ACME server refuses {url}: {said}")
        return answer

    def fresh_nonce(self) -> str:
        if not self.nonce:
            found = self.transport.ask(self.addresses["newNonce"], None)
            self.nonce = found.headers.get("replay-nonce", "")
        used, self.nonce = self.nonce, ""
        return used


def details(found: Mapping[str, Any]) -> Iterator[str]:
    """Why, in the server's words: of the order, or of a challenge."""
    for each in (found, *found.get("challenges", ())):
        if "error" in each:
            yield str(each["error"].get("detail", each["error"]))
