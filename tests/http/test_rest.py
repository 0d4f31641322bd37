import asyncio
import base64
import json
from contextlib import asynccontextmanager
from datetime import datetime, timezone
from urllib.parse import parse_qsl, unquote

import pytest
from aiohttp import web

from connect_ext.errors import (
    CancellationError,
    NotConfigured,
    NotDone,
    OutcomeUnknown,
    Refused,
    UnknownId,
)
from connect_ext.settings import read_configuration
from connect_ext.vendors.base import Accepted, Cancellation, Subscription, SubscriptionStatus
from connect_ext.vendors.rest import create
from tests.http.servers import raw_server, speaks, web_server

KEY = "t0ken-of-the-vendor"
NOW = datetime(2026, 3, 2, 23, 15, 41, tzinfo=timezone.utc)
ACTIVE, CANCELLED = SubscriptionStatus.ACTIVE, SubscriptionStatus.CANCELLED
NOT_STARTED, UNKNOWN = SubscriptionStatus.NOT_STARTED, SubscriptionStatus.UNKNOWN_ID


def cancellation(subscription_id="A-1", request_id="PR-1-2-3", asset_id="AS-1-2"):
    return Cancellation(subscription_id, request_id, asset_id, NOW)


def vendor(http, url, **variables):
    values = {"REST_API_URL": url, "REST_API_KEY": KEY, **variables}
    return create(read_configuration(values).default.vendor.built_in, http)


def answers(body=None, status=200, headers=None, text=None):
    async def handler(request):
        said = json.dumps(body) if text is None else text
        return web.Response(status=status, text=said, headers=headers)

    return handler


@asynccontextmanager
async def a_vendor(http, handler=None, **variables):
    """A vendor and the server behind it."""
    async with web_server(handler or answers({"status": "active"})) as server:
        yield vendor(http, f"{server.url}/v1", **variables), server


async def seen(http, subscription_id="A-1", ask=False, **variables):
    """The one call that the server got."""
    async with a_vendor(http, **variables) as (rest, server):
        asked = cancellation(subscription_id)
        await (rest.look_up(asked) if ask else rest.cancel(asked, None))
        (call,) = server.seen
        return call


async def looked_up(http, body=None, text=None, **variables):
    async with a_vendor(http, answers(body, text=text), **variables) as (rest, _):
        return await rest.look_up(cancellation())


async def cancelled(http, body=None, status=200, text=None, headers=None, **variables):
    handler = answers(body, status, headers, text)
    async with a_vendor(http, handler, **variables) as (rest, _):
        return await rest.cancel(cancellation(), None)


QUESTION = {
    **dict.fromkeys((400, 402, 405, 406, 409, 415, 422), NotConfigured),
    **dict.fromkeys((301, 302, 303, 307, 308, 401, 403), NotConfigured),
    **dict.fromkeys((408, 423, 425, 429), NotDone),
    **dict.fromkeys((500, 501, 502, 503, 504, 520), NotDone),
}
CANCELLATION = {
    **dict.fromkeys((400, 409, 422), Refused),
    **dict.fromkeys((404, 410), UnknownId),
    **dict.fromkeys((301, 302, 303, 307, 308, 401, 403), NotConfigured),
    **dict.fromkeys((402, 405, 406, 415), NotConfigured),
    **dict.fromkeys((408, 423, 425, 429), NotDone),
    **dict.fromkeys((500, 501, 502, 503, 504, 520), OutcomeUnknown),
}


