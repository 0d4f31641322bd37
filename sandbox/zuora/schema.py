"""Reads a call strictly: refuses everything that its version's schema refuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from lxml import etree

from sandbox.zuora import values
from sandbox.zuora.fields import (
    API,
    HEADERS,
    HEADERS_OF,
    HEADERS_SINCE,
    OBJECT,
    OBJECTS,
    OPERATIONS,
    OPERATIONS_SINCE,
    TYPES,
    Field,
    Type,
)

SCHEMA = "http://www.w3.org/2001/XMLSchema"
INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_NIL, _TYPE = f"{{{INSTANCE}}}nil", f"{{{INSTANCE}}}type"
_HINTS = (f"{{{INSTANCE}}}schemaLocation", f"{{{INSTANCE}}}noNamespaceSchemaLocation")

Element: TypeAlias = etree._Element


class SchemaError(Exception):
    """The call violates the version's schema; `code` is that of the fault."""

    def __init__(self, message: str, code: str = "INVALID_FIELD") -> None:
        super().__init__(message)
        self.message = message
        self.code = code


def check_operation(version: float, element: Element) -> str:
    """The operation of a body's element. Raises SchemaError if it is invalid."""
    name = etree.QName(element)
    operation = OPERATIONS.get(name.localname) if name.namespace == API else None
    if operation is None or version < OPERATIONS_SINCE.get(name.localname, 0):
        raise SchemaError(f"The operation {name.localname} is not found", "UNKNOWN_ERROR")
    _check_attributes(element)
    _check_sequence(version, element, operation)
    return name.localname


def check_header(version: float, operation: str, element: Element) -> str:
    """The name of a header. Raises SchemaError if the operation does not take it."""
    name = etree.QName(element)
    known = name.namespace == API and name.localname in HEADERS_OF[operation]
    if not known or version < HEADERS_SINCE.get(name.localname, 0):
        raise SchemaError(f"Unexpected header {name.localname}")
    _check_attributes(element, *(a for a in element.attrib if str(a).startswith(f"{{{SOAP}}}")))
    _check_sequence(version, element, HEADERS[name.localname])
    return name.localname


def named_type(element: Element) -> tuple[str | None, str] | None:
    """The namespace and the name in xsi:type, if there is one. Raises SchemaError if the prefix is
    not declared.
    """
    text = element.get(_TYPE)
    if text is None:
        return None
    prefix, colon, local = text.strip().rpartition(":")
    if colon and prefix not in element.nsmap:
        raise SchemaError(f"The prefix of the type {text} is not declared", "INVALID_TYPE")
    return element.nsmap.get(prefix or None), local


def is_nil(element: Element) -> bool:
    """Whether the element is nil."""
    return values.is_true(element.get(_NIL))


def children(element: Element) -> Iterator[Element]:
    """The child elements; the parser has removed the comments."""
    return iter(element)


def _check_sequence(version: float, element: Element, kind: Type) -> None:
    _check_no_text(element)
    fields = kind.at(version)
    position, found = 0, set[str]()
    for child in children(element):
        position = _position(child, kind.namespace, fields, position)
        field = fields[position]
        if field.name in found and not field.many:
            raise SchemaError(f"Unexpected subelement {field.name}")
        found.add(field.name)
        _check_field(version, child, field)
    for field in fields:
        if field.required and field.name not in found:
            raise SchemaError(f"{field.name} cannot be null", "MISSING_REQUIRED_VALUE")


def _position(child: Element, namespace: str, fields: tuple[Field, ...], start: int) -> int:
    """A child's place in the sequence. Raises SchemaError if it is in the wrong place."""
    name = etree.QName(child)
    for position in range(start, len(fields)):
        if (name.namespace, name.localname) == (namespace, fields[position].name):
            return position
    raise SchemaError(f"Unexpected subelement {name.localname}")


def _check_field(version: float, element: Element, field: Field) -> None:
    if field.kind == "anything":
        return
    _check_attributes(element, _NIL, _TYPE)
    nil = element.get(_NIL)
    if nil is not None and not (field.nillable and values.is_valid(version, "boolean", nil)):
        raise SchemaError(f"{field.name} cannot be nil", "INVALID_VALUE")
    kind = _kind(version, element, field)
    if nil is not None and is_nil(element):
        if len(element) or element.text:
            raise SchemaError(f"{field.name} is nil and has a value", "INVALID_VALUE")
    elif kind in TYPES:
        _check_sequence(version, element, TYPES[kind])
    elif len(element) or not values.is_valid(version, kind, element.text or ""):
        raise SchemaError(f"Invalid value for {field.name}", "INVALID_VALUE")


def _kind(version: float, element: Element, field: Field) -> str:
    """The type of an element; xsi:type may repeat it, and must name the type of an object."""
    said = named_type(element)
    if field.kind == "object":
        if said is None or said[0] != OBJECT or said[1] not in OBJECTS:
            raise SchemaError(f"Invalid type of {field.name}", "INVALID_TYPE")
        return said[1]
    kind = values.type_at(version, field.kind)
    if said is not None and said != (_namespace_of(kind), kind):
        raise SchemaError(f"Invalid type of {field.name}", "INVALID_TYPE")
    return kind


def _namespace_of(kind: str) -> str:
    if kind in TYPES:
        return OBJECT if kind in OBJECTS else API
    return API if kind == "ID" else SCHEMA


def _check_attributes(element: Element, *allowed: object) -> None:
    for name in element.attrib:
        if name not in allowed and name not in _HINTS:
            raise SchemaError(f"Unexpected attribute {etree.QName(str(name)).localname}")


def _check_no_text(element: Element) -> None:
    texts = [element.text, *(child.tail for child in element)]
    if any(text and text.strip() for text in texts):
        raise SchemaError(f"Unexpected text in {etree.QName(element).localname}")
