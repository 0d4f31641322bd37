"""Badly behaved servers, and calls to them through a bare transport."""

import asyncio
import itertools
import queue
import socket
import struct
import threading
from contextlib import contextmanager

import httpx
import psutil
import pytest

from tests.http.servers import raw_server, read_request

RESET = None


def answer(body: bytes, head: bytes = b"200 OK") -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (head, len(body), body)


FIRST, WRONG, RIGHT = answer(b"first"), answer(b"wrong"), answer(b"right")
EMPTY, CHUNKED = (
    b"HTTP/1.1 204 No\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
)


class Wire:
    """A server that answers each request of a connection with a script, and hangs up after the
    last.

    A script is a row of bytes, with a pause before each except the first; ``RESET`` breaks it off.
    On connections without scripts, every request is answered ``right``.
    """

    def __init__(self, *sayings: list[tuple[bytes | None, ...]]) -> None:
        self.sayings, self.met, self.got = sayings, 0, []

    async def __call__(self, reader, writer):
        number, self.met = self.met, self.met + 1
        says = self.sayings[number : number + 1] or [itertools.repeat((RIGHT,))]
        for saying in says[0]:
            head = await read_request(reader)
            length = head.lower().partition(b"\r\ncontent-length: ")[2].partition(b"\r\n")[0]
            self.got.append((number, head + await reader.readexactly(int(length or 0))))
            for place, said in enumerate(saying):
                await asyncio.sleep(0.02 if place else 0)
                if said is RESET:
                    linger, sock = struct.pack("ii", 1, 0), writer.get_extra_info("socket")
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    writer.transport.abort()
                    return
                writer.write(said.removesuffix(b"right") if head.startswith(b"HEAD") else said)


class Deaf:
    """A server that answers one request, then neither reads nor hangs up."""

    def __init__(self, said: bytes) -> None:
        self.said, self.met = said, 0

    async def __call__(self, reader, writer):
        self.met += 1
        await read_request(reader)
        writer.write(self.said)
        writer.transport.pause_reading()
        await asyncio.sleep(3600)


class Greeter:
    """A server that sends an answer before any request."""

    def __init__(self) -> None:
        self.met, self.got = 0, b""

    async def __call__(self, reader, writer):
        self.met += 1
        writer.write(WRONG)
        self.got += await reader.read()


class Proxy:
    """A proxy that opens tunnels and answers other requests itself."""

    def __init__(self) -> None:
        self.heads = []

    async def __call__(self, reader, writer):
        self.heads.append(await read_request(reader))
        method, target, _ = self.heads[-1].split(b" ", 2)
        if method != b"CONNECT":
            writer.write(RIGHT)
            return
        writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
        to_reader, to_writer = await asyncio.open_connection(*target.decode().split(":"))
        await asyncio.gather(pump(reader, to_writer), pump(to_reader, writer))


async def pump(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
    finally:
        writer.close()


@contextmanager
def elsewhere(handler):
    """A server in a thread, so that it keeps running while our event loop is busy."""
    urls, over = queue.SimpleQueue(), threading.Event()

    async def serve():
        async with raw_server(handler) as url:
            urls.put(url)
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        yield urls.get()
    finally:
        over.set()
        thread.join()


async def ask(transport, url, method="GET", content=None, headers=None, **extensions) -> bytes:
    """Make one call; returns the answer's body unchanged."""
    request = httpx.Request(method, url, content=content, headers=headers, extensions=extensions)
    response = await transport.handle_async_request(request)
    try:
        return b"".join([part async for part in response.aiter_raw()])
    finally:
        await response.aclose()


async def sockets_to(url: str) -> int:
    """How many sockets to a server this process still has open, though it is done with them."""
    await asyncio.sleep(0.02)  # sockets close in the event loop's next iterations
    port = httpx.URL(url).port
    return sum(bool(c.raddr) and c.raddr.port == port for c in psutil.Process().connections("tcp"))


async def failure(transport, url, **timeout) -> tuple[httpx.TransportError, int]:
    """A call's error, and how often the transport reported that its first byte leaves."""
    begun = []

    async def trace(event, info):
        begun.append(event)

    with pytest.raises(httpx.TransportError) as caught:
        await asyncio.wait_for(ask(transport, url, trace=trace, timeout=timeout), 10)
    return caught.value, len(begun)
