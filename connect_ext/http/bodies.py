"""Bodies of answers: read whole within a bound, and judged before anything parses them."""

from __future__ import annotations

import httpx

PARTS_OF_JSON = (b"[", b"{", b":", b",")

SLICE_BYTES = 64 * 1024
"""The most that is counted at once: a body of nothing but parts is known by its beginning."""


def is_compressed(response: httpx.Response) -> bool:
    """Whether the body is encoded, although that was declined: it could grow a thousandfold."""
    encoding: str = response.headers.get("content-encoding", "identity")
    return encoding != "identity"


async def whole_body(response: httpx.Response, most_bytes: int) -> bytes | None:
    """The body as it came, or None if it is longer; raise httpx's errors."""
    chunks, size = [], 0
    async for chunk in response.aiter_raw():
        size += len(chunk)
        if size > most_bytes:
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
