"""Envelopes: reads calls and writes answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from lxml import etree

from sandbox.zuora import values
from sandbox.zuora.fields import API, FAULT, OBJECT, OBJECTS, code_at
from sandbox.zuora.schema import (
    INSTANCE,
    SOAP,
    Element,
    SchemaError,
    check_header,
    check_operation,
    children,
    is_nil,
    named_type,
)

SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
# The limit for one call.
MAX_OBJECTS = 50
_FAULTS = {
    "INVALID_TYPE": "InvalidTypeFault",
    "MALFORMED_QUERY": "MalformedQueryFault",
}


class CallError(Exception):
    """The whole call is refused and nothing is done. Answered with HTTP 500."""

    def __init__(self, code: str, message: str, kind: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.kind = kind or _FAULTS.get(code, "UnexpectedErrorFault")


class RowError(Exception):
    """One object of a call is refused. Answered with HTTP 200 and `Success` false."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Envelope:
    """A well-formed call, not yet checked."""

    headers: tuple[Element, ...]
    body: Element

    @property
    def name(self) -> str:
        """The name of the body's element."""
        return etree.QName(self.body).localname

    @property
    def operation(self) -> str:
        """The operation; `preview` for an amend that only previews."""
        return "preview" if self.name == "amend" and self._is_preview() else self.name

    def texts(self) -> list[str]:
        """Every value in the body."""
        return [str(text) for text in self.body.itertext()]

    def objects(self) -> list[Element]:
        """The elements that get one result each in the answer."""
        tags = {"delete": "ids", "amend": "requests"}
        wanted = tags.get(self.name, "zObjects")
        return [child for child in children(self.body) if etree.QName(child).localname == wanted]

    def check(self, version: float) -> dict[str, Element]:
        """Check the call against the version's schema; the headers by name. Raises CallError."""
        try:
            operation = check_operation(version, self.body)
            return {check_header(version, operation, header): header for header in self.headers}
        except SchemaError as error:
            raise CallError(code_at(version, error.code), error.message) from error

    def _is_preview(self) -> bool:
        modes = self.body.iter(f"{{{API}}}EnablePreviewMode")
        return any(values.is_true(mode.text) for mode in modes)


def parse(raw: bytes) -> Envelope:
    """Read a call's envelope. Raises CallError."""
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(raw, parser)
    except etree.XMLSyntaxError as error:
        raise CallError("UNKNOWN_ERROR", "The envelope is not well-formed XML") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise CallError("UNKNOWN_ERROR", "A document type is not allowed")
    return _envelope(root)


def _envelope(root: Element) -> Envelope:
    parts = [etree.QName(child).text for child in root]
    body_only, with_header = [f"{{{SOAP}}}Body"], [f"{{{SOAP}}}Header", f"{{{SOAP}}}Body"]
    if root.tag != f"{{{SOAP}}}Envelope" or parts not in (body_only, with_header):
        raise CallError("UNKNOWN_ERROR", "A SOAP 1.1 envelope is expected")
    if len(root[-1]) != 1:
        raise CallError("UNKNOWN_ERROR", "One operation is expected in the body")
    headers = tuple(root[0]) if len(root) > 1 else ()
    return Envelope(headers, root[-1][0])


def value(element: Element, name: str) -> str | None:
    """The text of the child of that name, in any namespace; None if absent or nil."""
    for child in children(element):
        if etree.QName(child).localname == name:
            return None if is_nil(child) else (child.text or "")
    return None


def member(element: Element, name: str) -> Element | None:
    """The child of that name, in any namespace; None if absent or nil."""
    found = members(element, name)
    return found[0] if found else None


def members(element: Element, name: str) -> list[Element]:
    """The children of that name, in any namespace, that are not nil."""
    return [
        child
        for child in children(element)
        if etree.QName(child).localname == name and not is_nil(child)
    ]


def within_limit(objects: list[Element]) -> list[Element]:
    """The same objects. Raises CallError if one call has too many."""
    if len(objects) > MAX_OBJECTS:
        raise CallError("MAX_RECORDS_EXCEEDED", f"At most {MAX_OBJECTS} objects in a call")
    return objects


