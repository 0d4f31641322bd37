import asyncio
import base64
import json
from contextlib import asynccontextmanager, suppress
from urllib.parse import parse_qsl, unquote_plus

import pytest
from aiohttp import web

from connect_ext.cause import Cause
from connect_ext.errors import CancellationError, NotConfigured, NotDone
from connect_ext.http.oauth import (
    DEFAULT_LIFETIME_SECONDS,
    KeptToken,
    NamedVariables,
    OAuthClient,
    TokenSource,
)
from connect_ext.portal.secret import Secret
from tests.http.servers import raw_server, speaks, web_server
from tests.http.vendors import rest_vendor
from tests.unit.builders import cancellation

CLIENT_ID, CLIENT_SECRET = "the client:1", "s3cret/+&%ü"
VARIABLES = NamedVariables("THE_URL", "THE_CLIENT", "THE_SCOPE")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Authority:
    """Issues tokens one after the other, to a client that authenticates in one of these ways."""

    def __init__(self, ways=("header", "body"), **more):
        self.ways, self.more, self.given = ways, {"expires_in": 3600, **more}, 0
        self.status, self.headers, self.says = 200, {}, CLIENT_SECRET

    async def __call__(self, request):
        await asyncio.sleep(0.01)
        if self.status != 200:
            return web.Response(status=self.status, text=self.says, headers=self.headers)
        form = dict(parse_qsl((await request.read()).decode()))
        if form["grant_type"] != "client_credentials" or self.way(request, form) not in self.ways:
            return web.json_response({"error": "invalid_client"}, status=401)
        self.given += 1
        return web.json_response({"access_token": f"token-{self.given}", **self.more})

    def way(self, request, form):
        if form.get("client_secret") == CLIENT_SECRET and form["client_id"] == CLIENT_ID:
            return "body"
        kind, _, pair = request.headers.get("Authorization", "").partition(" ")
        known = base64.b64decode(pair).decode().split(":") if kind == "Basic" else []
        return "header" if [*map(unquote_plus, known)] == [CLIENT_ID, CLIENT_SECRET] else None


def source(url: str, http, clock=None, scope="") -> TokenSource:
    client = OAuthClient(f"{url}/token", CLIENT_ID, Secret(CLIENT_SECRET), scope)
    return TokenSource(client, http, VARIABLES, "the token request (THE_URL)", clock or Clock())


@asynccontextmanager
async def tokens_of(authority, http, clock=None, scope=""):
    async with web_server(authority) as server:
        yield source(server.url, http, clock, scope), server


async def test_fifty_calls_at_once_fetch_one_token(http):
    async with tokens_of(authority := Authority(), http) as (tokens, server):
        found = await asyncio.gather(*(tokens.token() for _ in range(50)))
    assert set(found) == {"token-1"}
    assert (authority.given, len(server.seen)) == (1, 1)


async def test_a_caller_who_leaves_does_not_take_the_token_from_the_others(http):
    async with tokens_of(Authority(), http) as (tokens, server):
        first, second = (asyncio.ensure_future(tokens.token()) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        assert await second == "token-1"
        assert first.cancelled()
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("expires_in", "kept"),
    [(3600, 3540), ("3600", 3540), (100, 90), (None, 270), ("soon", 270), (-1, 270), (1e300, 270)],
)
async def test_it_is_replaced_before_it_expires(http, expires_in, kept):
    assert DEFAULT_LIFETIME_SECONDS == 300
    clock = Clock()
    async with tokens_of(Authority(expires_in=expires_in), http, clock) as (tokens, _):
        assert await tokens.token() == "token-1"
        clock.now += kept - 1
        assert await tokens.token() == "token-1"
        clock.now += 1
        assert await tokens.token() == "token-2"


async def test_a_refused_token_is_replaced_once(http):
    async with tokens_of(Authority(), http) as (tokens, _):
        old = await tokens.token()
        tokens.forget(old)
        new = await tokens.token()
        tokens.forget(old)
        assert (old, new, await tokens.token()) == ("token-1", "token-2", "token-2")


