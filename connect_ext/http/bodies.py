"""Reads bodies of answers up to a maximum size, and checks them before anything parses them."""

from __future__ import annotations

import json
from typing import Any

import httpx

PARTS_OF_JSON = (b"[", b"{", b":", b",")

MAX_ANSWER_BYTES = 5 * 1024 * 1024
"""A longer body is not read. A hundred of our notes have at most half as much."""

MAX_DIGITS = 300
"""The time to read a number grows with the square of its length."""

SLICE_BYTES = 64 * 1024
"""How much is counted at once: a body of nothing but parts is recognised by its beginning."""


def is_compressed(response: httpx.Response) -> bool:
    """Whether the body is compressed, although we declined that: it could grow a thousandfold."""
    encoding: str = response.headers.get("content-encoding", "identity")
    return encoding != "identity"


async def whole_body(response: httpx.Response) -> bytes | None:
    """The raw body, or None if it is too long; raises httpx's errors."""
    chunks, size = [], 0
    async for chunk in response.aiter_raw():
        size += len(chunk)
        if size > MAX_ANSWER_BYTES:
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def has_too_many_parts(body: bytes, most: int, marks: tuple[bytes, ...]) -> bool:
    """Whether a body has more than ``most`` of the marks that begin or separate its parts."""
    count = 0
    for start in range(0, len(body), SLICE_BYTES):
        piece = body[start : start + SLICE_BYTES]
        count += sum(piece.count(mark) for mark in marks)
        if count > most:
            return True
    return False


def read_json(body: bytes, most_parts: int) -> Any:
    """The JSON of a body; raises ``ValueError`` if it is unreadable or ambiguous."""
    if has_too_many_parts(body, most_parts, PARTS_OF_JSON):
        raise ValueError
    try:
        return json.loads(body, parse_int=_whole_number, object_pairs_hook=_unambiguous_object)
    except RecursionError:
        raise ValueError from None


def _whole_number(digits: str) -> int | str:
    """The number; one that is too long to count anything stays a text."""
    return int(digits) if len(digits) <= MAX_DIGITS else digits


def _unambiguous_object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object; if two members share a name, JSON leaves open which one counts (RFC 8259, 4)."""
    read = dict(members)
    if len(read) < len(members) and any(value != read[name] for name, value in members):
        raise ValueError
    return read