def object_type(element: Element) -> str:
    """The type of a checked zObject."""
    said = named_type(element)
    return said[1] if said else ""


def object_fields(version: float, element: Element, kind: str) -> dict[str, str | None]:
    """The fields of a checked object by their Python names; None where one is nil."""
    names = {field.name: field.attribute for field in OBJECTS[kind].at(version)}
    found: dict[str, str | None] = {}
    for child in children(element):
        name = etree.QName(child).localname
        if name == "fieldsToNull":
            found[names.get(child.text or "", "")] = None
        elif name not in ("Id", "RatePlanData"):
            found[names[name]] = None if is_nil(child) else (child.text or "")
    return found


# A name and its content: a text, None for nil, or parts. The prefix `obj:` stands for the objects'
# namespace; a type after the name and a blank becomes its xsi:type.
Content: TypeAlias = "str | list[Part] | None"
Part: TypeAlias = "tuple[str, Content]"


def answer(operation: str, results: Iterable[list[Part]], *, soap_12: bool = False) -> bytes:
    """The envelope of an operation's answer."""
    envelope, body = _new_envelope(soap_12)
    response = etree.SubElement(body, f"{{{API}}}{operation}Response", nsmap={"ns1": API})
    for parts in results:
        _append(response, ("results" if operation == "amend" else "result", list(parts)))
    return _serialised(envelope)


def fault(problem: CallError, *, soap_12: bool = False) -> bytes:
    """The envelope of a fault."""
    envelope, body = _new_envelope(soap_12)
    soap = SOAP_12 if soap_12 else SOAP
    element = etree.SubElement(body, f"{{{soap}}}Fault", nsmap={"fns": FAULT})
    etree.SubElement(element, "faultcode").text = f"fns:{problem.code}"
    etree.SubElement(element, "faultstring").text = problem.message
    detail = etree.SubElement(element, "detail")
    kind = etree.SubElement(detail, f"{{{FAULT}}}{problem.kind}")
    etree.SubElement(kind, f"{{{FAULT}}}FaultCode").text = problem.code
    etree.SubElement(kind, f"{{{FAULT}}}FaultMessage").text = problem.message
    return _serialised(envelope)


def row_error(operation: str, version: float, error: RowError) -> list[Part]:
    """The result of a refused object."""
    content: Content = [("Code", code_at(version, error.code)), ("Message", error.message)]
    if operation == "delete":
        return [("errors", content), ("success", "false")]
    return [("Errors", content), ("Success", "false")]


def record(kind: str, fields: list[Part]) -> Part:
    """A record of a query's answer."""
    return (f"records {kind}", [(f"obj:{name}", content) for name, content in fields])


def _new_envelope(soap_12: bool) -> tuple[Element, Element]:
    soap = SOAP_12 if soap_12 else SOAP
    envelope = etree.Element(f"{{{soap}}}Envelope", nsmap={"soapenv": soap})
    return envelope, etree.SubElement(envelope, f"{{{soap}}}Body")


def _append(parent: Element, part: Part) -> None:
    name, content = part
    name, _, kind = name.partition(" ")
    namespace = OBJECT if name.startswith("obj:") else API
    # Declared where they are used, as the real server does.
    nsmap = {"xsi": INSTANCE} if kind or content is None else {}
    if kind or namespace == OBJECT:
        nsmap["ns2"] = OBJECT
    element = etree.SubElement(parent, f"{{{namespace}}}{name.removeprefix('obj:')}", nsmap=nsmap)
    if kind:
        element.set(f"{{{INSTANCE}}}type", f"ns2:{kind}")
    if content is None:
        element.set(f"{{{INSTANCE}}}nil", "1")
    elif isinstance(content, str):
        element.text = content
    else:
        for inner in content:
            _append(element, inner)


def _serialised(envelope: Element) -> bytes:
    return etree.tostring(envelope, xml_declaration=True, encoding="UTF-8")