@pytest.mark.parametrize("ways", [["header"], ["body"]], ids=lambda ways: ways[0])
async def test_credentials_go_in_the_header_and_in_the_body_only_if_they_must(http, ways):
    clock = Clock()
    async with tokens_of(Authority(ways), http, clock) as (tokens, server):
        assert await tokens.token() == "token-1"
        first = len(server.seen)
        clock.now += 4000
        assert await tokens.token() == "token-2"
        assert len(server.seen) == first + 1, "what works is remembered"
    assert first == (1 if ways == ["header"] else 2)
    in_body = [b"client_secret" in call.body for call in server.seen]
    in_header = [bool(call.header("Authorization")) for call in server.seen]
    assert in_header == [not body for body in in_body]


@pytest.mark.parametrize("status", [200, 400, 401])
async def test_credentials_for_the_body_alone_never_go_in_a_header(http, status):
    authority, clock = Authority(["body"]), Clock()
    authority.status = status
    async with web_server(authority) as server:
        client = OAuthClient(
            f"{server.url}/token", CLIENT_ID, Secret(CLIENT_SECRET), only_in_body=True
        )
        tokens = TokenSource(client, http, VARIABLES, clock=clock)
        for _ in range(2):
            clock.now += 4000
            with suppress(NotConfigured):
                await tokens.token()
        assert len(server.seen) == 2
        assert [call.header("Authorization") for call in server.seen] == [[], []]


async def test_sources_of_one_client_share_its_token_and_each_keeps_it_secret(http):
    kept, told = KeptToken(), ([], [])
    async with web_server(Authority()) as server:
        client = OAuthClient(f"{server.url}/token", CLIENT_ID, Secret(CLIENT_SECRET))
        clock = Clock()
        one, other = (
            TokenSource(client, http, VARIABLES, clock=clock, keep_secret=each.append, kept=kept)
            for each in told
        )
        assert await asyncio.gather(one.token(), other.token()) == ["token-1"] * 2
        one.forget("token-1")
        assert await other.token() == "token-2"
        assert len(server.seen) == 2
    assert told == (["token-1"], ["token-1", "token-2"])
    assert "token" not in repr(kept)


@pytest.mark.parametrize(("scope", "sent"), [("", None), ("a b", "a b")])
async def test_a_scope_is_sent_if_there_is_one(http, scope, sent):
    async with tokens_of(Authority(), http, scope=scope) as (tokens, server):
        await tokens.token()
    assert dict(parse_qsl(server.seen[0].body.decode())).get("scope") == sent


@pytest.mark.parametrize(
    ("status", "error"),
    [
        *((status, NotConfigured) for status in (302, 400, 401, 403, 404, 405)),
        *((status, NotDone) for status in (408, 429, 500, 503)),
    ],
)
async def test_an_answer_without_a_token(http, status, error):
    authority = Authority()
    authority.status, authority.headers = status, {"Retry-After": "17", "Location": "/"}
    async with tokens_of(authority, http) as (tokens, server):
        with pytest.raises(CancellationError) as caught:
            await tokens.token()
        assert type(caught.value) is error
        assert "the token request (THE_URL)" in str(caught.value)
        assert ("check THE_" in str(caught.value)) is (error is NotConfigured)
        for told in (CLIENT_ID, CLIENT_SECRET, "s3cret", server.url, "127.0.0.1"):
            assert told not in str(caught.value)
        if error is NotDone:
            assert caught.value.retry_after == 17


@pytest.mark.parametrize(
    ("code", "variable"),
    [
        ("invalid_client", "THE_CLIENT"),
        ("unauthorized_client", "THE_CLIENT"),
        ("invalid_scope", "THE_SCOPE"),
    ],
)
async def test_a_refusal_quotes_its_standard_code_and_names_what_to_check(http, code, variable):
    error, _ = await refused_with(http, {"error": code, "error_description": CLIENT_ID})
    assert f"HTTP 400, {code} to" in error.message
    assert f": check {variable}, and that THE_URL" in error.message
    assert error.cause is Cause.CREDENTIALS