class TestWhatAnAnswerMeans:
    @pytest.mark.parametrize(("status", "error"), QUESTION.items())
    async def test_to_a_question(self, http, status, error):
        headers = {"Location": "/elsewhere", "Retry-After": "17"}
        async with a_vendor(http, answers(KEY, status, headers)) as (rest, server):
            with pytest.raises(CancellationError) as caught:
                await rest.look_up(cancellation())
        assert type(caught.value) is error
        assert len(server.seen) == 1
        assert f"HTTP {status} to the status request (REST_STATUS_REQUEST)" in str(caught.value)
        assert KEY not in str(caught.value)
        assert server.url not in str(caught.value)

    @pytest.mark.parametrize("status", [404, 410])
    async def test_an_unknown_id_is_a_status_and_no_error(self, http, status):
        async with a_vendor(http, answers(status=status)) as (rest, _):
            assert await rest.look_up(cancellation()) == Subscription(UNKNOWN)

    @pytest.mark.parametrize(("status", "error"), CANCELLATION.items())
    async def test_to_a_cancellation(self, http, status, error):
        with pytest.raises(CancellationError) as caught:
            await cancelled(http, {"status": "cancelled"}, status)
        assert type(caught.value) is error

    @pytest.mark.parametrize("status", [429, 503])
    async def test_the_vendors_retry_after_is_kept(self, http, status):
        with pytest.raises(CancellationError) as caught:
            await cancelled(http, status=status, headers={"Retry-After": "17"})
        assert caught.value.retry_after == 17

    @pytest.mark.parametrize(("status", "conflict"), [(400, False), (409, True), (422, False)])
    async def test_a_conflict_is_told_from_other_refusals(self, http, status, conflict):
        with pytest.raises(Refused) as caught:
            await cancelled(http, {"message": "No."}, status)
        assert caught.value.conflict is conflict

    async def test_a_lost_answer_is_an_unknown_outcome_of_a_cancellation_only(self, http):
        async with raw_server(speaks(reset=True)) as url:
            with pytest.raises(OutcomeUnknown):
                await vendor(http, url).cancel(cancellation(), None)
            with pytest.raises(NotDone):
                await vendor(http, url).look_up(cancellation())


class TestStatus:
    @pytest.mark.parametrize(
        ("word", "status"),
        [
            ("active", ACTIVE),
            ("ACTIVE ", ACTIVE),
            ("past_due", ACTIVE),
            ("Cancelled", CANCELLED),
            ("canceled", CANCELLED),
            ("expired", CANCELLED),
            ("draft", NOT_STARTED),
        ],
    )
    async def test_a_word_of_the_lists_is_known_whatever_its_case(self, http, word, status):
        assert await looked_up(http, {"status": word}) == Subscription(status)

    @pytest.mark.parametrize(
        "body",
        [{}, [], None, "active", 1, {"status": None}, {"status": 1}, {"status": True},
         {"status": ["active"]}, {"status": {"is": "active"}}, {"status": ""},
         {"status": "paused"}, {"data": {"status": "active"}}],
        ids=repr,
    )  # fmt: skip
    async def test_anything_else_is_looked_at_again(self, http, body):
        with pytest.raises(NotDone, match="REST_"):
            await looked_up(http, body)

    @pytest.mark.parametrize(
        "text", ["", "<html>active</html>", '{"status": "active"', "\x00", "[" * 10**5], ids=len
    )
    async def test_what_is_no_json_is_looked_at_again(self, http, text):
        with pytest.raises(NotDone):
            await looked_up(http, text=text)

    async def test_bytes_that_are_no_text_are_looked_at_again(self, http):
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n\xff\xfe\xfa\x80"
        async with raw_server(speaks(head)) as url:
            with pytest.raises(NotDone):
                await vendor(http, url).look_up(cancellation())

    async def test_the_path_leads_anywhere(self, http):
        body = {"data": [{"state": {"now": "active"}}]}
        found = await looked_up(http, body, REST_STATUS_PATH="data[0].state.now")
        assert found.status is ACTIVE

    @pytest.mark.parametrize("path", ["status[::0]", "ceil(status)", "status[?a<`1`].b", "sum(@)"])
    async def test_a_path_that_does_not_fit_finds_nothing(self, http, path):
        with pytest.raises(NotDone):
            await looked_up(http, {"status": [{"a": "x"}]}, REST_STATUS_PATH=path)

    async def test_the_words_can_be_others(self, http):
        found = await looked_up(http, {"status": "Läuft"}, REST_ACTIVE_VALUES="LÄUFT, an")
        assert found.status is ACTIVE


