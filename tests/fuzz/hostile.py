"""Texts, ids and answers that only an attacker or a broken machine would send."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timezone

import httpx
from hypothesis import strategies as st

from connect_ext.http.client import Answer, Call
from connect_ext.vendors.base import Cancellation, SubscriptionId
from tests.unit.builders import cancel_request, odd_texts

ODD_TEXTS = (
    "",
    "\x00",
    "\ud800",
    "\udfff\ud800",
    "a\r\nX-Injected: 1",
    "../../admin",
    "..%2f",
    "?a=b#c",
    "' or Id != '",
    "\\' or '1' = '1",
    "{subscription_id}",
    "{0.__class__}",
    '", "evil": "',
    "]]><!--",
    "&lt;x/&gt;",
    "<x/>",
    "\u202e\u200b\ufeff",
    "9" * 400,
    "1e999",
    "2026-13-45T99:99:99Z",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "x" * 5000,
)

texts = st.sampled_from(ODD_TEXTS) | odd_texts

numbers = (
    st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=True, allow_infinity=True)
    | st.sampled_from([10**400, -(10**400), 1e308, 253402300800, -62135596801])
)

names = st.sampled_from(
    [
        "id",
        "status",
        "ends_at",
        "error",
        "message",
        "access_token",
        "expires_in",
        "asset",
        "product",
        "params",
        "value",
        "structured_value",
        "tiers",
        "customer",
        "contact_info",
        "parent",
        "configuration",
        "template",
        "created",
        "text",
    ]
)

values = st.recursive(
    st.none() | st.booleans() | numbers | texts | st.sampled_from(["active", "cancelled"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names | texts, inner, max_size=4),
    max_leaves=12,
)
"""JSON values and a few invalid ones: NaN, infinities, lone surrogates."""

DEEP = 100_000

odd_bodies = st.sampled_from(
    [
        b"",
        b"null",
        b"NaN",
        b'{"status": NaN}',
        b'{"status": "active", "status": "cancelled"}',
        b'{"status": "\\ud800"}',
        b'{"status": ' + b"9" * 5000 + b"}",
        b'{"status": "cancelled", "ends_at": 1e999}',
        b'{"status": "cancelled", "ends_at": ' + b"9" * 4000 + b"}",
        b'{"status": "cancelled", "ends_at": -1e15}',
        b'{"status": "cancelled", "ends_at": true}',
        b"[" * DEEP,
        b'{"status":' * DEEP,
        b'{"status": "cancelled", "x": ' + b"[" * 900 + b"]" * 900 + b"}",
        b"\xff\xfe\x00",
        b"\xef\xbb\xbf{}",
        b"<html><body>Bad gateway</body></html>",
    ]
)

bodies = odd_bodies | st.binary(max_size=60) | values.map(lambda value: json.dumps(value).encode())

_STATUSES = """100 200 201 202 204 206 301 302 304 400 401 403 404 405 408 409 410 418 422 423 425
    429 451 500 501 502 503 504 511 599 999"""
statuses = st.sampled_from([int(status) for status in _STATUSES.split()])

headers = st.dictionaries(
    st.sampled_from(["retry-after", "content-type", "content-encoding"]),
    st.sampled_from(["", "-1", "5", "9" * 400, "soon", "text/xml", "Mon, 99 Foo 0000 99:99:99 GMT"])
    | st.text(st.characters(max_codepoint=0x7E, min_codepoint=0x20), max_size=20),
    max_size=2,
)

answers = st.builds(
    lambda status, head, body: Answer(status, httpx.Headers(head), body), statuses, headers, bodies
)


def _as_an_id(text: str) -> object:
    request = cancel_request({"id": "subscription_id", "value": text})
    return request.subscription_id("subscription_id", r"[\s\S]*")


paths = st.text(st.sampled_from("./\\%2eEfF;?#&=+'\"a \uff0e\u2025\u2044"), max_size=8)
"""Texts that some server might read as several path segments, or as steps up."""

ids = (texts | paths).map(_as_an_id).filter(lambda found: isinstance(found, SubscriptionId))
"""Texts that the view of the request accepts as a subscription's id."""

cancellations = st.builds(
    Cancellation,
    ids,
    st.from_regex(r"[A-Z]{2,5}(-[0-9A-Za-z]{1,4}){1,4}", fullmatch=True),
    st.just("AS-3071-1051-2166"),
    st.just(datetime(2026, 3, 2, tzinfo=timezone.utc)),
)


@dataclass
class HttpThatAnswers:
    """An ``HttpClient`` that gives its answers in turn and repeats the last one."""

    answers: list[Answer]
    calls: list[Call] = field(default_factory=list)

    async def send(self, call: Call) -> Answer:
        self.calls.append(call)
        return self.answers[min(len(self.calls), len(self.answers)) - 1]
