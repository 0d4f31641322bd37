import asyncio
import gzip
import socket
import ssl
import time
import tracemalloc
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import httpx
import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from connect_ext.cause import Cause
from connect_ext.errors import Later, NotConfigured, NotDone, OutcomeUnknown
from connect_ext.http.bodies import MAX_ANSWER_BYTES
from connect_ext.http.budget import Budget, spending
from connect_ext.http.client import Call, HttpClient
from connect_ext.http.places import Places
from connect_ext.http.retry_after import reset_seconds, retry_after_seconds
from tests.http.servers import raw_server, read_request, says_nothing, speaks, web_server

NAME = "the cancellation (REST_CANCEL_REQUEST)"
SECRET = "s3cret-token"
NOW = datetime(2026, 3, 2, 9, 15, 41, tzinfo=timezone.utc)
KINDS = pytest.mark.parametrize(
    ("changes", "lost"),
    [(False, NotDone), (True, OutcomeUnknown)],
    ids=["question", "cancellation"],
)
BOTH = pytest.mark.parametrize("changes", [False, True], ids=["question", "cancellation"])


def call(url: str, changes: bool = True, timeout_seconds: float = 0.0) -> Call:
    headers, content = (("Authorization", f"Bearer {SECRET}"),), b'{"body": "of-it"}'
    return Call(NAME, "POST", f"{url}/path-of-it", headers, content, changes, timeout_seconds)


async def failure(http: HttpClient, url: str, changes: bool = True) -> Later:
    with pytest.raises(Later) as caught:
        await http.send(call(url, changes))
    error = caught.value
    for told in ("127.0.0.1", "path-of-it", "of-it", SECRET, "http:", "https:"):
        assert told not in str(error)
    assert NAME[1:] in error.message
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__, "it holds the address"
    return error


def closed_port() -> str:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


async def fine(request):
    return web.json_response({"status": "active"})


class TestNothingWasSent:
    @BOTH
    async def test_a_closed_port(self, http, changes):
        error = await failure(http, closed_port(), changes)
        assert type(error) is NotDone

    @BOTH
    async def test_an_unknown_host(self, http, changes):
        error = await failure(http, "https://vendor.invalid", changes)
        assert type(error) is NotDone
        assert "vendor.invalid" not in error.message

    @BOTH
    async def test_an_untrusted_certificate(self, http, tls, changes):
        async with raw_server(says_nothing, ssl=tls) as url:
            error = await failure(http, url, changes)
        assert type(error) is NotDone
        assert "its certificate is not trusted" in error.message

    @BOTH
    async def test_a_server_that_accepts_and_never_shakes_hands(self, hasty, changes):
        async with raw_server(says_nothing) as url:
            error = await failure(hasty, url.replace("http:", "https:"), changes)
        assert type(error) is NotDone

    @pytest.mark.parametrize(
        ("name", "value"),
        [("X-Id", "a\r\nX-Evil: b"), ("X-Id", "\u00fc"), ("X Id", "a"), ("", "a")],
    )
    async def test_a_header_that_cannot_be_sent(self, http, name, value):
        async with web_server(fine) as server:
            with pytest.raises(NotConfigured, match="header"):
                await http.send(Call(NAME, "GET", server.url, ((name, value),), changes=True))
            assert server.seen == []

    @pytest.mark.parametrize("url", ["https://", "http://[::1", "https://a b", "https://x:99999"])
    async def test_an_invalid_address(self, http, url):
        with pytest.raises((NotConfigured, NotDone)):
            await http.send(Call(NAME, "GET", url, changes=True))

    async def test_a_proxy_that_refuses_to_connect(self, monkeypatch):
        refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
        async with raw_server(speaks(refusal)) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", proxy)
            http = HttpClient(timeout_seconds=1, max_concurrency=1)
            assert type(await failure(http, "https://vendor.example")) is NotDone
            await http.aclose()


