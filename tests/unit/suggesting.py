"""Shared by the tests of suggestions: proposals as variables, and answers read with them."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import httpx

from connect_ext.http.client import Answer, Call
from connect_ext.portal.policy import CancellationDate
from connect_ext.vendors.base import Subscription
from connect_ext.vendors.explaining import Suggestion
from connect_ext.vendors.rest.answers import AnswerReader
from connect_ext.vendors.rest.suggesting import suggestions
from tests.unit.builders import configuration

NOW = datetime(2026, 3, 2, 9, 15, 41, tzinfo=timezone.utc)
PAST, AHEAD = "2026-02-01T00:00:00Z", "2026-12-31T00:00:00Z"
PAST_SECONDS, AHEAD_SECONDS = 1_769_904_000, 1_798_675_200
"""Whether both have the same moments."""


def suggested(document: Any, asked_for: str = "", status: int = 200) -> tuple[Suggestion, ...]:
    return suggestions(status, document, asked_for, NOW)


def proposed(document: Any, asked_for: str = "", status: int = 200) -> dict[str, str]:
    """The proposed variables with their values."""
    found = [each for each in suggested(document, asked_for, status) if each.value]
    variables = {each.variable: each.value for each in found}
    assert len(variables) == len(found), "a variable is proposed twice"
    return variables


def questions(document: Any, asked_for: str = "") -> list[str]:
    """The variables that are left to a person."""
    return [each.grounds for each in suggested(document, asked_for) if not each.value]


def reader(variables: dict[str, str]) -> AnswerReader:
    """Reads answers like the extension with these variables."""
    return AnswerReader(configuration(**variables).default.vendor.own)


def read(variables: dict[str, str], document: Any, asked_for: str = "") -> Subscription:
    """The subscription that the extension reads in an answer with these variables."""
    answer = Answer(200, httpx.Headers(), json.dumps(document).encode())
    call = Call("the status request", "GET", "https://vendor.example/", changes=False)
    return reader(variables).subscription(answer, call, asked_for, CancellationDate.IMMEDIATE)
