"""Bodies of answers: read whole within a bound, and judged before anything parses them."""

from __future__ import annotations

import json
from typing import Any

import httpx

PARTS_OF_JSON = (b"[", b"{", b":", b",")

MAX_ANSWER_BYTES = 5 * 1024 * 1024
"""What is longer is not read. A hundred of our notes are at most half of it."""

MAX_DIGITS = 300
"""Reading a number of thousands of digits takes as long as its length squared."""

SLICE_BYTES = 64 * 1024
"""The most that is counted at once: a body of nothing but parts is known by its beginning."""


def is_compressed(response: httpx.Response) -> bool:
    """Whether the body is encoded, although that was declined: it could grow a thousandfold."""
    encoding: str = response.headers.get("content-encoding", "identity")
    return encoding != "identity"


async def whole_body(response: httpx.Response) -> bytes | None:
    """The body as it came, or None if it is longer; raise httpx's errors."""
    chunks, size = [], 0
    async for chunk in response.aiter_raw():
        size += len(chunk)
        if size > MAX_ANSWER_BYTES:
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def has_too_many_parts(body: bytes, most: int, marks: tuple[bytes, ...]) -> bool:
    """Whether a body has more of the marks that begin, or divide, its parts."""
    count = 0
    for start in range(0, len(body), SLICE_BYTES):
        piece = body[start : start + SLICE_BYTES]
        count += sum(piece.count(mark) for mark in marks)
        if count > most:
            return True
    return False


def read_json(body: bytes, most_parts: int) -> Any:
    """The JSON of a body; raise ``ValueError`` if it cannot be read or says two things at once."""
    if has_too_many_parts(body, most_parts, PARTS_OF_JSON):
        raise ValueError
    try:
        return json.loads(body, parse_int=_whole_number, object_pairs_hook=_unambiguous_object)
    except RecursionError:
        raise ValueError from None


def _whole_number(digits: str) -> int | str:
    """The number; one that is no number of anything stays a text."""
    return int(digits) if len(digits) <= MAX_DIGITS else digits


def _unambiguous_object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two members with one name, JSON does not say which one counts (RFC 8259, 4)."""
    read = dict(members)
    if len(read) < len(members) and any(value != read[name] for name, value in members):
        raise ValueError
    return read