class TestAnAnswerThatIsLost:
    @KINDS
    async def test_a_reset_after_the_request(self, http, changes, lost):
        async with raw_server(speaks(reset=True)) as url:
            assert type(await failure(http, url, changes)) is lost

    @KINDS
    async def test_a_connection_that_ends_without_an_answer(self, http, changes, lost):
        async with raw_server(speaks()) as url:
            assert type(await failure(http, url, changes)) is lost

    @KINDS
    async def test_a_connection_that_ends_within_the_answer(self, http, changes, lost):
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"
        async with raw_server(speaks(head)) as url:
            assert type(await failure(http, url, changes)) is lost

    @KINDS
    @pytest.mark.parametrize(
        "answer",
        [
            b"SSH-2.0-OpenSSH\r\n\r\n",
            b"HTTP/1.1 abc OK\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000,
        ],
        ids=["another protocol", "no status", "broken chunks", "endless header"],
    )
    async def test_an_answer_that_is_not_http(self, http, changes, lost, answer):
        async with raw_server(speaks(answer)) as url:
            assert type(await failure(http, url, changes)) is lost

    @KINDS
    async def test_no_answer_in_time(self, hasty, changes, lost):
        async with raw_server(says_nothing) as url:
            error = await failure(hasty, url, changes)
        assert type(error) is lost
        assert "0.5 s" in error.message

    @KINDS
    async def test_a_dripping_answer_has_a_bound_as_a_whole(self, hasty, changes, lost):
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
        async with raw_server(speaks(head, *[b"x"] * 1000, pause=0.02)) as url:
            began = time.perf_counter()
            assert type(await failure(hasty, url, changes)) is lost
            assert time.perf_counter() - began < 10


class Transport(httpx.AsyncBaseTransport):
    """Fails with one error, before or after httpx's trace learns that the request leaves."""

    def __init__(self, error: Exception, leaves: bool) -> None:
        self.error, self.leaves = error, leaves

    async def handle_async_request(self, request):
        if self.leaves:
            await request.extensions["trace"]("http11.send_request_headers.started", {})
        raise self.error


ERRORS = [
    *(e for e in vars(httpx).values() if isinstance(e, type) and issubclass(e, httpx.HTTPError)),
    httpx.InvalidURL,
    ConnectionResetError,
    ssl.SSLError,
    UnicodeError,
    RuntimeError,
]


class TestTheFirstByteDecides:
    @pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
    @KINDS
    async def test_after_it_a_cancellation_is_unknown_whatever_the_error(
        self, error, changes, lost
    ):
        assert type(await self.outcome(error, changes, leaves=True)) is lost

    @pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
    @BOTH
    async def test_before_it_nothing_is_done_whatever_the_error(self, error, changes):
        assert type(await self.outcome(error, changes, leaves=False)) is NotDone

    async def outcome(self, error, changes, leaves):
        about = {"request": None, "response": None} if error is httpx.HTTPStatusError else {}
        raised = error("about https://vendor.example/path-of-it", **about)
        http = HttpClient(10, 1, Transport(raised, leaves))
        found = await failure(http, "https://vendor.example", changes)
        await http.aclose()
        return found

    async def test_a_redirect_whose_target_cannot_be_parsed_is_an_answer(self, http):
        async with raw_server(speaks(see_other(b"urn:job:1"))) as url:
            answer = await http.send(call(url))
        assert answer.status == 303


def see_other(target: bytes) -> bytes:
    return b"HTTP/1.1 303 See Other\r\nContent-Length: 0\r\nLocation: " + target + b"\r\n\r\n"


