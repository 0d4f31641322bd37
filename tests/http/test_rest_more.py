"""A REST vendor's less common credentials, and its dates in every form."""

import base64
import json
import logging
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qsl

import pytest
from aiohttp import web

from connect_ext.errors import NotConfigured
from connect_ext.portal.settings import read_configuration
from connect_ext.vendors.base import VendorContext
from connect_ext.vendors.registry import Vendors, definitions
from tests.http.servers import web_server
from tests.http.vendors import KEY, a_vendor, answers, cancellation

EXTRA = {"audience": "https://billing.vendor.example/", "resource": "urn:b1lling-re5ource"}


class Authority:
    """A vendor and its token endpoint; each audience has its own tokens."""

    def __init__(self):
        self.given, self.forms = 0, []

    async def __call__(self, request):
        if request.path != "/token":
            return web.json_response({"status": "cancelled"})
        form = dict(parse_qsl((await request.read()).decode()))
        self.forms.append(form)
        self.given += 1
        token = f"t0ken-{self.given}-of-{form.get('audience', 'nobody')}"
        return web.json_response({"access_token": token, "expires_in": 3600})


@asynccontextmanager
async def with_oauth(authority=None):
    """A server, and the variables of one of its OAuth clients."""
    async with web_server(authority or Authority()) as server:
        yield (
            server,
            {
                "REST_API_URL": server.url,
                "REST_AUTH": "oauth2",
                "REST_OAUTH_TOKEN_URL": f"{server.url}/token",
                "REST_OAUTH_CLIENT_ID": "the-client",
                "REST_OAUTH_CLIENT_SECRET": "s3cret-of-the-client",
            },
        )


def settings_of(variables, **more):
    values = {**variables, **more}
    return read_configuration(values, definitions()).default.vendor


class TestFurtherFieldsOfTheTokenRequest:
    """REST_OAUTH_EXTRA"""

    async def test_they_are_sent_with_the_others(self, http):
        authority = Authority()
        async with with_oauth(authority) as (server, variables):
            more = {"REST_OAUTH_EXTRA": json.dumps(EXTRA), "REST_OAUTH_SCOPE": "a b"}
            settings = settings_of(variables, **more)
            context = VendorContext(http, lambda key, make: make())
            await definitions()["rest"].create(settings.own, context).look_up(cancellation())
            [form] = authority.forms
            assert form == {"grant_type": "client_credentials", "scope": "a b", **EXTRA}
            look = server.seen[-1]
            assert look.header("Authorization") == [f"Bearer t0ken-1-of-{EXTRA['audience']}"]

    async def test_each_audience_has_its_own_token_and_equal_ones_share_it(self):
        authority, vendors = Authority(), Vendors()
        async with with_oauth(authority) as (server, variables):
            one = settings_of(variables, REST_OAUTH_EXTRA='{"audience": "one"}')
            other = settings_of(variables, REST_OAUTH_EXTRA='{"audience": "other"}')
            # The time-out makes it another vendor, with the same client.
            like_one = settings_of(
                variables, REST_OAUTH_EXTRA='{"audience": "one"}', VENDOR_TIMEOUT_SECONDS="7"
            )
            try:
                for settings in (one, other, like_one, one):
                    await vendors.vendor_for(settings).look_up(cancellation())
            finally:
                await vendors.aclose()
            tokens = [s.header("Authorization")[0] for s in server.seen if s.path != "/token"]
        assert [form["audience"] for form in authority.forms] == ["one", "other"]
        one, other = "Bearer t0ken-1-of-one", "Bearer t0ken-2-of-other"
        assert tokens == [one, other, one, one]

    async def test_a_refusal_names_their_variable_and_shows_none_of_them(self, http, caplog):
        caplog.set_level(logging.DEBUG)

        async def refuses(request):
            said = {"error": "invalid_request", "error_description": f"{EXTRA}"}
            return web.json_response(said, status=400)

        async with with_oauth(refuses) as (_, variables):
            settings = settings_of(variables, REST_OAUTH_EXTRA=json.dumps(EXTRA))
            context = VendorContext(http, lambda key, make: make())
            with pytest.raises(NotConfigured, match="REST_OAUTH_EXTRA") as caught:
                await definitions()["rest"].create(settings.own, context).look_up(cancellation())
        for shown in (caught.value.message, caplog.text, repr(settings)):
            assert "billing.vendor" not in shown
            assert "b1lling" not in shown


