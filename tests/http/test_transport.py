"""The transport on real sockets: each request leaves once, unchanged, and gets its own answer."""

import asyncio
import gzip
import ssl
import time
from contextlib import suppress

import httpx
import pytest
from aiohttp import web

from connect_ext.errors import NotDone, OutcomeUnknown
from connect_ext.http.client import Call, HttpClient
from connect_ext.http.transport import Transport
from tests.http.servers import Silent, raw_server, says_nothing, web_server
from tests.http.wire import (
    CHUNKED,
    EMPTY,
    FIRST,
    RESET,
    RIGHT,
    WRONG,
    Deaf,
    Greeter,
    Proxy,
    Wire,
    answer,
    ask,
    elsewhere,
    failure,
    sockets_to,
)

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


@pytest.fixture
def trusting(authority) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture
async def one(trusting):
    """A transport of one connection."""
    transport = Transport(1, trusting)
    yield transport
    await transport.aclose()


class TestARequestLeavesOnce:
    @pytest.mark.parametrize("kept", [False, True], ids=["fresh", "kept"])
    @pytest.mark.parametrize("ending", [(), (RESET,)], ids=["end", "reset"])
    @pytest.mark.parametrize("content", [None, b'{"a": 1}'], ids=["empty", "body"])
    @pytest.mark.parametrize("method", METHODS)
    async def test_it_is_not_sent_again_when_its_answer_is_lost(
        self, one, method, content, ending, kept
    ):
        wire = Wire([(FIRST,)] * kept + [ending])
        async with raw_server(wire) as url:
            if kept:
                await ask(one, url)
            with pytest.raises(OutcomeUnknown) as caught:
                await HttpClient(10, 1, one).send(Call("x", method, url, (), content, changes=True))
            await asyncio.sleep(0.01)
        assert isinstance(caught.value.__context__, httpx.TransportError)
        assert [number for number, _ in wire.got] == [0] * (1 + kept)

    @pytest.mark.parametrize("method", METHODS)
    async def test_a_connection_that_has_ended_while_idle_is_not_used(self, one, method):
        wire = Wire([(FIRST,)])
        async with raw_server(wire) as url:
            await ask(one, url)
            await asyncio.sleep(0.02)
            await ask(one, url, method)
        assert [number for number, _ in wire.got] == [0, 1]

    async def test_its_first_byte_is_reported_once_and_before_the_server_gets_it(self, one):
        wire, told = Wire(), []

        async def trace(event, info):
            told.append((event, len(wire.got)))
            await asyncio.sleep(0.02)

        async with raw_server(wire) as url:
            for _ in range(2):
                await ask(one, url, "POST", b"{}", trace=trace)
        assert told == [("http11.send_request_headers.started", before) for before in (0, 1)]

    async def test_no_first_byte_is_reported_if_none_leaves(self, one, tls):
        async with raw_server(says_nothing, ssl=tls) as secure, raw_server(says_nothing) as silent:
            distrustful, full = Transport(1), Transport(1)
            waiting = asyncio.ensure_future(ask(full, silent))
            for transport, url, timeout, kind, text in [
                (one, "http://127.0.0.1:1", {}, httpx.ConnectError, "Connect call failed"),
                (one, "https://x.invalid", {}, httpx.ConnectError, "not known"),
                (one, "https" + silent[4:], {"connect": 0.05}, httpx.ConnectTimeout, "timeout"),
                (distrustful, secure, {}, httpx.ConnectError, "CERTIFICATE_VERIFY_FAILED"),
                (full, silent, {"pool": 0.05}, httpx.ConnectTimeout, "timeout"),
            ]:
                error, begun = await failure(transport, url, **timeout)
                assert (type(error), begun) == (kind, 0)
                assert text in str(error)
            waiting.cancel()
            await distrustful.aclose()
            await full.aclose()


