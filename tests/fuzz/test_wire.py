"""Random framing over real sockets: a call gets exactly the body that was framed for it, or an
error.

Whatever the answer was, the next call in the same pool gets its own.
"""

import asyncio
import ssl
from contextlib import aclosing
from dataclasses import dataclass
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from connect_ext.errors import Later
from connect_ext.http.client import Call, HttpClient
from connect_ext.http.transport import Transport
from tests.http.servers import raw_server, read_request
from tests.http.wire import WRONG, answer


@dataclass(frozen=True)
class Said:
    """A server's answer to one request."""

    status: int
    body: bytes
    parts: tuple[bytes, ...]
    """The bytes, in the order they are written."""
    may_fail: bool
    """Whether it is broken, so that an error is also correct."""
    hangs_up: bool


def chunk(data, extension):
    return b"%x%s\r\n%s\r\n" % (len(data), extension, data)


interim = st.sampled_from(
    ["", "", "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 X\r\nA: b\r\n\r\n"]
)
headers = st.sampled_from(
    ["", "X-A: b\r\n", "Connection: keep-alive\r\n", "Connection: close\r\n", "Set-Cookie: a\r\n"]
)
extensions = st.sampled_from([b"", b"", b";a", b";a=b", b';a="b c"', b";" + b"x" * 300])
trailers = st.sampled_from([b"", b"", b"X-A: b\r\n", b"X-A: b\r\nX-B: \r\n"])
bodies = st.binary(max_size=60) | st.sampled_from([WRONG, WRONG * 3, b"0\r\n\r\n", b"\r\n" * 9])
surplus = st.sampled_from([WRONG, WRONG[:9], b"\r\n", b"0\r\n\r\n", b"x"])
breaks = st.sampled_from([b"zz\r\n", b"-1\r\n", b"5\r\nab", b"1\r\nabc\r\n", b"f" * 20 + b"\r\n"])


@st.composite
def framed(draw):
    """The framed bytes of the body, and the header that describes the framing."""
    body, kind = (
        draw(bodies),
        draw(st.sampled_from(["length", "length", "chunks", "chunks", "broken", "end"])),
    )
    if kind == "length":
        return body, b"Content-Length: %d\r\n" % len(body), body, kind
    if kind == "end":
        return body, b"Connection: close\r\n", body, kind
    cuts = sorted({0, len(body), *draw(st.lists(st.integers(0, len(body)), max_size=6))})
    pieces = [body[a:b] for a, b in pairwise(cuts)]
    said = b"".join(chunk(piece, draw(extensions)) for piece in pieces)
    last = (
        draw(breaks) if kind == "broken" else b"0%s\r\n%s\r\n" % (draw(extensions), draw(trailers))
    )
    return body, b"Transfer-Encoding: chunked\r\n", said + last, kind


@st.composite
def sayings(draw):
    status = draw(st.sampled_from([200, 200, 201, 404, 409, 422, 500]))
    body, framing, said, kind = draw(framed())
    head = f"{draw(interim)}HTTP/1.1 {status} X\r\n{draw(headers)}".encode()
    whole = head + framing + b"\r\n" + said
    trouble = draw(st.sampled_from(["none", "none", "none", "more", "cut"]))
    if trouble == "cut":
        whole = whole[: draw(st.integers(1, len(whole) - 1))]
    if trouble == "more" and kind != "end":
        whole += draw(surplus)
    places = sorted({0, len(whole), *draw(st.lists(st.integers(0, len(whole)), max_size=8))})
    parts = tuple(whole[a:b] for a, b in pairwise(places))
    may_fail = kind == "broken" or trouble != "none"
    hangs_up = trouble == "cut" or kind in ("broken", "end") or draw(st.booleans())
    return Said(status, body, parts, may_fail, hangs_up)


class Server:
    """Gives the first request the test's answer, and each later request its own path."""

    def __init__(self, said):
        self.said, self.has_said = said, asyncio.Event()

    async def __call__(self, reader, writer):
        while True:
            path = (await read_request(reader)).split(b" ")[1]
            if path != b"/first":
                writer.write(answer(path))
                continue
            for part in self.said.parts:
                writer.write(part)
                await asyncio.sleep(0)
            self.has_said.set()
            if self.said.hangs_up:
                return


async def exchange(said):
    """The first answer (None: an error) and the bodies of the next two calls."""
    server, context = Server(said), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    http = HttpClient(5, 1, Transport(1, context))
    async with raw_server(server) as url, aclosing(http):
        try:
            first = await http.send(Call("x", "POST", f"{url}/first", changes=True))
        except Later:
            first = None
        await server.has_said.wait()
        await asyncio.sleep(0.001)
        calls = [Call("x", "GET", f"{url}/{name}") for name in ("second", "third")]
        later = [(await http.send(call)).body for call in calls]
    return first, later


@given(sayings())
def test_a_call_gets_the_body_framed_for_it_or_an_error(said):
    first, later = asyncio.run(exchange(said))
    assert later == [b"/second", b"/third"]
    if first is None:
        assert said.may_fail
    elif said.may_fail and said.hangs_up:
        # A body without a length ends where the connection does.
        assert said.body.startswith(first.body)
    else:
        assert (first.status, first.body) == (said.status, said.body)