@pytest.mark.parametrize("says", [{"error": "s3cret"}, {"error": {"code": 1}}, {"error": ["x"]}, 1])
async def test_a_refusal_quotes_nothing_but_a_standard_code(http, says):
    error, _ = await refused_with(http, says)
    assert "HTTP 400 to" in error.message


async def test_a_refusal_not_about_the_credentials_ends_the_attempt(http):
    _, calls = await refused_with(http, {"error": "invalid_scope"})
    assert calls == 1


async def refused_with(http, says):
    """The error for a refusal with this answer, and the number of calls."""
    authority = Authority()
    authority.status, authority.says = 400, json.dumps(says)
    async with tokens_of(authority, http) as (tokens, server):
        with pytest.raises(NotConfigured) as caught:
            await tokens.token()
        return caught.value, len(server.seen)


@pytest.mark.parametrize("status", [401, 404, 408, 500])
async def test_an_error_is_not_remembered(http, status):
    authority = Authority()
    authority.status = status
    async with tokens_of(authority, http) as (tokens, _):
        with pytest.raises(CancellationError):
            await tokens.token()
        authority.status = 200
        assert await tokens.token() == "token-1"


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b"{}", b'{"access_token": 1}', b'{"access_token": ""}',
     b'{"access_token": "a\\r\\nX-Evil: 1"}', b'{"access_token": "\\u00fc"}'],
)  # fmt: skip
async def test_an_answer_whose_token_cannot_be_sent(http, body):
    async def serve(request):
        return web.Response(body=body)

    async with tokens_of(serve, http) as (tokens, _):
        with pytest.raises(NotDone, match="has no access_token"):
            await tokens.token()


async def test_a_lost_answer_is_not_an_unknown_outcome_of_the_cancellation(http):
    async with raw_server(speaks(reset=True)) as url:
        with pytest.raises(NotDone):
            await source(url, http).token()


class Vendor:
    """An API that accepts one token, and the authority that issues tokens."""

    def __init__(self, good: str) -> None:
        self.good, self.given, self.calls = good, 0, 0

    async def __call__(self, request):
        if request.path == "/token":
            self.given += 1
            return web.json_response({"access_token": f"token-{self.given}", "expires_in": 3600})
        self.calls += 1
        if request.headers["Authorization"] != f"Bearer {self.good}":
            return web.Response(status=401)
        return web.json_response({"status": "cancelled"})


@asynccontextmanager
async def a_vendor(good, http):
    api = Vendor(good)
    async with web_server(api) as server:
        variables = {
            "REST_AUTH": "oauth2",
            "REST_OAUTH_TOKEN_URL": f"{server.url}/token",
            "REST_OAUTH_CLIENT_ID": "id",
            "REST_OAUTH_CLIENT_SECRET": "s3cret",
        }
        yield rest_vendor(http, server.url, **variables), api


async def test_a_revoked_token_is_replaced_and_the_call_sent_once_more(http):
    async with a_vendor("token-2", http) as (rest, api):
        assert (await rest.cancel(cancellation(), None)).subscription is not None
    assert (api.given, api.calls) == (2, 2)


async def test_a_vendor_that_refuses_every_token_is_asked_twice_and_no_more(http):
    async with a_vendor("another", http) as (rest, api):
        with pytest.raises(NotConfigured, match="REST_OAUTH_CLIENT_ID"):
            await rest.cancel(cancellation(), None)
    assert (api.given, api.calls) == (2, 2)


async def test_many_calls_with_one_revoked_token_fetch_one_new_token(http):
    async with a_vendor("token-2", http) as (rest, api):
        await asyncio.gather(*(rest.look_up(cancellation()) for _ in range(20)))
    assert api.given == 2
