"""Look at the site's front as a customer's browser does: run where customers are.

    python3 -m standfast.proofs.vantage.front < doors

The doors are a JSON list of `{"name", "address", "port", "authority", "random"}` (a file with those
who vouch, and 32 bytes in hexadecimal digits for a hello), the answer is a list of `Front` in the
same order. At each door it shakes hands once as a browser does, and offers everything else by hand
(`hello.py`). Standard library only.
"""

import json
import socket
import ssl
import sys
from base64 import b64encode
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from ipaddress import ip_address
from typing import Any

from standfast.proofs.vantage.hello import (
    CONTROLS,
    MOST_BYTES,
    WEAK,
    Offer,
    Taken,
    hello,
    taken,
    whole_record,
)

PATIENCE_S = 5.0
AT_ONCE = 4

Door = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """`certificate`: what was shown, DER in base64. `distrust`: why a browser would not go on;
    empty where it would. `weak`: what was taken of that which must be refused. `problem`: why the
    door could not be looked at."""

    certificate: str = ""
    distrust: str = ""
    version: str = ""
    cipher: str = ""
    weak: tuple[str, ...] = ()
    problem: str = ""


def look(door: Door) -> Front:
    try:
        return shaken(door)
    except (OSError, ValueError) as error:
        return Front(problem=f"{type(error).__name__}: {error}"[:200])


def shaken(door: Door) -> Front:
    distrust = ""
    try:
        certificate, version, cipher = handshake(door, trusting(door["authority"]))
    except ssl.SSLCertVerificationError as error:
        distrust = error.verify_message
        certificate, version, cipher = handshake(door, believing())
    for each in CONTROLS:
        if offered(door, each) is None:
            raise ValueError(f"it takes no hello of {each.words} with AES-GCM")
    found = (offered(door, each) for each in WEAK)
    return Front(
        certificate=b64encode(certificate).decode(),
        distrust=distrust,
        version=version,
        cipher=cipher,
        weak=tuple(each.words for each in found if each is not None),
    )


def handshake(door: Door, context: ssl.SSLContext) -> tuple[bytes, str, str]:
    with (
        connected(door) as plain,
        context.wrap_socket(plain, server_hostname=door["name"]) as stream,
    ):
        shown = stream.getpeercert(binary_form=True) or b""
        return shown, stream.version() or "", (stream.cipher() or ("",))[0]


def trusting(authority: str | None) -> ssl.SSLContext:
    """None: whom this computer believes."""
    return ssl.create_default_context(cafile=authority)


def believing() -> ssl.SSLContext:
    """Only to see what it is that nobody should believe."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def offered(door: Door, offer: Offer) -> Taken | None:
    with connected(door) as stream:
        stream.sendall(hello(offer, asked_for(door["name"]), bytes.fromhex(door["random"])))
        return taken(answered(stream))


def asked_for(name: str) -> str:
    try:
        ip_address(name)
    except ValueError:
        return name
    return ""


def answered(stream: socket.socket) -> bytes:
    said = b""
    try:
        while not whole_record(said) and len(said) < MOST_BYTES:
            more = stream.recv(MOST_BYTES)
            if not more:
                break
            said += more
    except ConnectionError:
        return b""
    return said


def connected(door: Door) -> socket.socket:
    return socket.create_connection((door["address"], door["port"]), timeout=PATIENCE_S)


def main() -> None:
    doors: Sequence[Door] = json.load(sys.stdin)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        print(json.dumps([asdict(each) for each in pool.map(look, doors)]))


if __name__ == "__main__":
    main()
