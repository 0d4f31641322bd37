"""One operation, sent once, and what its answer says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from connect_ext.vendors.http_client import Call, HttpClient
from connect_ext.vendors.zuora_soap.answers import Reply, UnreadableError, read_reply
from connect_ext.vendors.zuora_soap.faults import error_in, without_sense

Result = TypeVar("Result")

# An empty SOAPAction, as the WSDLs have it (facts/zuora.md 1.2).
_HEADERS = (("Content-Type", "text/xml; charset=UTF-8"), ("SOAPAction", '""'))


@dataclass(frozen=True)
class Operation(Generic[Result]):
    """What is asked of Zuora."""

    name: str
    """The operation's name in the WSDL."""
    build: Callable[[str], bytes] = field(repr=False)
    """Builds the envelope for a session's token."""
    read: Callable[[Reply], Result]
    changes: bool = False
    label: str = ""
    """What messages call it."""


async def exchange(
    http: HttpClient, url: str, session: str, operation: Operation[Result]
) -> Result:
    """Send an operation once and read its answer.

    Raises ``SessionLost``, ``Refused`` (where ``changes``), and the errors of ``HttpClient``.
    """
    label = operation.label or f"the {operation.name} call (ZUORA_SOAP_URL)"
    content = operation.build(session)
    call = Call(label, "POST", url, _HEADERS, content, changes=operation.changes)
    answer = await http.send(call)
    try:
        reply = read_reply(answer.body, operation.name)
        error = error_in(call, answer, reply)
        if error:
            raise error
        if answer.status >= 300:
            raise UnreadableError("is no success and no fault")
        return operation.read(reply)
    except UnreadableError as unreadable:
        raise without_sense(call, answer, unreadable) from None
