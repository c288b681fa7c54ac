"""What the request filter stops, and what it lets pass, in a real HAProxy."""

import socket
import ssl
from collections.abc import Callable, Iterator

import pytest

from .loopback import PATIENCE_S, QUICK, Edge, edge

CLIMBING = (
    "/../etc/passwd",
    "/static/../../etc/passwd",
    "/static/..",
    "/%2e%2e/etc/passwd",
    "/static/%2E%2e%2fetc/passwd",
    "/%252e%252e/etc/passwd",
    "/%252e%252e%252fetc",
    "/..%2fetc",
    "/..%5cetc",
    "/..\\etc",
    "/static%5c..%5cetc",
    "/static\\x",
    "/%2e%2e/%25zz",
    "/.well-known/../.env",
    "/.well-known/%2e%2e/.env",
)
HIDDEN = ("/.git/config", "/.env", "/shop/.svn/entries", "/%2egit/config", "/./x")
BROKEN = ("/file%00.pdf", "/x%0d%0aSet-Cookie:a", "/x%250aSet-Cookie", "/100%", "/%zz")
PLAIN = (
    "/",
    "/a.b/c..d/file.tar.gz",
    "/search/100%25",
    "/search?q=../../etc/passwd",
    "/entries/caf%C3%A9%20cr%C3%A8me",
    "/entries/a%2Fb",
    "/.well-known/change-password",
    "/entries//double",
    "/~anna/",
)


@pytest.fixture(scope="module")
def running(identity: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    with edge(identity, tmp_path_factory.mktemp("edge")) as one:  # type: ignore[arg-type]
        yield one


@pytest.mark.parametrize("path", [*CLIMBING, *HIDDEN, *BROKEN])
def test_a_path_that_climbs_or_hides_is_refused(running: Edge, path: str) -> None:
    assert status(running, path) in (400, 403)
    assert running.arrived(path) == []


@pytest.mark.parametrize("path", PLAIN)
def test_an_ordinary_path_passes(running: Edge, path: str) -> None:
    assert status(running, path) == 200


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("sqlmap/1.7.2#stable (https://sqlmap.org)", 403),
        ("Mozilla/5.00 (Nikto/2.5.0) (Evasions:None)", 403),
        ("Mozilla/5.0 (compatible; Nmap Scripting Engine; https://nmap.org/book/nse.html)", 403),
        ("Nuclei - Open-source project (github.com/projectdiscovery/nuclei)", 403),
        ("Fuzz Faster U Fool v2.1.0", 403),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", 200),
        ("curl/8.5.0", 200),
        ("Googlebot/2.1 (+http://www.google.com/bot.html)", 200),
    ],
)
def test_known_scanners_are_refused_and_others_are_not(
    running: Edge, program: str, expected: int
) -> None:
    assert running.ask("GET", "/", User_Agent=program).status == expected


SMUGGLING = {
    "two lengths": b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "a list of lengths": b"Content-Length: 5, 6\r\n\r\nhello",
    "a signed length": b"Content-Length: +5\r\n\r\nhello",
    "a space before the colon": b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "a coding nobody knows": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunked before another coding": b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "a wrong chunk": b"Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n",
    "no name": b": x\r\nContent-Length: 0\r\n\r\n",
    "two hosts": b"Host: y\r\nContent-Length: 0\r\n\r\n",
}


@pytest.mark.parametrize("name", SMUGGLING)
def test_an_ambiguous_request_is_refused(running: Edge, name: str) -> None:
    before = len(arrived(running))
    answer = raw(running, b"POST /smuggled HTTP/1.1\r\nHost: x\r\n" + SMUGGLING[name])
    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 403 ", b"HTTP/1.1 422 ")), answer[:200]
    assert len(arrived(running)) == before


def test_of_two_ways_to_end_a_body_one_is_left(running: Edge) -> None:
    """RFC 9112, section 6.1: the chunks count, the length is removed, and the connection ends, so
    that what follows is never taken for a request."""
    hidden = b"0\r\n\r\nGET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"
    request = (
        b"POST /both HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
        b"Content-Length: %d\r\n\r\n%s" % (len(hidden), hidden)
    )
    answer = raw(running, request)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert running.arrived("/hidden") == []


def test_what_customers_say_of_themselves_does_not_arrive(running: Edge) -> None:
    running.ask(
        "GET",
        "/who",
        X_Forwarded_For="198.51.100.7",
        X_Forwarded_Proto="http",
        X_Standfast_Check="1",
        Connection="close, X-Forwarded-For, X-Forwarded-Proto",
    )
    raw(running, b"GET /who HTTP/1.1\r\nHost: x\r\nX_Forwarded_For: 198.51.100.7\r\n\r\n")
    came = [
        headers
        for web in running.webs
        for line, headers in zip(web.arrived, web.headers, strict=True)
        if line == "GET /who"
    ]
    assert len(came) == 2
    for headers in came:
        named = {name.lower(): value for name, value in headers.items()}
        assert named["x-forwarded-for"] == "127.0.0.1"
        assert named["x-forwarded-proto"] == "https"
        assert not {"x-standfast-check", "x_forwarded_for"} & named.keys()


def test_without_the_filter_all_of_it_arrives(
    start: Callable[..., Edge],
) -> None:
    off = start(limits=QUICK.model_copy(update={"filter": False}))
    assert off.ask("GET", "/", User_Agent="sqlmap/1.7").status == 200
    assert status(off, "/.git/config") == 200


def arrived(running: Edge) -> list[str]:
    return [each for web in running.webs for each in web.arrived]


def status(running: Edge, path: str) -> int:
    """As it is written: a client library might tidy it up."""
    first = raw(running, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()).split(b" ", 2)
    return int(first[1])


def raw(running: Edge, request: bytes) -> bytes:
    """Everything that comes back within a moment of the whole first answer."""
    context = ssl.create_default_context(cafile=str(running.identity / "ca.pem"))
    context.check_hostname = False
    plain = socket.create_connection(("127.0.0.1", running.port), timeout=PATIENCE_S)
    with context.wrap_socket(plain) as line:
        line.sendall(request)
        answer = line.recv(65536)
        line.settimeout(0.05)
        try:
            while more := line.recv(65536):
                answer += more
        except TimeoutError:
            pass
    return answer