class TestEndDate:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ("2026-03-31", datetime(2026, 3, 31, tzinfo=timezone.utc)),
            ("2026-03-31T12:00:00Z", datetime(2026, 3, 31, 12, tzinfo=timezone.utc)),
            ("2026-03-31T12:00:00+02:00", datetime(2026, 3, 31, 10, tzinfo=timezone.utc)),
            ("2026-03-31T12:00:00", datetime(2026, 3, 31, 12, tzinfo=timezone.utc)),
            ("2026-03-31T12:00:00.500Z", datetime(2026, 3, 31, 12, 0, 0, 500_000, timezone.utc)),
            (1774958400, datetime(2026, 3, 31, 12, tzinfo=timezone.utc)),
            (1774958400.0, datetime(2026, 3, 31, 12, tzinfo=timezone.utc)),
            (None, None),
            ("", None),
        ],
    )
    async def test_it_is_read(self, http, value, expected):
        body = {"status": "cancelled", "end": value}
        found = await looked_up(http, body, REST_END_DATE_PATH="end")
        assert found == Subscription(CANCELLED, expected)

    @pytest.mark.parametrize(
        "value", ["soon", True, {}, ["2026-03-31"], 1e30, "31.03.2026", 1774958400000], ids=repr
    )
    async def test_what_is_no_date_is_a_mistake_in_the_path(self, http, value):
        body = {"status": "cancelled", "end": value}
        with pytest.raises(NotConfigured, match="REST_END_DATE_PATH"):
            await looked_up(http, body, REST_END_DATE_PATH="end")


IDS = ["a/b", "a?b=c", "a#b", "a%b", "a b", "ü-王", "..%2f..%2fadmin", "../../admin", "a;b", "a&b",
       "%2e%2e", "{request_id}", "a\\b", "http://evil.example/", "@evil", ":80", "a+b"]  # fmt: skip


class TestAddress:
    @pytest.mark.parametrize("ask", [True, False], ids=["status", "cancel"])
    @pytest.mark.parametrize("subscription_id", IDS)
    async def test_an_id_stays_one_segment(self, http, subscription_id, ask):
        call = await seen(http, subscription_id, ask)
        segments = call.path.split("/")
        assert segments[:3] == ["", "v1", "subscriptions"]
        assert unquote(segments[3]) == subscription_id
        assert segments[4:] == ([] if ask else ["cancel"])
        assert not set("?#& ") & set(call.path)

    async def test_an_id_in_a_query_stays_one_value(self, http):
        request = "GET /find?id={subscription_id}&x=1"
        call = await seen(http, "a&x=2#=+", ask=True, REST_STATUS_REQUEST=request)
        assert parse_qsl(call.path.partition("?")[2]) == [("id", "a&x=2#=+"), ("x", "1")]

    async def test_every_placeholder_is_filled_in(self, http):
        path = "/{subscription_id}/{request_id}/{asset_id}/{effective_date}"
        call = await seen(http, REST_CANCEL_REQUEST=f"DELETE {path}")
        assert (call.method, call.path) == ("DELETE", "/v1/A-1/PR-1-2-3/AS-1-2/2026-03-02")

    async def test_the_effective_date_is_that_of_utc(self, http):
        there = cancellation()
        there = Cancellation(
            there.subscription_id,
            there.request_id,
            there.asset_id,
            datetime.fromisoformat("2026-03-03T00:30:00+02:00"),
        )
        async with a_vendor(http, REST_CANCEL_BODY='{"at": "{effective_date}"}') as (rest, server):
            await rest.cancel(there, None)
        assert json.loads(server.seen[0].body) == {"at": "2026-03-02"}


