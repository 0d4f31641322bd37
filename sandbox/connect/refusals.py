"""The platform's refusals, with its own error codes and texts (docs/facts.md, Connect 3.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Refusal(Exception):  # noqa: N818 - the platform's answer, not a fault of the sandbox
    """The platform refuses a call: an HTTP status and the body of its errors."""

    def __init__(
        self,
        status: int,
        error_code: str,
        *errors: str,
        params: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{status} {error_code} {' '.join(errors)}")
        self.status = status
        self.error_code = error_code
        self.errors = errors
        self.params = params

    def body(self) -> dict[str, Any]:
        """The JSON of the answer."""
        body: dict[str, Any] = {"error_code": self.error_code, "errors": list(self.errors)}
        if self.params is not None:
            body["params"] = dict(self.params)
        return body


def unauthorized() -> Refusal:
    """The key is missing or unknown."""
    return Refusal(401, "AUTH_001", "API request is unauthorized.")


def forbidden(error: str) -> Refusal:
    """The key is known but may not do this."""
    return Refusal(403, "AUTH_002", error)


def unknown(object_id: str) -> Refusal:
    """The object does not exist, or is hidden from this key."""
    return Refusal(404, "NOT_FOUND", f"Object `{object_id}` was not found.")


def invalid(error: str) -> Refusal:
    """A field of the body or the query is wrong."""
    return Refusal(400, "VAL_001", error)


def wrong_state(error: str) -> Refusal:
    """The request's status does not allow this."""
    return Refusal(400, "REQ_003", error)


def missing(*fields: str) -> Refusal:
    """Required fields are missing."""
    return Refusal(400, "REQ_005", f"Missed fields: {', '.join(fields)}.")