class TestBudget:
    """A call only begins if its full time-out fits its budget."""

    @asynccontextmanager
    async def full_house(self):
        """A client with one place, which a call occupies for more than half its time-out."""

        async def slow(request):
            await asyncio.sleep(1.8)
            return web.Response()

        http = HttpClient(timeout_seconds=3, max_concurrency=1)
        async with web_server(slow) as server:
            first = asyncio.ensure_future(http.send(call(server.url)))
            await asyncio.sleep(0.05)
            yield http, server
            assert (await first).status == 200
            await http.aclose()

    async def test_if_no_place_comes_free_in_time_nothing_is_done(self):
        async with self.full_house() as (http, server):
            with spending(Budget(ends_at=now() + 3.5)), pytest.raises(NotDone) as caught:
                await http.send(call(server.url))
            assert caught.value.cause is Cause.BUSY
            assert len(server.seen) == 1

    async def test_a_place_that_comes_free_in_time_leaves_the_whole_time_for_the_call(self):
        async with self.full_house() as (http, server):
            with spending(Budget(ends_at=now() + 6)) as budget:
                assert (await http.send(call(server.url))).status == 200
            assert now() < budget.ends_at

    async def test_a_call_that_might_not_finish_in_time_is_not_begun(self, http):
        async with web_server(fine) as server:
            with spending(Budget(ends_at=now() + 1.9)), pytest.raises(NotDone) as caught:
                await http.send(call(server.url))
            assert caught.value.cause is Cause.DEADLINE
            assert server.seen == []

    async def test_a_call_that_may_take_longer_is_given_its_own_time(self, hasty):
        async def slow(request):
            await asyncio.sleep(2)
            return web.Response()

        async with web_server(slow) as server:
            with pytest.raises(OutcomeUnknown, match=r"no answer within 0\.5 s"):
                await hasty.send(call(server.url))
            assert (await hasty.send(call(server.url, timeout_seconds=10.0))).status == 200
            with pytest.raises(OutcomeUnknown, match=r"no answer within 0\.6 s"):
                await hasty.send(call(server.url, timeout_seconds=0.6))

    async def test_a_call_that_may_take_longer_is_not_begun_if_that_is_too_long(self, hasty):
        async with web_server(fine) as server:
            with spending(Budget(ends_at=now() + 4.9)), pytest.raises(NotDone) as caught:
                await hasty.send(call(server.url, timeout_seconds=5.0))
            assert caught.value.cause is Cause.DEADLINE
            assert server.seen == []

    async def test_a_call_that_may_take_longer_waits_no_longer_for_its_connection(self, hasty):
        began = now()
        with pytest.raises(NotDone, match="could not reach"):
            # Nobody answers at this address (RFC 5737), or the network refuses at once.
            await hasty.send(call("http://192.0.2.1:9", timeout_seconds=60.0))
        assert now() - began < 20

    async def test_without_a_budget_a_place_is_waited_for_no_longer_than_a_call(self):
        http = HttpClient(timeout_seconds=2, max_concurrency=4)
        async with raw_server(says_nothing) as url:
            calls = [http.send(call(url)) for _ in range(200)]
            began = now()
            errors = await asyncio.gather(*calls, return_exceptions=True)
            await http.aclose()
        assert now() - began < 20  # one after the other, they would take 100 s
        assert {error.cause for error in errors} == {Cause.SENT, Cause.BUSY}

    async def test_the_status_of_the_last_answer_is_recorded(self, http):
        with spending(Budget(ends_at=now() + 60)) as budget:
            async with raw_server(speaks(see_other(b"/"))) as url:
                await http.send(call(url))
            assert budget.last_status == 303
            async with raw_server(speaks(b"HTTP/1.1 502 No\r\nContent-Length: 9\r\n\r\n")) as url:
                await failure(http, url)
            assert budget.last_status == 502


def now() -> float:
    return asyncio.get_running_loop().time()


class TestPlaces:
    async def test_a_waiter_that_has_gone_is_skipped(self):
        places = Places(1)
        assert await places.take(0)
        gone = asyncio.ensure_future(places.take(5))
        assert await places.take(0.01) is False
        next_one = asyncio.ensure_future(places.take(5))
        await asyncio.sleep(0)
        gone.cancel()
        places.give_back()
        assert await next_one is True

    async def test_a_place_given_to_a_call_cancelled_at_that_moment_is_not_lost(self):
        places = Places(1)
        assert await places.take(0)
        waiting = asyncio.ensure_future(places.take(5))
        await asyncio.sleep(0)
        places.give_back()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert await places.take(0)


