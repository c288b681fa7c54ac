"""Have this edge's certificate issued, if it is due: run by a timer, and by `standfast up`.

    python3 -m standfast.mechanisms.keys.certificates.acme.renew

The key is the machine's own for the public, and never leaves it. Stopped after any step, the next
run does what is left: what `due` reads is written last. When the server is away or says no, the old
certificate stays, and the promise `certificate-verifiable` warns in time.
"""

import json
import ssl
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from standfast.core.clock import Clock, SystemClock
from standfast.core.command import Command, Runner, SystemRunner
from standfast.core.errors import Refused, StandfastError, Unreachable
from standfast.core.files import write_atomically
from standfast.mechanisms.keys.certificates import check, read
from standfast.mechanisms.keys.certificates.acme.conversation import Answer, Conversation
from standfast.mechanisms.keys.certificates.acme.due import due
from standfast.mechanisms.keys.certificates.check import Given

SETTINGS = Path("/etc/standfast/acme.json")
ANSWER_TIMEOUT_S = 30.0
MOST_BYTES = 1 << 20
JOSE = "application/jose+json"
AGENT = "standfast"
"""RFC 8555, section 6.1: a client says what it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Https:
    """`authority`: a file with those who vouch for the server, where this machine does not know
    them; else empty."""

    authority: str

    def ask(self, url: str, body: bytes | None) -> Answer:
        headers = {"User-Agent": AGENT, **({"Content-Type": JOSE} if body else {})}
        request = urllib.request.Request(url, data=body, headers=headers)
        context = ssl.create_default_context(cafile=self.authority or None)
        try:
            with urllib.request.urlopen(
                request, timeout=ANSWER_TIMEOUT_S, context=context
            ) as answer:
                return Answer(
                    status=answer.status,
                    headers=lowered(answer.headers),
                    body=answer.read(MOST_BYTES),
                )
        except urllib.error.HTTPError as error:
            said = error.read(MOST_BYTES)
            return Answer(status=error.code, headers=lowered(error.headers), body=said)
        except OSError as error:
            raise Unreachable(
                f"the ACME server does not answer at {url}: {error}",
                remedy="The old certificate stays; the next try is the timer's.",
            ) from error


def lowered(headers: Any) -> Mapping[str, str]:
    return {name.lower(): value for name, value in headers.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """acme.json. `key` is the machine's, `account` the site's; HAProxy reads what is in `live`,
    `chain` is for everybody who asks what is shown."""

    directory: str
    contact: str
    names: tuple[str, ...]
    authority: str
    account: Path
    key: Path
    live: Path
    chain: Path
    unit: str

    @classmethod
    def from_json(cls, text: str) -> "Renewal":
        said: dict[str, Any] = json.loads(text)
        return cls(
            directory=said["directory"],
            contact=said["contact"],
            names=tuple(said["names"]),
            authority=said["authority"],
            account=Path(said["account"]),
            key=Path(said["key"]),
            live=Path(said["live"]),
            chain=Path(said["chain"]),
            unit=said["unit"],
        )

    def run(self, conversation: Conversation, runner: Runner, now: datetime) -> str:
        """What was done, in words. Raises what the conversation does."""
        why = due(self.own(), self.names, now)
        if not why:
            return "nothing is due"
        key = private(self.key)
        chain = conversation.certificate(self.names, asked(key, self.names), self.contact)
        must_be_ours(chain, key, self.names, conversation.clock.now())
        write_atomically(self.live, chain + self.key.read_bytes(), mode=0o600)
        runner.run(Command(argv=("systemctl", "reload-or-restart", self.unit)))
        write_atomically(self.chain, chain)
        return f"issued, because {why}"

    def own(self) -> x509.Certificate | None:
        found = read.authorities(self.chain.read_bytes()) if self.chain.exists() else ()
        return found[0] if found and self.live.exists() else None


def private(path: Path) -> ec.EllipticCurvePrivateKey:
    key = load_pem_private_key(path.read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


def asked(key: ec.EllipticCurvePrivateKey, names: Sequence[str]) -> bytes:
    """A signing request in DER. The names stand where they count alone (RFC 9525, section 2)."""
    alternatives = x509.SubjectAlternativeName([x509.DNSName(each) for each in names])
    return (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([]))
        .add_extension(alternatives, critical=True)
        .sign(key, SHA256())
        .public_bytes(Encoding.DER)
    )


def must_be_ours(
    chain: bytes, key: ec.EllipticCurvePrivateKey, names: Sequence[str], now: datetime
) -> None:
    """What no browser would take is not put in the place of one that it takes."""
    given = Given(chain=read.chain(chain, "what the ACME server has issued"), key=key)
    trusted = given.chain[-1:]  # whom browsers trust is theirs to say
    wrong = [each.what for each in check.problems(given, wanted=names, trusted=trusted, now=now)]
    if wrong:
        raise Refused(f"what the ACME server has issued will not do: {'; '.join(wrong)}")


def opened(renewal: Renewal, clock: Clock) -> Conversation:
    return Conversation(
        directory=renewal.directory,
        key=private(renewal.account),
        transport=Https(authority=renewal.authority),
        clock=clock,
    )


def main() -> int:
    renewal, clock = Renewal.from_json(SETTINGS.read_text()), SystemClock()
    try:
        said = renewal.run(opened(renewal, clock), SystemRunner(), clock.now())
    except StandfastError as error:
        print(error.words, file=sys.stderr)
        return error.exit_code
    print(said, file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