SURPLUS = {
    "an answer": (FIRST + WRONG,),
    "an answer, later": (FIRST, WRONG),
    "a body behind 204": (EMPTY + b"{}",),
    "a body behind 204, later": (EMPTY, b"{}"),
    "garbage": (FIRST + b"\0garbage",),
    "garbage, later": (FIRST, b"\0garbage"),
    "half a head": (FIRST + WRONG[:20],),
    "half a head, later": (FIRST, WRONG[:20]),
    "half a body": (FIRST + WRONG[:-2],),
    "half a body, later": (FIRST, WRONG[:-2]),
    "a newline, later": (FIRST, b"\r\n"),
    "an answer behind chunks": (CHUNKED + b"5\r\nfirst\r\n0\r\n\r\n" + WRONG,),
}


class TestAnAnswerIsThatOfItsRequest:
    @pytest.mark.parametrize("saying", SURPLUS.values(), ids=SURPLUS)
    async def test_unrequested_bytes_end_the_connection(self, one, saying):
        wire = Wire([saying, (WRONG,)])
        async with raw_server(wire) as url:
            try:
                assert await ask(one, url) in (b"first", b"")
            except httpx.RemoteProtocolError:
                assert saying[0] in (EMPTY + b"{}", FIRST + b"\0garbage")
            await asyncio.sleep(0.05)
            assert await ask(one, url) == b"right"
        assert [number for number, _ in wire.got] == [0, 1]

    @pytest.mark.parametrize("turns", range(6))
    async def test_a_connection_that_ends_just_before_a_call_is_lost_or_replaced(
        self, one, tls, turns
    ):
        async with raw_server(Wire([(FIRST,)]), ssl=tls) as url:
            assert await ask(one, url) == b"first"
            for _ in range(turns):
                await asyncio.sleep(0)
            with suppress(httpx.TransportError):
                assert await ask(one, url) == b"right"
            assert await asyncio.wait_for(ask(one, url), 10) == b"right"

    @pytest.mark.parametrize("saying", [(FIRST, WRONG), (FIRST,)], ids=["surplus", "end"])
    async def test_a_busy_event_loop_does_not_miss_the_end(self, one, saying):
        wire = Wire([saying])
        with elsewhere(wire) as url:
            assert await ask(one, url) == b"first"
            time.sleep(0.1)  # noqa: ASYNC251
            assert await ask(one, url) == b"right"
        assert [number for number, _ in wire.got] == [0, 1]

    async def test_a_server_that_talks_first_is_sent_nothing(self, one, tls):
        tls.maximum_version = ssl.TLSVersion.TLSv1_2  # whose handshakes the server ends
        greeter = Greeter()
        async with raw_server(greeter, ssl=tls) as url:
            error, begun = await failure(one, url)
            with pytest.raises(NotDone):
                await HttpClient(10, 1, one).send(Call("x", "POST", url, changes=True))
        assert (type(error), begun) == (httpx.ReadError, 0)
        assert (greeter.met, greeter.got) == (2, b"")

    @pytest.mark.parametrize(
        ("saying", "error"),
        [
            ((RESET,), httpx.NetworkError),
            ((b"SSH-2.0-OpenSSH\r\n\r\n",), httpx.RemoteProtocolError),
            ((FIRST[:-1],), httpx.RemoteProtocolError),
            ((CHUNKED + b"zz\r\n",), httpx.RemoteProtocolError),
            ((CHUNKED, b"1\r\nx\r\n", b"zz\r\n"), httpx.RemoteProtocolError),
            ((CHUNKED + b"1\r\nx\r", b"\nzz\r\n", b"", b"", b"", b""), httpx.RemoteProtocolError),
            ((CHUNKED, b"5\r\nx", RESET), httpx.RemoteProtocolError),
            ((CHUNKED, b"1\r\nx\r\n" * 10_001, *[b""] * 200), httpx.RemoteProtocolError),
            ((b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000,), httpx.RemoteProtocolError),
            ((b"", b"", b"", b"", b"", b""), httpx.ReadTimeout),
            ((FIRST[:-1], b"", b"", b"", b"", b""), httpx.ReadTimeout),
        ],
        ids=[
            "reset",
            "ssh",
            "cut",
            "no chunk",
            "bad chunk",
            "bad chunk behind an end",
            "cut chunk",
            "many chunks",
            "long line",
            "late",
            "stuck",
        ],
    )
    @pytest.mark.parametrize("secure", [False, True], ids=["http", "https"])
    async def test_a_lost_answer_is_an_error_and_keeps_no_place(
        self, one, tls, saying, error, secure
    ):
        async with raw_server(Wire([saying]), ssl=tls if secure else None) as url:
            # Only an answer that never comes may time out: a busy machine is late.
            patience = 0.06 if error is httpx.ReadTimeout else 2.0
            found, begun = await failure(one, url, read=patience)
            assert isinstance(found, error)
            assert begun == 1
            assert await sockets_to(url) == 0
            assert await asyncio.wait_for(ask(one, url), 10) == b"right"