class TestPauses:
    """The client with its breaker; ``test_circuit_breaker`` tests the breaker's own rules."""

    async def fails(self, http, url, subject):
        with spending(Budget(now() + 60, subject)):
            return await failure(http, url)

    async def test_one_subscription_that_always_fails_pauses_nobody(self, http):
        for _ in range(20):
            error = await self.fails(http, closed_port(), "A-1")
        assert error.cause is Cause.UNREACHABLE

    async def test_failures_of_five_subscriptions_in_a_row_pause_all(self, http):
        for number in range(5):
            await self.fails(http, closed_port(), f"A-{number}")
        with pytest.raises(NotDone, match="are paused") as caught:
            await http.send(call(closed_port()))
        assert caught.value.cause is Cause.PAUSED
        assert 4 < caught.value.retry_after <= 5

    @pytest.mark.parametrize("status", [500, 503, 429])
    async def test_an_uncounted_call_pauses_nobody_unless_it_is_one_too_many(self, http, status):
        async def busy(request):
            return web.Response(status=status, headers={"Retry-After": "60"})

        async with web_server(busy) as server:
            for subject in "abcdefg":
                with spending(Budget(now() + 60, subject)), suppress(NotDone):
                    await http.send(replace(call(server.url), counts=False))
            if status == 429:
                with pytest.raises(NotDone):
                    http.raise_if_paused()
            else:
                http.raise_if_paused()

    async def test_an_uncounted_call_without_an_answer_pauses_nobody(self, http):
        for subject in "abcdefg":
            with spending(Budget(now() + 60, subject)), pytest.raises(NotDone):
                await http.send(replace(call("http://127.0.0.1:9"), counts=False))
        http.raise_if_paused()

    async def test_a_vendors_retry_after_pauses_all_for_an_hour_at_most(self, http):
        async def busy(request):
            return web.Response(status=503, headers={"Retry-After": "86400"})

        async with web_server(busy) as server:
            assert (await http.send(call(server.url))).retry_after == 86400
            with pytest.raises(NotDone, match="are paused") as caught:
                await http.send(call(server.url))
        assert 3590 < caught.value.retry_after <= 3600


class TestAnswersThatAreTooMuch:
    @KINDS
    async def test_six_megabytes_are_refused_without_being_kept(self, http, changes, lost):
        async def endless(request):
            response = web.StreamResponse()
            await response.prepare(request)
            with suppress(OSError):  # the client has had enough
                for _ in range(60):
                    await response.write(b"x" * 2**20)
            return response

        async with web_server(endless) as server:
            tracemalloc.start()
            try:
                error = await failure(http, server.url, changes)
                peak = tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()
        assert type(error) is lost
        assert "is longer than" in error.message
        assert peak < 6 * MAX_ANSWER_BYTES

    async def test_an_answer_at_the_bound_is_read(self, http):
        async def five(request):
            return web.Response(body=b"x" * MAX_ANSWER_BYTES)

        async with web_server(five) as server:
            answer = await http.send(call(server.url))
        assert len(answer.body) == MAX_ANSWER_BYTES

    @KINDS
    @pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "gzip, gzip"])
    async def test_a_compressed_answer_is_refused(self, http, changes, lost, encoding):
        async def bomb(request):
            body = gzip.compress(b"0" * 2**24)
            return web.Response(body=body, headers={"Content-Encoding": encoding})

        async with web_server(bomb) as server:
            error = await failure(http, server.url, changes)
            assert server.seen[0].header("Accept-Encoding") == ["identity"]
        assert type(error) is lost
        assert "compressed" in error.message