class TestBasicWithAFixedPassword:
    @pytest.mark.parametrize(("auth", "password"), [("basic:x", "x"), ("basic:", "")])
    async def test_the_key_is_the_user(self, http, auth, password):
        async with a_vendor(http, REST_AUTH=auth) as (rest, server):
            await rest.look_up(cancellation())
            await rest.cancel(cancellation(), None)
        pair = base64.b64encode(f"{KEY}:{password}".encode()).decode()
        assert [call.header("Authorization") for call in server.seen] == [[f"Basic {pair}"]] * 2

    async def test_a_refusal_names_the_variables(self, http):
        async with a_vendor(http, answers({}, 401), REST_AUTH="basic:x") as (rest, _):
            with pytest.raises(NotConfigured, match="REST_AUTH and REST_API_KEY") as caught:
                await rest.look_up(cancellation())
        assert KEY not in caught.value.message


def utc(*more):
    return datetime(2026, 3, 31, *more, tzinfo=timezone.utc)


READ = [
    # Microsoft's seven decimals, and other fractions.
    ("2026-03-31T12:26:47.6473040Z", utc(12, 26, 47, 647304)),
    ("2026-03-31T12:26:47.1Z", utc(12, 26, 47, 100_000)),
    ("2026-03-31T12:26:47.12345Z", utc(12, 26, 47, 123_450)),
    ("2026-03-31T12:26:47,5Z", utc(12, 26, 47, 500_000)),
    ("2026-03-31T12:26:47.999999999999Z", utc(12, 26, 47, 999_999)),
    # Zones.
    ("2026-03-31T12:00:00+0000", utc(12)),
    ("2026-03-31T12:00:00+00", utc(12)),
    ("2026-03-31T12:00:00 +00:00", utc(12)),
    ("2026-03-31T12:00:00-0530", utc(17, 30)),
    ("2026-03-31T12:00:00.000+0200", utc(10)),
    ("2026-03-31t12:00:00z", utc(12)),
    ("2026-03-31 12:00:00", utc(12)),
    ("2026-03-31T12:00", utc(12)),
    ("20260331T120000Z", utc(12)),
    ("20260331", utc()),
    (" 2026-03-31 ", utc()),
    # Since 1970: seconds and milliseconds, also as texts.
    (1774958400, utc(12)),
    (1774958400000, utc(12)),
    (1774958400500, utc(12, 0, 0, 500_000)),
    ("1774958400", utc(12)),
    ("1774958400000", utc(12)),
    ("1404194400000", datetime(2014, 7, 1, 6, tzinfo=timezone.utc)),
    ("1700000000", datetime(2023, 11, 14, 22, 13, 20, tzinfo=timezone.utc)),
    (999999999, datetime(2001, 9, 9, 1, 46, 39, tzinfo=timezone.utc)),
]
NOTHING = [None, "", "0001-01-01T00:00:00", "00010101", "9999-12-31T23:59:59.9999999Z"]
NO_DATES = [
    "soon", "2026-13-01", "2026-02-29", "2026-3-31", "2026-0331", "202603-31", "31.03.2026",
    "2026-03-31T25:00:00Z", "2026-03-31T12:00:00.Z", "2026-03-31T12:00:00+24:00",
    "2026-03-31T12:00:00Z!", "2026-03-31T", "12345678", "12345678901234", "-1774958400", "1e9",
    "\u0662\u0660\u0662\u0666-\u0660\u0663-\u0663\u0661", "2026-03-31" * 1000, True, [], {}, 1e30,
    10**200, "9" * 4000,
]  # fmt: skip


class TestEveryFormOfADate:
    """The same on every Python, although 3.10 itself reads fewer of them."""

    async def ends_at(self, http, value):
        body = {"status": "cancelled", "end": value}
        async with a_vendor(http, answers(body), REST_END_DATE_PATH="end") as (rest, _):
            return (await rest.look_up(cancellation())).ends_at

    @pytest.mark.parametrize(("value", "expected"), READ, ids=[repr(value) for value, _ in READ])
    async def test_it_is_read(self, http, value, expected):
        assert await self.ends_at(http, value) == expected

    @pytest.mark.parametrize("value", NOTHING, ids=repr)
    async def test_words_for_no_date_mean_no_date(self, http, value):
        assert await self.ends_at(http, value) is None

    @pytest.mark.parametrize("value", NO_DATES, ids=lambda value: f"{value!r:.30}")
    async def test_anything_else_is_a_mistake_in_the_path(self, http, value):
        with pytest.raises(NotConfigured, match="REST_END_DATE_PATH that is not a date"):
            await self.ends_at(http, value)

    @pytest.mark.parametrize("minutes", [-1439, -330, 0, 60, 825])
    async def test_an_offset_is_respected(self, http, minutes):
        zone = timezone(timedelta(minutes=minutes))
        for written in (f"{utc(12).astimezone(zone):%Y-%m-%dT%H:%M:%S%z}",
                        utc(12).astimezone(zone).isoformat()):  # fmt: skip
            assert await self.ends_at(http, written) == utc(12)