PIECES = 4000
MANY_CHUNKS = b"".join(b"2\r\n%02d\r\n" % (n % 100) for n in range(PIECES)) + b"0\r\n\r\n"
MANY = b"".join(b"%02d" % (n % 100) for n in range(PIECES))


class TestAnAnswerOfManyPieces:
    """It is parsed in slices, and the event loop runs between them."""

    @pytest.mark.parametrize("secure", [False, True], ids=["plain", "TLS"])
    @pytest.mark.parametrize("ending", ["kept", "closed", "reset"])
    async def test_it_arrives_whole_or_as_an_error_however_the_connection_ends(
        self, one, tls, secure, ending
    ):
        ends = {"kept": (), "closed": (), "reset": (RESET,)}[ending]
        wire = Wire([(CHUNKED + MANY_CHUNKS, *ends)] + [(RIGHT,)] * (ending == "kept"))
        async with raw_server(wire, ssl=tls if secure else None) as url:
            try:
                assert await ask(one, url) == MANY
            except httpx.TransportError:
                assert ending == "reset"
            await asyncio.sleep(0.05)
            assert await ask(one, url) == b"right"

    async def test_a_slow_reader_gets_it_whole(self, one):
        rest = b"%x\r\n" % 500_000 + b"x" * 500_000 + b"\r\n"
        async with raw_server(Wire([(CHUNKED + rest + MANY_CHUNKS,)])) as url:
            response = await one.handle_async_request(httpx.Request("GET", url))
            found = b""
            async for part in response.aiter_raw():
                found += part
                await asyncio.sleep(0.005)
            await response.aclose()
        assert found == b"x" * 500_000 + MANY

    async def test_bytes_after_it_are_not_the_next_answer(self, one):
        wire = Wire([(CHUNKED + MANY_CHUNKS + WRONG,), (WRONG,)])
        async with raw_server(wire) as url:
            assert await ask(one, url) == MANY
            assert await ask(one, url) == b"right"

    async def test_an_end_before_its_last_chunk_is_an_error(self, one):
        wire = Wire([(CHUNKED + MANY_CHUNKS.removesuffix(b"0\r\n\r\n"),)])
        async with raw_server(wire) as url:
            with pytest.raises(httpx.TransportError):
                await asyncio.wait_for(ask(one, url), 10)

    @pytest.mark.parametrize("pause", [(), (b"",)], ids=["at once", "later"])
    async def test_too_many_pieces_are_an_error_at_once(self, one, pause):
        wire = Wire([(CHUNKED + MANY_CHUNKS[:700], *pause, MANY_CHUNKS[:-5] * 4)])
        async with raw_server(wire) as url:
            with pytest.raises(httpx.TransportError):
                await asyncio.wait_for(ask(one, url), 10)