class TestManners:
    async def test_a_cookie_is_not_remembered(self, http):
        async def cookie(request):
            response = web.Response()
            response.set_cookie("session", "of-another-task")
            return response

        async with web_server(cookie) as server:
            await http.send(call(server.url))
            await http.send(call(server.url))
        assert [seen.header("Cookie") for seen in server.seen] == [[], []]

    async def test_nothing_is_ever_sent_twice(self, http):
        heads = []

        async def once(reader, writer):
            heads.append(await read_request(reader))

        async with raw_server(once) as url:
            await failure(http, url)
            await asyncio.sleep(0.02)
        assert len(heads) == 1

    async def test_a_call_that_was_cancelled_gives_its_place_back(self):
        http = HttpClient(timeout_seconds=1, max_concurrency=1)
        async with raw_server(says_nothing) as url, web_server(fine) as server:
            task = asyncio.ensure_future(http.send(call(url)))
            await asyncio.sleep(0.02)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert (await http.send(call(server.url))).status == 200
        await http.aclose()

    async def test_the_number_of_concurrent_calls_is_bounded(self):
        http, now, most = HttpClient(timeout_seconds=10, max_concurrency=3), 0, 0

        async def slow(request):
            nonlocal now, most
            now += 1
            most = max(most, now)
            await asyncio.sleep(0.01)
            now -= 1
            return web.Response()

        async with web_server(slow) as server:
            answers = await asyncio.gather(*(http.send(call(server.url)) for _ in range(20)))
            await http.aclose()
        assert {answer.status for answer in answers} == {200}
        assert most == 3

    async def test_connections_are_reused(self, http):
        ports = set()

        async def port(request):
            ports.add(request.transport.get_extra_info("peername")[1])
            return web.Response()

        async with web_server(port) as server:
            for _ in range(5):
                await http.send(call(server.url))
        assert len(ports) == 1


class TestRetryAfter:
    @pytest.mark.parametrize(
        ("value", "seconds"),
        [("", None), ("120", 120), (" 7 ", 7), ("0", 0), ("-5", None), ("1.5", None), ("1e3", None),
         ("soon", None), ("٣", None), ("9" * 400, 86400), ("1, 2", None),
         (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90),
         (format_datetime(NOW - timedelta(days=90), usegmt=True), 0),
         (format_datetime(NOW + timedelta(days=90), usegmt=True), 86400),
         ("Mon, 02 Mar 2026 10:16:41 +0100", 60), ("Mon, 02 Mar 2026 09:16:41 -0000", 60),
         ("Mon, 99 Mar 2026 09:16:41 GMT", None), ("Mon, 02 Mar 99999999999 09:16:41 GMT", None)],
    )  # fmt: skip
    def test_it_is_read(self, value, seconds):
        assert retry_after_seconds(value, NOW) == seconds

    @settings(max_examples=200)
    @given(st.text(st.sampled_from("0123456789 ,:;+-.()MonFebGMTzé\x00٣"), max_size=40))
    def test_any_value_is_within_a_day_or_nothing(self, value):
        seconds = retry_after_seconds(value, NOW)
        assert seconds is None or 0 <= seconds <= 86400

    @pytest.mark.parametrize(
        ("value", "seconds"),
        [("", None), ("600", 600), (" 7 ", 7), ("-1", None), ("1.5", None), ("soon", None),
         ("99999999", 86400), (f"{NOW.timestamp() + 90:.0f}", 90), ("1700000000", 0),
         ("9" * 12, 86400), ("9" * 13, None), ("9" * 30_000, None)],
    )  # fmt: skip
    def test_the_end_of_a_rate_limit_is_read_as_seconds_or_as_a_time(self, value, seconds):
        found = reset_seconds(value, NOW)
        assert (found if found is None else int(found)) == seconds

    @pytest.mark.parametrize(
        ("status", "headers", "seconds"),
        [
            (429, {"Retry-After": "17"}, 17),
            (429, {}, None),
            (429, {"ratelimit-reset": "600"}, 600),
            (429, {"Retry-After": "17", "RateLimit-Reset": "600"}, 17),
            (429, {"Retry-After": "soon", "RateLimit-Reset": "600"}, 600),
            # With calls left, it only says when the count restarts.
            (503, {"ratelimit-reset": "600"}, None),
            (200, {"ratelimit-reset": "600"}, None),
        ],
    )
    async def test_an_answer_tells_it(self, http, status, headers, seconds):
        async def busy(request):
            return web.Response(status=status, headers=headers)

        async with web_server(busy) as server:
            assert (await http.send(call(server.url))).retry_after == seconds
