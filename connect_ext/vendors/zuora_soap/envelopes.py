"""Builds the SOAP envelopes for Zuora.

The server expects the children of an element in schema order: for Zuora's objects ``Id`` first,
the rest alphabetically (docs/facts.md, Zuora 1.4, 1.5).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

from lxml import etree

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
API = "http://api.zuora.com/"
OBJECT = "http://object.api.zuora.com/"
XSI = "http://www.w3.org/2001/XMLSchema-instance"

_PREFIXES = {"soapenv": SOAP, "api": API, "obj": OBJECT, "xsi": XSI}

WithSession = Callable[[str], bytes]
"""Builds an envelope for a session's token; called again if the session is lost."""


@dataclass(frozen=True)
class Amendment:
    """The fields of an Amendment in schema order; empty ones are not sent."""

    id: str = ""
    contract_effective_date: str = ""
    customer_acceptance_date: str = ""
    description: str = ""
    effective_date: str = ""
    name: str = ""
    service_activation_date: str = ""
    status: str = ""
    subscription_id: str = ""
    type: str = ""


@dataclass(frozen=True)
class AmendOptions:
    """The billing that goes with an amendment.

    Zuora treats both as true if they are left out (docs/facts.md, Zuora 2.6).
    """

    generate_invoice: bool
    process_payments: bool


@dataclass(frozen=True)
class PreviewOptions:
    """How Zuora previews an amendment; a preview changes nothing (docs/facts.md, Zuora 2.6)."""

    can_leave_drafts_out: bool
    """From version 72 on, a preview can exclude the items of other drafts."""


def login(username: str, password: str) -> bytes:
    """Build the call that opens a session."""
    envelope, body = _envelope("")
    call = _add(body, API, "login")
    _add(call, API, "username", username)
    _add(call, API, "password", password)
    return _written(envelope)


def query(zoql: str) -> WithSession:
    """Build a query in ZOQL."""

    def build(session: str) -> bytes:
        envelope, body = _envelope(session)
        _add(_add(body, API, "query"), API, "queryString", zoql)
        return _written(envelope)

    return build


def create(amendment: Amendment, *, single_transaction: bool = False) -> WithSession:
    """Build the call that makes an amendment.

    Without ``single_transaction`` Zuora does not activate it (docs/facts.md, Zuora 2.5).
    """

    def build(session: str) -> bytes:
        envelope, body = _envelope(session, single_transaction=single_transaction)
        _add_object(_add(body, API, "create"), amendment)
        return _written(envelope)

    return build


def update(amendment: Amendment) -> WithSession:
    """Build the call that changes an amendment's fields."""

    def build(session: str) -> bytes:
        envelope, body = _envelope(session)
        _add_object(_add(body, API, "update"), amendment)
        return _written(envelope)

    return build


def delete(amendment_id: str) -> WithSession:
    """Build the call that deletes an amendment."""

    def build(session: str) -> bytes:
        envelope, body = _envelope(session)
        call = _add(body, API, "delete")
        _add(call, API, "type", "Amendment")
        _add(call, API, "ids", amendment_id)
        return _written(envelope)

    return build


def amend(
    amendment: Amendment, options: AmendOptions | None, preview: PreviewOptions | None = None
) -> WithSession:
    """Build the call that makes and activates an amendment, or previews it."""

    def build(session: str) -> bytes:
        envelope, body = _envelope(session)
        request = _add(_add(body, API, "amend"), API, "requests")
        _add_fields(_add(request, API, "Amendments"), amendment)
        if options:
            node = _add(request, API, "AmendOptions")
            _add(node, API, "GenerateInvoice", _flag(options.generate_invoice))
            _add(node, API, "ProcessPayments", _flag(options.process_payments))
        if preview:
            node = _add(request, API, "PreviewOptions")
            _add(node, API, "EnablePreviewMode", _flag(True))
            if preview.can_leave_drafts_out:
                _add(node, API, "IncludeExistingDraftInvoiceItems", _flag(False))
        return _written(envelope)

    return build


def _envelope(
    session: str, *, single_transaction: bool = False
) -> tuple[etree._Element, etree._Element]:
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap=_PREFIXES)
    if session:
        header = _add(envelope, SOAP, "Header")
        if single_transaction:
            options = _add(header, API, "CallOptions")
            _add(options, API, "useSingleTransaction", _flag(True))
        _add(_add(header, API, "SessionHeader"), API, "session", session)
    return envelope, _add(envelope, SOAP, "Body")


def _add_object(call: etree._Element, amendment: Amendment) -> None:
    node = _add(call, API, "zObjects")
    # The schema's type is the abstract zObject; the concrete type must be given.
    node.set(f"{{{XSI}}}type", "obj:Amendment")
    _add_fields(node, amendment)


def _add_fields(node: etree._Element, amendment: Amendment) -> None:
    for attribute, name in _NAMES.items():
        text = getattr(amendment, attribute)
        if text:
            _add(node, OBJECT, name, text)


_NAMES = {field.name: field.name.title().replace("_", "") for field in fields(Amendment)}


def _add(parent: etree._Element, namespace: str, name: str, text: str = "") -> etree._Element:
    node = etree.SubElement(parent, f"{{{namespace}}}{name}")
    if text:
        node.text = text
    return node


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _written(envelope: etree._Element) -> bytes:
    return etree.tostring(envelope, xml_declaration=True, encoding="UTF-8")
