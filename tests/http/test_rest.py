import base64
import json
from datetime import datetime, timezone
from urllib.parse import parse_qsl, unquote

import pytest

from connect_ext.cause import Cause
from connect_ext.errors import (
    CancellationError,
    Conflict,
    NotConfigured,
    NotDone,
    OutcomeUnknown,
    Refused,
    UnknownId,
)
from connect_ext.vendors.base import (
    Accepted,
    Subscription,
    SubscriptionStatus,
)
from tests.http.servers import raw_server, speaks
from tests.http.vendors import KEY, a_vendor, answers, cancellation, rest_vendor

ACTIVE, CANCELLED = SubscriptionStatus.ACTIVE, SubscriptionStatus.CANCELLED
NOT_STARTED, UNKNOWN = SubscriptionStatus.NOT_STARTED, SubscriptionStatus.UNKNOWN_ID
CANCELLING = SubscriptionStatus.CANCELLING


async def seen(http, subscription_id="A-1", ask=False, **variables):
    """The server's only call."""
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


async def refused(http, body=None, status=422, **more):
    """The error for an answer to the cancellation."""
    with pytest.raises(CancellationError) as caught:
        await cancelled(http, body, status, **more)
    return caught.value


QUESTION = {
    **dict.fromkeys((400, 402, 405, 406, 409, 415, 422), NotConfigured),
    **dict.fromkeys((301, 302, 303, 307, 308, 401, 403), NotConfigured),
    **dict.fromkeys((408, 423, 425, 429), NotDone),
    **dict.fromkeys((500, 501, 502, 503, 504, 520), NotDone),
}
CANCELLATION = {
    409: Conflict,
    **dict.fromkeys((400, 422), Refused),
    **dict.fromkeys((404, 410), UnknownId),
    **dict.fromkeys((401, 402, 403, 405, 406, 415), NotConfigured),
    **dict.fromkeys((408, 423, 425, 429), NotDone),
    **dict.fromkeys((301, 302, 303, 307, 308, 500, 501, 502, 503, 504, 520), OutcomeUnknown),
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
    async def test_an_unknown_id_is_a_status_not_an_error(self, http, status):
        async with a_vendor(http, answers(status=status)) as (rest, _):
            assert await rest.look_up(cancellation()) == Subscription(UNKNOWN)

    @pytest.mark.parametrize(("status", "error"), CANCELLATION.items())
    async def test_to_a_cancellation(self, http, status, error):
        assert type(await refused(http, {"status": "cancelled"}, status)) is error

    @pytest.mark.parametrize("status", [409, 429, 500, 503, 504, 303])
    async def test_a_retry_after_is_kept_and_changes_nothing_else(self, http, status):
        error = await refused(http, status=status, headers={"Retry-After": "17"})
        assert (type(error), error.retry_after) == (CANCELLATION[status], 17)

    @pytest.mark.parametrize("target", ["urn:job:1", "/jobs/1", "https://[::1", "http://x:99999/"])
    async def test_a_redirect_after_the_work_is_an_unknown_outcome(self, http, target):
        head = f"HTTP/1.1 303 See Other\r\nContent-Length: 0\r\nLocation: {target}\r\n\r\n"
        async with raw_server(speaks(head.encode())) as url:
            with pytest.raises(OutcomeUnknown, match="redirects are not followed; check REST_API"):
                await rest_vendor(http, url).cancel(cancellation(), None)
            with pytest.raises(NotConfigured, match="redirects are not followed; check REST_API"):
                await rest_vendor(http, url).look_up(cancellation())

    @pytest.mark.parametrize(
        ("status", "cause"),
        [(401, Cause.CREDENTIALS), (302, Cause.CONFIGURATION), (429, Cause.BUSY),
         (502, Cause.VENDOR_ERROR), (400, Cause.CONFIGURATION)],
    )  # fmt: skip
    async def test_a_failed_question_has_a_cause(self, http, status, cause):
        async with a_vendor(http, answers({}, status)) as (rest, _):
            with pytest.raises(CancellationError) as caught:
                await rest.look_up(cancellation())
        assert caught.value.cause is cause

    @pytest.mark.parametrize("status", [400, 422])
    async def test_a_refused_question_carries_the_vendors_reason(self, http, status):
        body = {"error": {"message": "Unknown field sub_id."}}
        async with a_vendor(http, answers(body, status)) as (rest, _):
            with pytest.raises(NotConfigured, match="check the method, the path") as caught:
                await rest.look_up(cancellation())
        assert caught.value.vendor_text == "Unknown field sub_id."
        assert "sub_id" not in caught.value.message

    async def test_a_lost_answer_is_an_unknown_outcome_of_a_cancellation_only(self, http):
        async with raw_server(speaks(reset=True)) as url:
            with pytest.raises(OutcomeUnknown):
                await rest_vendor(http, url).cancel(cancellation(), None)
            with pytest.raises(NotDone):
                await rest_vendor(http, url).look_up(cancellation())


OF_ANOTHER = {"id": "A-2", "status": "cancelled", "message": "No."}


class TestWhoseAnswer:
    """``REST_ID_PATH``: an answer that names another subscription is not believed."""

    @pytest.mark.parametrize(
        "body", [OF_ANOTHER, {"status": "cancelled"}, {"id": ["A-1"]}], ids=str
    )
    async def test_a_look_up_waits(self, http, body):
        with pytest.raises(NotDone, match="REST_ID_PATH") as caught:
            await looked_up(http, body, REST_ID_PATH="id")
        assert caught.value.cause is Cause.UNREADABLE

    @pytest.mark.parametrize(
        "text",
        [
            '{"id": "A-1", "status": "active", "status": "cancelled"}',
            '{"id": "B-2", "status": "cancelled", "id": "A-1"}',
            '{"id": "A-1", "status": "cancelled", "of": [{"a": {}, "a": []}]}',
        ],
    )
    async def test_an_answer_with_two_values_for_one_name_says_nothing(self, http, text):
        with pytest.raises(NotDone):
            await looked_up(http, text=text, REST_ID_PATH="id")
        assert await cancelled(http, text=text, REST_ID_PATH="id") == Accepted()

    async def test_an_answer_that_repeats_a_value_is_read(self, http):
        text = '{"id": "A-1", "status": "cancelled", "status": "cancelled"}'
        assert (await looked_up(http, text=text, REST_ID_PATH="id")).status is CANCELLED

    @pytest.mark.parametrize(("found", "asked"), [("A-1", "A-1"), (42, "42")])
    async def test_its_own_id_is_read(self, http, found, asked):
        body = {"data": {"id": found}, "status": "cancelled"}
        async with a_vendor(http, answers(body), REST_ID_PATH="data.id") as (rest, _):
            assert (await rest.look_up(cancellation(asked))).status is CANCELLED

    @pytest.mark.parametrize("status", [200, 400, 404, 409, 410, 422])
    async def test_no_answer_to_a_cancellation_settles_anything(self, http, status):
        error = await refused(http, OF_ANOTHER, status, REST_ID_PATH="id")
        assert type(error) is OutcomeUnknown

    async def test_an_answer_to_the_cancellation_without_an_id_shows_nothing(self, http):
        accepted = await cancelled(http, {"status": "cancelled"}, REST_ID_PATH="id")
        assert accepted == Accepted()

    @pytest.mark.parametrize(("status", "error"), [(404, UnknownId), (422, Refused)])
    async def test_a_refusal_need_not_name_the_id(self, http, status, error):
        said = await refused(http, {"message": "No."}, status, REST_ID_PATH="id")
        assert type(said) is error


class TestNotNow:
    """409, and answers that REST_BUSY_WHEN matches."""

    BUSY_WHEN = "error.code == 'locked' || contains(message, 'in progress')"

    @pytest.mark.parametrize("status", [400, 409, 422])
    @pytest.mark.parametrize(
        "body", [{"error": {"code": "locked"}}, {"message": "It is in progress."}], ids=str
    )
    async def test_a_matching_answer_is_a_conflict(self, http, status, body):
        error = await refused(http, body, status, REST_BUSY_WHEN=self.BUSY_WHEN)
        assert type(error) is Conflict
        assert error.vendor_text == body.get("message", "")

    @pytest.mark.parametrize("status", [400, 409, 422])
    @pytest.mark.parametrize("body", [{"message": "No."}, {"error": {"code": 1}}, [], None, 7])
    async def test_any_other_is_a_refusal_even_with_the_status_409(self, http, status, body):
        assert type(await refused(http, body, status, REST_BUSY_WHEN=self.BUSY_WHEN)) is Refused

    @pytest.mark.parametrize("expression", ["message", "`1`", "message[::0]", "'true'"])
    async def test_only_the_value_true_means_not_now(self, http, expression):
        error = await refused(http, {"message": "true"}, 409, REST_BUSY_WHEN=expression)
        assert type(error) is Refused

    @pytest.mark.parametrize(("status", "error"), [(404, UnknownId), (500, OutcomeUnknown)])
    async def test_other_answers_are_not_searched_for_it(self, http, status, error):
        assert type(await refused(http, {}, status, REST_BUSY_WHEN="`true`")) is error

    async def test_a_question_may_be_postponed_too(self, http):
        handler = answers({"message": "in progress"}, 422)
        async with a_vendor(http, handler, REST_BUSY_WHEN=self.BUSY_WHEN) as (rest, _):
            with pytest.raises(NotDone) as caught:
                await rest.look_up(cancellation())
        assert caught.value.cause is Cause.BUSY


class TestStatus:
    @pytest.mark.parametrize(
        ("word", "status"),
        [("active", ACTIVE), ("ACTIVE ", ACTIVE), ("past_due", ACTIVE), ("Cancelled", CANCELLED),
         ("canceled", CANCELLED), ("expired", CANCELLED), ("draft", NOT_STARTED),
         ("terminating", CANCELLING), ("Pending_Cancellation", CANCELLING)],
    )  # fmt: skip
    async def test_a_word_of_the_lists_is_known_in_any_case(self, http, word, status):
        found = await looked_up(http, {"status": word})
        assert (found.status, found.ends_at, found.is_evergreen) == (status, None, False)

    @pytest.mark.parametrize(
        "body",
        [{}, [], None, "active", 1, {"status": None}, {"status": 1}, {"status": True},
         {"status": ["active"]}, {"status": {"is": "active"}}, {"status": ""},
         {"status": "paused"}, {"data": {"status": "active"}}],
        ids=repr,
    )  # fmt: skip
    async def test_any_other_answer_is_looked_at_again(self, http, body):
        with pytest.raises(NotDone, match="REST_"):
            await looked_up(http, body)

    @pytest.mark.parametrize(
        "text", ["", "<html>active</html>", '{"status": "active"', "\x00", "[" * 10**5], ids=len
    )
    async def test_an_answer_that_is_not_json_is_looked_at_again(self, http, text):
        with pytest.raises(NotDone):
            await looked_up(http, text=text)

    @pytest.mark.parametrize(
        ("word", "shown"),
        [("on hold", "the status 'on hold'"), (" Paused", "the status 'Paused'"),
         ("x" * 31, "a status"), ("st4tus", "a status"), ("jane@doe", "a status")],
    )  # fmt: skip
    async def test_a_plain_word_in_no_list_is_named(self, http, word, shown):
        with pytest.raises(NotDone) as caught:
            await looked_up(http, {"status": word})
        assert f"shows {shown} that is in none of REST_ACTIVE_VALUES" in caught.value.message
        assert caught.value.cause is Cause.UNKNOWN_STATUS

    async def test_the_words_for_a_cancellation_under_way_can_be_changed(self, http):
        found = await looked_up(http, {"status": "ending"}, REST_CANCELLING_VALUES="Ending")
        assert found == Subscription(CANCELLING)

    async def test_the_path_leads_anywhere(self, http):
        body = {"data": [{"state": {"now": "active"}}]}
        found = await looked_up(http, body, REST_STATUS_PATH="data[0].state.now")
        assert found.status is ACTIVE

    @pytest.mark.parametrize("path", ["status[::0]", "ceil(status)", "status[?a<`1`].b", "sum(@)"])
    async def test_a_path_that_does_not_fit_finds_nothing(self, http, path):
        with pytest.raises(NotDone):
            await looked_up(http, {"status": [{"a": "x"}]}, REST_STATUS_PATH=path)

    async def test_the_words_can_be_changed(self, http):
        found = await looked_up(http, {"status": "Läuft"}, REST_ACTIVE_VALUES="LÄUFT, an")
        assert found.status is ACTIVE


def utc(*time_of_day):
    return datetime(2026, 3, 31, *time_of_day, tzinfo=timezone.utc)


class TestEndDate:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [("2026-03-31", utc()), ("2026-03-31T12:00:00Z", utc(12)),
         ("2026-03-31T12:00:00+02:00", utc(10)), ("2026-03-31T12:00:00", utc(12)),
         ("2026-03-31T12:00:00.500Z", utc(12, 0, 0, 500_000)), (1774958400, utc(12)),
         (1774958400.0, utc(12)), (None, None), ("", None)],
    )  # fmt: skip
    async def test_it_is_read(self, http, value, expected):
        body = {"status": "cancelled", "end": value}
        found = await looked_up(http, body, REST_END_DATE_PATH="end")
        assert found == Subscription(CANCELLED, expected)

    @pytest.mark.parametrize(
        "value", ["soon", True, {}, ["2026-03-31"], 1e30, "31.03.2026", 1e16], ids=repr
    )
    async def test_anything_but_a_date_is_a_mistake_in_the_path(self, http, value):
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

    async def test_the_effective_date_is_in_utc(self, http):
        there = cancellation(asked_at=datetime.fromisoformat("2026-03-03T00:30:00+02:00"))
        async with a_vendor(http, REST_CANCEL_BODY='{"at": "{effective_date}"}') as (rest, server):
            await rest.cancel(there, None)
        assert json.loads(server.seen[0].body) == {"at": "2026-03-02"}


