"""Vendors' own descriptions of their APIs, if available."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from openapi_core import OpenAPI
from openapi_core.testing import MockRequest, MockResponse

from tests.presets.stand_in import Seen

HOST = "http://vendor.example"

_PLACES = [up / "shared" / "contracts" / "vendors" for up in Path(__file__).parents]
CONTRACTS = next((place for place in _PLACES if place.is_dir()), Path("nowhere"))

needs_contracts = pytest.mark.skipif(
    not CONTRACTS.is_dir(), reason="the vendors' own descriptions are not here"
)


class Contract:
    """One vendor's description; `base` is the prefix that its servers put before the paths.

    `amend` adds parts of the API that the description lacks.
    """

    def __init__(self, folder: str, base: str = "", amend: Callable[[Any], object] = id) -> None:
        document = json.loads((CONTRACTS / folder / "openapi.json").read_text(encoding="utf-8"))
        amend(document)
        self._document = {**document, "servers": [{"url": HOST + base}]}
        schemes = document["components"].get("securitySchemes", {})
        for name, scheme in schemes.items():
            # openapi-core does not know OAuth; its token is a bearer token.
            is_oauth = scheme["type"] == "oauth2"
            schemes[name] = {"type": "http", "scheme": "bearer"} if is_oauth else scheme
        self._base = base
        self._api = OpenAPI.from_dict(self._document)

    def schema(self, name: str) -> dict[str, Any]:
        """A schema by its name."""
        return self._document["components"]["schemas"][name]

    def describes(self, seen: Seen) -> bool:
        """Whether this endpoint exists."""
        return self._operation(seen) is not None

    def check(self, seen: Seen, *, untold: Collection[int] = ()) -> None:
        """Check a request and its answer against the description.

        `untold` are the vendor's answer statuses that its description lacks.
        """
        request, answer = _request(seen), _answer(seen)
        problems = [*self._problems_by_hand(seen)]
        problems += [_told(each) for each in self._api.iter_request_errors(request)]
        if seen.status not in untold:
            problems += [_told(each) for each in self._api.iter_response_errors(request, answer)]
        assert not problems, f"{seen.method} {seen.path}, {seen.status}: {problems}"

    def _problems_by_hand(self, seen: Seen) -> Iterator[str]:
        """Problems that openapi-core ignores: unknown fields, and some missing ones."""
        operation = self._operation(seen)
        if operation is None:
            return
        parameters = [self._resolved(each) for each in operation.get("parameters", [])]
        in_query = {each["name"]: each for each in parameters if each["in"] == "query"}
        sent = dict(parse_qsl(urlsplit(seen.path).query, keep_blank_values=True))
        yield from (f"unknown query parameter {name}" for name in sent.keys() - in_query)
        needed = {name for name, each in in_query.items() if each.get("required")}
        yield from (f"missing query parameter {name}" for name in needed - sent.keys())
        yield from self._unknown_fields(operation, seen)

    def _unknown_fields(self, operation: dict[str, Any], seen: Seen) -> Iterator[str]:
        if not seen.body:
            return
        of_body = self._resolved(operation.get("requestBody", {})).get("content", {})
        kind = seen.headers.get("Content-Type", "")
        if kind not in of_body:
            yield f"a body of the kind {kind!r}"
            return
        body: Any
        if kind == "application/x-www-form-urlencoded":
            body = dict(parse_qsl(seen.body.decode(), keep_blank_values=True))
        else:
            body = json.loads(seen.body)
        yield from self._unknown_within(of_body[kind]["schema"], body)

    def _unknown_within(self, schema: dict[str, Any], value: Any) -> Iterator[str]:
        properties = self._resolved(schema).get("properties", {})
        if not isinstance(value, dict) or not properties:
            return
        yield from (f"unknown field {name}" for name in value.keys() - properties)
        for name in value.keys() & properties.keys():
            yield from self._unknown_within(properties[name], value[name])

    def _operation(self, seen: Seen) -> dict[str, Any] | None:
        path = urlsplit(seen.path).path
        for template, operations in self._document["paths"].items():
            pattern = re.sub(r"\\\{[^/]*?\\\}", "[^/]+", re.escape(self._base + template))
            if re.fullmatch(pattern, path):
                of_all = operations.get("parameters", [])
                operation = operations.get(seen.method.lower())
                return operation and {
                    **operation,
                    "parameters": [*of_all, *operation.get("parameters", [])],
                }
        return None

    def _resolved(self, node: dict[str, Any]) -> dict[str, Any]:
        if "$ref" not in node:
            return node
        found: Any = self._document
        for step in node["$ref"].removeprefix("#/").split("/"):
            found = found[step.replace("~1", "/").replace("~0", "~")]
        return self._resolved(found)


def _request(seen: Seen) -> MockRequest:
    split = urlsplit(seen.path)
    return MockRequest(
        HOST,
        seen.method,
        unquote(split.path),
        args=dict(parse_qsl(split.query, keep_blank_values=True)),
        headers=seen.headers,
        data=seen.body or None,
        content_type=seen.headers.get("Content-Type", ""),
    )


def _answer(seen: Seen) -> MockResponse:
    return MockResponse(seen.answer, seen.status, content_type=seen.answer_type)


def _told(error: BaseException) -> str:
    of_schema = getattr(error.__cause__, "schema_errors", ())
    return "; ".join(each.message for each in of_schema) or f"{error} {error.__cause__ or ''}"