class TestHeaders:
    async def test_a_cancellation_carries_the_requests_id_as_its_key(self, http):
        call = await seen(http)
        assert call.header("Idempotency-Key") == ["PR-1-2-3"]

    async def test_a_question_carries_none(self, http):
        assert (await seen(http, ask=True)).header("Idempotency-Key") == []

    @pytest.mark.parametrize("ask", [True, False], ids=["status", "cancel"])
    async def test_further_headers_go_with_every_call(self, http, ask):
        call = await seen(http, ask=ask, REST_HEADERS='{"X-Version": "2026-01-01"}')
        assert call.header("X-Version") == ["2026-01-01"]
        assert call.header("Accept") == ["application/json"]

    @pytest.mark.parametrize("body_format", ["json", "form"])
    async def test_a_further_header_takes_the_place_of_ours(self, http, body_format):
        own = {"accept": "application/vnd.acme+json", "Content-type": "application/acme"}
        call = await seen(
            http,
            REST_HEADERS=json.dumps(own),
            REST_CANCEL_BODY='{"a": "b"}',
            REST_BODY_FORMAT=body_format,
        )
        assert call.header("Accept") == ["application/vnd.acme+json"]
        assert call.header("Content-Type") == ["application/acme"]

    @pytest.mark.parametrize("subscription_id", ["a\r\nX-Evil: 1", "a\nX-Evil: 1", "a\x00"])
    async def test_no_id_can_become_a_header(self, http, subscription_id):
        call = await seen(http, subscription_id, REST_CANCEL_BODY='{"id": "{subscription_id}"}')
        assert call.header("X-Evil") == []
        assert json.loads(call.body) == {"id": subscription_id}

    @pytest.mark.parametrize(
        ("variables", "header", "value"),
        [
            ({"REST_AUTH": "bearer"}, "Authorization", f"Bearer {KEY}"),
            ({"REST_AUTH": "header:X-Api-Key"}, "X-Api-Key", KEY),
            (
                {"REST_AUTH": "basic", "REST_API_KEY": "user:pass:word"},
                "Authorization",
                "Basic " + base64.b64encode(b"user:pass:word").decode(),
            ),
        ],
    )
    async def test_credentials(self, http, variables, header, value):
        for ask in (True, False):
            assert (await seen(http, ask=ask, **variables)).header(header) == [value]

    async def test_no_credentials(self, http):
        assert (await seen(http, REST_AUTH="none")).header("Authorization") == []

    async def test_a_token_of_oauth(self, http):
        async def serve(request):
            token = {"access_token": "fr3sh", "expires_in": 3600}
            return web.json_response(token if request.path == "/token" else {"status": "active"})

        async with web_server(serve) as server:
            rest = vendor(
                http,
                server.url,
                REST_AUTH="oauth2",
                REST_OAUTH_TOKEN_URL=f"{server.url}/token",
                REST_OAUTH_CLIENT_ID="id",
                REST_OAUTH_CLIENT_SECRET="s3cret",
            )
            await asyncio.gather(*(rest.look_up(cancellation()) for _ in range(5)))
        paths = [call.path for call in server.seen]
        assert paths.count("/token") == 1
        assert {call.header("Authorization")[0] for call in server.seen[1:]} == {"Bearer fr3sh"}


class TestBody:
    NESTED = '{"a": {"b": "{subscription_id}", "c": [1, {"d": true}]}, "e": null, "f": 1.5}'

    async def test_json(self, http):
        call = await seen(http, REST_CANCEL_BODY=self.NESTED)
        assert call.header("Content-Type") == ["application/json"]
        assert json.loads(call.body) == {
            "a": {"b": "A-1", "c": [1, {"d": True}]}, "e": None, "f": 1.5,
        }  # fmt: skip

    async def test_a_form(self, http):
        call = await seen(http, "a&b=c", REST_CANCEL_BODY=self.NESTED, REST_BODY_FORMAT="form")
        assert call.header("Content-Type") == ["application/x-www-form-urlencoded"]
        assert parse_qsl(call.body.decode()) == [
            ("a[b]", "a&b=c"), ("a[c][0]", "1"), ("a[c][1][d]", "true"),
            ("e", "null"), ("f", "1.5"),
        ]  # fmt: skip

    @pytest.mark.parametrize("body_format", ["json", "form"])
    async def test_an_empty_body_sends_none(self, http, body_format):
        call = await seen(http, REST_BODY_FORMAT=body_format)
        assert call.body == b""
        assert call.header("Content-Type") == []

    @pytest.mark.parametrize(
        "subscription_id", ['", "evil": "', "{request_id}", "\\", "a\nb", "{{asset_id}}", "\u2028"]
    )
    async def test_no_id_can_become_part_of_the_template(self, http, subscription_id):
        body = '{"id": "x-{subscription_id}-{request_id}"}'
        call = await seen(http, subscription_id, REST_CANCEL_BODY=body)
        assert json.loads(call.body) == {"id": f"x-{subscription_id}-PR-1-2-3"}


