"""Sends one operation once and reads its answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from connect_ext.http.aside import aside
from connect_ext.http.client import Answer, Call, HttpClient
from connect_ext.vendors.zuora_soap.answers import Reply, read_reply
from connect_ext.vendors.zuora_soap.faults import error_in, unreadable_reply
from connect_ext.vendors.zuora_soap.nodes import UnreadableError

Result = TypeVar("Result")

# The WSDLs prescribe an empty SOAPAction (docs/facts.md, Zuora 1.2).
HEADERS = (("Content-Type", "text/xml; charset=UTF-8"), ("SOAPAction", '""'))


@dataclass(frozen=True)
class Operation(Generic[Result]):
    """One operation of the API with its content."""

    name: str
    """Its name in the WSDL."""
    build: Callable[[str], bytes] = field(repr=False)
    """Builds the envelope for a session's token."""
    read: Callable[[Reply], Result]
    changes: bool = False
    label: str = ""
    """Its name in messages."""


async def exchange(
    http: HttpClient, url: str, session: str, operation: Operation[Result]
) -> Result:
    """Send an operation once and read its answer.

    Raises ``SessionLost``, ``Refused`` (where ``changes``), and the errors of ``HttpClient``.
    """
    label = operation.label or f"the {operation.name} call (ZUORA_SOAP_URL)"
    content = operation.build(session)
    call = Call(
        label, "POST", url, HEADERS, content, changes=operation.changes, address="ZUORA_SOAP_URL"
    )
    answer = await http.send(call)
    try:
        return await aside(len(answer.body), lambda: _result(operation, call, answer))
    except UnreadableError as unreadable:
        raise unreadable_reply(call, answer, unreadable) from None


def _result(operation: Operation[Result], call: Call, answer: Answer) -> Result:
    reply = read_reply(answer.body, operation.name)
    error = error_in(call, answer, reply)
    if error:
        raise error
    if answer.status >= 300:
        raise UnreadableError("is neither a success nor a fault")
    return operation.read(reply)
