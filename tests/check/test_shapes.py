"""The shape of an answer, and which of its words may be shown."""

from __future__ import annotations

import json

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_ext.check.shapes import MOST_LINES, shape_of
from connect_ext.http.client import Answer
from connect_ext.vendors.words import is_known_name, known_words_of
from tests.fuzz.hostile import bodies


def shape(body: object) -> list[str]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return list(shape_of(Answer(200, httpx.Headers(), content)))


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        (b" ", ["(empty)"]),
        (b"<!doctype html><p>x", ["HTML of 19 bytes"]),
        (b"service unavailable", ["not JSON: a text of 19 bytes"]),
        ("text", ["text"]),
        ([], ["list of 0"]),
        ({}, ["an object without keys"]),
        ([{"id": 1}, {"name": 2}], ["list of 2", "  id: number"]),
        (
            {"id": "1", "ok": True, "status": "x", "data": {"items": [{"id": 1}], "tags": []}},
            [
                "id, status: text",
                "ok: true or false",
                "data: object",
                "  tags: list of 0",
                "  items: list of 1",
                "    id: number",
            ],
        ),
        (
            {"Schmidt": {"id": 1}, "anna@x.example": 1, "customer_1234": 2, "id": None},
            ["id: null", "(3 keys that may be names)"],
        ),
        (
            b"<a:Envelope xmlns:a='x'><b:Status>1</b:Status><Schmidt/></a:Envelope>",
            ["XML of 69 bytes, with the elements", "  Envelope, Status"],
        ),
    ],
)
def test_it_has_keys_and_types_but_no_values(body, lines):
    assert shape(body) == lines


def test_long_answers_are_cut():
    wide = {f"{'data_' * 9}{letter}": {"id": 1} for letter in ("a", "i", "on", "of", "by", "to")}
    deep = {"data": {}}
    for _ in range(20):
        deep = {"data": deep}
    many = {"data": dict.fromkeys(("item", "items", "plan", "plans", "price", "prices"), wide)}
    assert shape(deep)[-1].strip() == "…"
    assert len(shape(many)) == MOST_LINES + 1
    assert shape(many)[-1].endswith(" more lines)")


@given(bodies)
def test_every_answer_has_a_shape(body):
    lines = shape(body)
    assert 0 < len(lines) <= MOST_LINES + 1


@pytest.mark.parametrize(
    "name",
    ["id", "currentTermEndsAt", "cancel_at_period_end", "SubscriptionEndDate", "@type", "data-id"],
)
def test_common_names_of_interfaces_are_known(name):
    assert is_known_name(name)


@pytest.mark.parametrize(
    "name",
    ["", "Anna", "annaSchmidt", "status_of_blauwal", "Łódź", "a b", "x" * 70, "order12345", "über"],
)
def test_other_names_are_not(name):
    assert not is_known_name(name)


def test_a_sentence_keeps_its_known_words():
    said = "The contract C-4711 of Łukasz O'Brien cannot be cancelled: contract_locked, sk_a8F."
    assert known_words_of(said) == (
        "The contract […] of […] cannot be cancelled: contract_locked, […]."
    )


@given(st.text())
def test_no_unknown_word_is_left_in_any_text(text):
    left = known_words_of(text).replace("[…]", " ")
    assert all(is_known_name(word) for word in left.split() if word.isascii() and word.isalpha())