class TestHeaders:
    async def test_a_cancellation_carries_the_requests_id_as_its_key(self, http):
        call = await seen(http)
        assert call.header("Idempotency-Key") == ["PR-1-2-3"]

    async def test_an_attempt_after_a_definite_answer_has_another_key(self, http):
        async with a_vendor(http) as (rest, server):
            await rest.cancel(cancellation(definite_answers=2), None)
        assert server.seen[0].header("Idempotency-Key") == ["PR-1-2-3-2"]

    async def test_a_question_carries_no_key(self, http):
        assert (await seen(http, ask=True)).header("Idempotency-Key") == []

    @pytest.mark.parametrize("ask", [True, False], ids=["status", "cancel"])
    async def test_further_headers_go_with_every_call(self, http, ask):
        call = await seen(http, ask=ask, REST_HEADERS='{"X-Version": "2026-01-01"}')
        assert call.header("X-Version") == ["2026-01-01"]
        assert call.header("Accept") == ["application/json"]

    @pytest.mark.parametrize("body_format", ["json", "form"])
    async def test_a_further_header_replaces_ours(self, http, body_format):
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
        [({"REST_AUTH": "bearer"}, "Authorization", f"Bearer {KEY}"),
         ({"REST_AUTH": "header:X-Api-Key"}, "X-Api-Key", KEY),
         ({"REST_AUTH": "basic", "REST_API_KEY": "user:pass:word"}, "Authorization",
          "Basic " + base64.b64encode(b"user:pass:word").decode())],
    )  # fmt: skip
    async def test_credentials(self, http, variables, header, value):
        for ask in (True, False):
            assert (await seen(http, ask=ask, **variables)).header(header) == [value]

    async def test_no_credentials(self, http):
        assert (await seen(http, REST_AUTH="none")).header("Authorization") == []


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
        [({"error": {"message": "An invoice is open."}}, "An invoice is open."),
         ({"message": "No."}, "No."), ({"error": "No."}, "No."), ({"detail": "No."}, "No."),
         ({"message": ["One.", 2, "Three."]}, "One.; Three."), ({"error": {"code": 7}}, ""),
         ({"message": 7}, ""), ({}, ""), ([], ""), ("No.", "")],
        ids=repr,
    )  # fmt: skip
    async def test_it_is_found(self, http, body, reason):
        error = await refused(http, body)
        assert error.reason == error.vendor_text == reason
        assert (error.hint == "") is bool(reason)

    @pytest.mark.parametrize(
        ("path", "body", "hint"),
        [
            ("message", {"code": 7, "fault": "x"}, "the answer has the keys code, fault."),
            ("error.message", {"error": {"text": "No."}, "id": 1}, "the answer has the keys text."),
            ("a.b.c || error.text", {"a": {"b": {"d": 1}}}, "the answer has the keys d."),
            ("errors[0].detail", {"errors": [{"title": 1}]}, "the answer has the keys title."),
            ("errors[].detail", {"errors": [{"title": 1}]}, "the answer has the keys title."),
            ("reason", [{"cause": "x"}], "the answer has the keys cause."),
            ("", {"cause": "x"}, "the answer has the keys cause."),
            ("x", {"sk_l1ve": 1, "k" * 31: 2, "a\nb": 3}, "has no key that can be shown."),
            ("x", dict.fromkeys("abcdefghijklmno"), "keys a, b, c, d, e, f, g, h, i, j."),
            ("x", "No.", "its answer is not a JSON object."),
        ],
        ids=str,
    )
    async def test_without_a_reason_a_hint_names_the_keys_where_the_path_stops(
        self, http, path, body, hint
    ):
        error = await refused(http, body, REST_REASON_PATH=path)
        assert (error.reason, error.hint.endswith(hint)) == ("", True), error.hint

    async def test_an_answer_that_is_not_json_has_none(self, http):
        error = await refused(http, text="<html>No.</html>", status=400)
        assert (error.reason, "not a JSON object" in error.hint) == ("", True)

    async def test_its_path_can_be_changed_or_empty(self, http):
        body = {"errors": [{"text": "No."}]}
        for path, reason in (("errors[].text", "No."), ("", ""), ("errors[::0]", "")):
            assert (await refused(http, body, REST_REASON_PATH=path)).reason == reason