class TestReason:
    @pytest.mark.parametrize(
        ("body", "reason"),
        [
            ({"error": {"message": "An invoice is open."}}, "An invoice is open."),
            ({"message": "No."}, "No."),
            ({"error": "No."}, "No."),
            ({"detail": "No."}, "No."),
            ({"message": ["One.", 2, "Three."]}, "One.; Three."),
            ({"error": {"code": 7}}, ""),
            ({"message": 7}, ""),
            ({}, ""),
            ([], ""),
            ("No.", ""),
        ],
        ids=repr,
    )
    async def test_it_is_found(self, http, body, reason):
        with pytest.raises(Refused) as caught:
            await cancelled(http, body, 422)
        assert caught.value.reason == reason

    async def test_an_answer_that_is_no_json_has_none(self, http):
        with pytest.raises(Refused) as caught:
            await cancelled(http, text="<html>No.</html>", status=400)
        assert caught.value.reason == ""

    async def test_its_path_can_be_another_or_empty(self, http):
        body = {"errors": [{"text": "No."}]}
        for path, reason in (("errors[].text", "No."), ("", ""), ("errors[::0]", "")):
            with pytest.raises(Refused) as caught:
                await cancelled(http, body, 422, REST_REASON_PATH=path)
            assert caught.value.reason == reason


class TestAcceptance:
    @pytest.mark.parametrize("status", [200, 201, 202])
    async def test_an_answer_that_says_cancelled_is_believed(self, http, status):
        accepted = await cancelled(http, {"status": "canceled"}, status)
        assert accepted == Accepted(Subscription(CANCELLED))

    async def test_its_end_date_is_read(self, http):
        body = {"status": "canceled", "end": "2026-03-31"}
        accepted = await cancelled(http, body, REST_END_DATE_PATH="end")
        assert accepted.subscription.ends_at == datetime(2026, 3, 31, tzinfo=timezone.utc)

    @pytest.mark.parametrize(
        "body",
        [{"status": "active"}, {"status": "draft"}, {"status": "ok"}, {"success": False}, {}, None,
         {"status": 200}, {"status": "canceled", "end": "soon"}],
        ids=repr,
    )  # fmt: skip
    async def test_any_other_answer_means_look_again(self, http, body):
        assert await cancelled(http, body, REST_END_DATE_PATH="end") == Accepted(None)

    async def test_no_content_means_look_again(self, http):
        async def nothing(request):
            return web.Response(status=204)

        async with a_vendor(http, nothing) as (rest, _):
            assert await rest.cancel(cancellation(), None) == Accepted(None)


class TestAbilities:
    async def test_without_a_status_request_the_vendor_cannot_be_asked(self, http):
        rest = vendor(http, "https://vendor.example", REST_STATUS_REQUEST="")
        assert rest.can_be_asked is False
        with pytest.raises(NotConfigured, match="REST_STATUS_REQUEST"):
            await rest.look_up(cancellation())

    async def test_it_says_what_the_variables_say(self, http):
        assert vendor(http, "https://vendor.example").can_be_asked is True
        assert vendor(http, "https://vendor.example").is_repeatable is False
        assert vendor(http, "https://vendor.example", REST_REPEATABLE="true").is_repeatable is True