class TestNothingIsChanged:
    @pytest.mark.parametrize("content", [None, b'{"a": 1}'], ids=["empty", "body"])
    @pytest.mark.parametrize("method", METHODS)
    async def test_a_request_leaves_unchanged(self, one, monkeypatch, tmp_path, method, content):
        (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret")
        monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
        given = [("X-A", "1"), ("x-b", "\u00fc".encode()), ("X-A", "2")]
        wanted = httpx.Request(method, "http://x", content=content, headers=given).headers.raw[1:]
        wire = Wire()
        async with raw_server(wire) as url:
            await ask(one, url, method, content, given)
        lines = [b"%s / HTTP/1.1" % method.encode(), b"Host: " + url[7:].encode()]
        lines += [b"%s: %s" % line for line in wanted]
        assert wire.got == [(0, b"\r\n".join([*lines, b"", content or b""]))]

    @pytest.mark.parametrize(
        "path",
        ["/a%2Fb/c%3Ad%41%7E?x=%2B&y=a+b%20c", "/sub%2B1", "/%C3%A9", "/a%2e%2e/b", "/%2e%2e/b",
         "/a/%2E", "//a//b", "/a;b=c,d@e:f", "/?a?b=[x]{y}|\\^`'()*!$", "/\u00e9?q=\u00fc",
         "/%zz%25", "/a?x=%00&&=", "/a#b", "?x"],
    )  # fmt: skip
    async def test_an_address_leaves_unchanged(self, one, path):
        wire, raw = Wire(), httpx.URL("http://a.example" + path).raw_path
        async with raw_server(wire) as url:
            await ask(one, url + path)
        assert [got.partition(b" HTTP/1.1")[0] for _, got in wire.got] == [b"GET " + raw]

    async def test_an_answer_is_returned_unchanged_and_not_remembered(self, one):
        packed, headers = gzip.compress(b"{}"), {"Content-Encoding": "gzip", "X": "x" * 2**14}

        async def moved(request):
            response = web.Response(status=302, headers=headers, body=packed)
            response.headers["Location"] = "http://[::1"
            response.set_cookie("a", "b")
            return response

        async with web_server(moved) as server:
            assert [await ask(one, server.url) for _ in range(2)] == [packed, packed]
        assert [seen.header("Cookie") for seen in server.seen] == [[], []]


class TestProxies:
    """The proxies that the environment names when the transport is made."""

    @pytest.fixture(params=[str.upper, str.lower], ids=["upper", "lower"])
    async def made(self, request, monkeypatch, trusting):
        transports = []

        def transport(**variables):
            for name, value in variables.items():
                monkeypatch.setenv(request.param(name), value)
            transports.append(Transport(1, trusting))
            return transports[-1]

        yield transport
        for each in transports:
            await each.aclose()

    async def test_a_proxy_gets_its_credentials_and_a_vendor_does_not(self, made, tls):
        proxy, wire = Proxy(), Wire()
        async with raw_server(proxy) as address, raw_server(wire, ssl=tls) as url:
            there = address.replace("//", "//me%40here:pass%3Aword@")
            proxied = made(HTTP_PROXY=there, HTTPS_PROXY=there[7:])
            made(HTTP_PROXY="http://127.0.0.1:1", HTTPS_PROXY="http://127.0.0.1:1")
            for _ in range(2):
                assert await ask(proxied, url) == b"right"
        (head,) = proxy.heads
        assert head.startswith(b"CONNECT %s HTTP" % url[8:].encode())
        assert b"\r\nProxy-Authorization: Basic bWVAaGVyZTpwYXNzOndvcmQ=\r\n" in head
        assert [number for number, _ in wire.got] == [0, 0]
        assert not any(b"Proxy" in got for _, got in wire.got)

    async def test_plain_http_never_goes_through_a_proxy_that_would_get_the_credentials(self, made):
        proxy, wire = Wire(), Wire()
        async with raw_server(proxy) as there, raw_server(wire) as url:
            assert await ask(made(HTTP_PROXY=there, ALL_PROXY=there), url) == b"right"
        assert (proxy.met, wire.met) == (0, 1)

    async def test_a_proxy_that_refuses(self, made):
        async with raw_server(Wire([(answer(b"", b"407 No"),)])) as url:
            proxied = made(HTTPS_PROXY=url)
            error, begun = await failure(proxied, "https://vendor.example")
        assert (type(error), begun) == (httpx.ProxyError, 0)

    @pytest.mark.parametrize("port", ["", ":{}"], ids=["host", "port"])
    async def test_no_proxy(self, made, tls, port):
        async with raw_server(Wire(), ssl=tls) as url:
            exempt = "vendor.example,127.0.0.1" + port.format(url.rpartition(":")[2])
            direct = made(HTTPS_PROXY="http://127.0.0.1:1", NO_PROXY=exempt)
            assert await ask(direct, url) == b"right"
            assert (await failure(direct, "https://a.example"))[1] == 0

    @pytest.mark.parametrize("scheme", ["socks5", "garbage"])
    async def test_a_proxy_of_another_kind_gets_nothing(self, made, scheme):
        async with raw_server(Wire()) as url:
            proxied = made(HTTPS_PROXY=scheme + url[4:])
            assert (await failure(proxied, "https://vendor.example"))[1] == 0


class TestItsConnectionsAreBounded:
    async def test_concurrent_first_calls_share_one_pool(self, one):
        wire = Wire()
        async with raw_server(wire) as url:
            assert await asyncio.gather(*(ask(one, url) for _ in range(5))) == [b"right"] * 5
        assert wire.met == 1

    @pytest.mark.parametrize(
        "said",
        [b"", FIRST[:-1], b"SSH-2.0\r\n\r\n", answer(b"", b"200 OK\r\nConnection: close")],
        ids=["silent", "cut", "ssh", "last"],
    )
    @pytest.mark.parametrize("tunnel", [False, True], ids=["direct", "tunnel"])
    async def test_a_connection_that_we_end_is_closed_even_if_the_server_holds_it(
        self, trusting, tls, monkeypatch, said, tunnel
    ):
        server = Deaf(said)
        async with raw_server(Proxy()) as proxy, raw_server(server, ssl=tls) as url:
            if tunnel:
                monkeypatch.setenv("HTTPS_PROXY", proxy)
            transport = Transport(1, trusting)
            for _ in range(3):
                with suppress(httpx.TransportError):
                    await ask(transport, url, timeout={"read": 0.06})
            assert server.met == 3
            assert await sockets_to(proxy if tunnel else url) == 0
            await transport.aclose()

    @pytest.mark.parametrize("stage", ["waiting", "connecting", "head", "body"])
    async def test_a_cancelled_call_gives_up_its_place(self, one, stage):
        sayings = [[(FIRST[:-1], *[b""] * 99)] if stage == "body" else [(b"",) * 99]] * 11
        async with raw_server(Wire(*sayings)) as url, raw_server(Wire()) as fine:
            assert await ask(one, fine) == b"right"
            calls = [asyncio.ensure_future(ask(one, url))] if stage == "waiting" else []
            for _ in range(10):
                there = url.replace("http", "https") if stage == "connecting" else url
                calls.append(asyncio.ensure_future(ask(one, there)))
                await asyncio.sleep(0.01)
                calls[-1].cancel()
            calls[0].cancel()
            errors = await asyncio.gather(*calls, return_exceptions=True)
            assert {type(error) for error in errors} == {asyncio.CancelledError}
            assert await asyncio.wait_for(ask(one, fine), 10) == b"right"

    async def test_a_call_cancelled_when_given_a_place_passes_it_on(self, one):
        async with raw_server(Wire([(FIRST[:-1], *[b""] * 9)])) as url:
            first = await one.handle_async_request(httpx.Request("GET", url))
            calls = [asyncio.ensure_future(ask(one, url)) for _ in range(2)]
            await asyncio.sleep(0.01)
            await first.aclose()
            calls[0].cancel()
            assert await asyncio.wait_for(calls[1], 10) == b"right"

    async def test_closing_ends_running_and_waiting_calls_as_lost(self, one):
        await one.prepare()  # or the second call may still do that when the first has arrived
        async with raw_server(silence := Silent()) as url:
            calls = [asyncio.ensure_future(failure(one, url)) for _ in range(2)]
            await silence.is_asked.wait()
            await one.aclose()
            assert sorted(begun for _, begun in await asyncio.gather(*calls)) == [0, 1]