class TestAcceptance:
    @pytest.mark.parametrize("status", [200, 201, 202])
    async def test_an_answer_that_says_cancelled_is_believed(self, http, status):
        accepted = await cancelled(http, {"status": "canceled"}, status)
        assert accepted == Accepted(Subscription(CANCELLED))

    async def test_its_end_date_is_read(self, http):
        body = {"status": "canceled", "end": "2026-03-31"}
        accepted = await cancelled(http, body, REST_END_DATE_PATH="end")
        assert accepted.subscription.ends_at == utc()

    @pytest.mark.parametrize("end", [{}, {"end": None}, {"end": ""}], ids=str)
    async def test_without_an_end_date_the_subscription_is_looked_up_if_possible(self, http, end):
        """It may end later, but would be taken as ended."""
        body, path = {"status": "canceled", **end}, {"REST_END_DATE_PATH": "end"}
        assert await cancelled(http, body, **path) == Accepted(None)
        muted = await cancelled(http, body, **path, REST_STATUS_REQUEST="")
        assert muted == Accepted(Subscription(CANCELLED))

    @pytest.mark.parametrize(
        "body",
        [{"status": "active"}, {"status": "draft"}, {"status": "terminating"}, {"status": "ok"},
         {"success": False}, {}, None, {"status": 200}, {"status": "canceled", "end": "soon"}],
        ids=repr,
    )  # fmt: skip
    async def test_any_other_answer_means_look_again(self, http, body):
        assert await cancelled(http, body, REST_END_DATE_PATH="end") == Accepted(None)


class TestAbilities:
    async def test_without_a_status_request_the_vendor_cannot_be_asked(self, http):
        rest = rest_vendor(http, "https://vendor.example", REST_STATUS_REQUEST="")
        assert rest.can_be_asked is False
        with pytest.raises(NotConfigured, match="REST_STATUS_REQUEST"):
            await rest.look_up(cancellation())

    async def test_it_says_what_the_variables_say(self, http):
        url = "https://vendor.example"
        assert rest_vendor(http, url).can_be_asked is True
        assert rest_vendor(http, url).is_repeatable is False
        assert rest_vendor(http, url, REST_REPEATABLE="true").is_repeatable is True

    async def test_its_advice_names_its_own_variables(self, http):
        advice = vars(rest_vendor(http, "https://vendor.example").advice)
        del advice["suspended"]  # no status of these vendors means this
        assert all("REST_" in sentence for sentence in advice.values())
