"""Builds the calls to a REST vendor from the templates in the variables."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from connect_ext.errors import NotConfigured
from connect_ext.http.client import Call
from connect_ext.vendors.base import Act, Cancellation, Subscription
from connect_ext.vendors.rest.credentials import Headers
from connect_ext.vendors.rest.dates import ShownSubscription, effective_day
from connect_ext.vendors.rest.looked_up import MOST_BODY_BYTES
from connect_ext.vendors.rest.request_templates import RequestTemplate
from connect_ext.vendors.rest.settings import BodyFormat, RestSettings
from connect_ext.vendors.rest.templates import (
    PARAMETER,
    Placeholders,
    form_fields,
    placeholders_in,
)

STATUS_CALL = "the status request (REST_STATUS_REQUEST)"
CANCEL_CALL = "the cancellation (REST_CANCEL_REQUEST)"
UNDO_CALL = "taking the cancellation back (REST_UNDO_REQUEST)"
OAUTH_CALL = "the token request (REST_OAUTH_TOKEN_URL)"

ADDRESS = "REST_API_URL"


class Calls:
    """Builds the calls, without credentials.

    Every method raises ``NotConfigured`` if a placeholder has no value, or an unsuitable one.
    """

    def __init__(self, settings: RestSettings) -> None:
        self._settings, self._zone = settings, ZoneInfo(settings.time_zone)
        self._parameters = _parameters_in(settings)
        changes = (settings.cancel_request, settings.undo_request)
        self._bodies = {each: json.loads(each.body) for each in changes if each}
        looked_up = {name for name, _ in settings.looked_up}
        # Without headers that only the answer to a look can fill.
        self._headers_of_look = tuple(
            pair for pair in settings.headers if not looked_up & placeholders_in([pair[1]])
        )

    def look(self, request: RequestTemplate, cancellation: Cancellation) -> Call:
        """The look-up; raises for a parameter that any of the calls would lack."""
        values = self.placeholders(cancellation, None)
        # A missing parameter must show before a mark is left.
        for each in self._parameters.in_paths:
            values.path(each)
        for each in self._parameters.in_headers:
            values.header(each)
        values.body(self._parameters.in_bodies)
        url = self._settings.api_url + values.path(request.path)
        headers = self._headers(values, self._headers_of_look)
        return Call(STATUS_CALL, request.method, url, headers, address=ADDRESS)

    def change(self, name: str, request: RequestTemplate, values: Placeholders) -> Call:
        """The cancellation, or the call that takes it back."""
        headers, content = [*self._headers(values, self._settings.headers)], None
        if self._settings.idempotency_header:
            header, template = self._settings.idempotency_header
            headers.append((header, values.key(template)))
        if body := self._bodies[request]:
            if self._settings.body_format is BodyFormat.FORM:
                fields = form_fields(values.body(body, as_texts=True))
                content = urlencode(list(fields)).encode()
                headers += self._unless_given("Content-Type", "application/x-www-form-urlencoded")
            else:
                content = json.dumps(values.body(body)).encode()
                headers += self._unless_given("Content-Type", "application/json")
        if content and len(content) > MOST_BODY_BYTES:
            raise NotConfigured(
                f"The body of {name} would be too long: check the values that REST_LOOKED_UP puts"
                " into it."
            )
        url = self._settings.api_url + values.path(request.path)
        return Call(
            name, request.method, url, tuple(headers), content, changes=True, address=ADDRESS
        )

    def placeholders(
        self, cancellation: Cancellation, subscription: Subscription | None
    ) -> Placeholders:
        """The values of the placeholders; an undo has no date of its own and uses today."""
        of_day = subscription if cancellation.act is Act.CANCEL else None
        day = effective_day(cancellation, of_day, self._zone)
        if isinstance(subscription, ShownSubscription):
            return Placeholders(cancellation, day, subscription.looked_up)
        return Placeholders(cancellation, day)

    def _headers(self, values: Placeholders, templates: Headers) -> Headers:
        filled = ((name, values.header(text)) for name, text in templates)
        return (*self._unless_given("Accept", "application/json"), *filled)

    def _unless_given(self, name: str, value: str) -> list[tuple[str, str]]:
        """The header, unless ``REST_HEADERS`` sets it: if sent twice, both would apply."""
        given = {header.lower() for header, _ in self._settings.headers}
        return [] if name.lower() in given else [(name, value)]


@dataclass(frozen=True)
class _Parameters:
    """The placeholders for parameters of the request, in the form that templates have them."""

    in_paths: list[str]
    in_headers: list[str]
    in_bodies: list[str]


def _parameters_in(settings: RestSettings) -> _Parameters:
    requests = (settings.status_request, settings.cancel_request, settings.undo_request)
    used = [request for request in requests if request]
    in_paths = placeholders_in(request.path for request in used)
    in_headers = placeholders_in(text for _, text in settings.headers)
    in_requests = {name for request in used for name in request.placeholders}
    return _Parameters(
        _of_parameters(in_paths),
        _of_parameters(in_headers),
        _of_parameters(in_requests - in_paths),
    )


def _of_parameters(names: Iterable[str]) -> list[str]:
    return [f"{{{name}}}" for name in names if name.startswith(PARAMETER)]
