"""Reads the elements of an answer without their namespaces.

The server answers in the namespaces of both SOAP 1.1 and SOAP 1.2; unset fields are absent or nil
(docs/facts.md, Zuora 1.3, 1.6).
"""

from __future__ import annotations

from lxml import etree

from connect_ext.http.bodies import has_too_many_parts
from connect_ext.http.client import MAX_ANSWER_PARTS
from connect_ext.vendors.zuora_soap.envelopes import SOAP, SOAP_12, XSI

Node = etree._Element

_ENVELOPES = (f"{{{SOAP}}}Envelope", f"{{{SOAP_12}}}Envelope")
_NIL = f"{{{XSI}}}nil"


class UnreadableError(Exception):
    """The answer cannot be understood; the text completes 'the answer …'."""


def payload(body: bytes) -> Node:
    """The one element in the body of an envelope; raises ``UnreadableError``."""
    envelope = _parsed(body)
    found = child(envelope, "Body") if envelope.tag in _ENVELOPES else None
    if found is None or len(found) == 0:
        raise UnreadableError("is not a SOAP envelope")
    return found[0]


def _parsed(body: bytes) -> Node:
    # Checked before parsing: a declaration can take minutes to read.
    if b"<!DOCTYPE" in body:
        raise UnreadableError("declares a document type, which SOAP forbids")
    if has_too_many_parts(body, MAX_ANSWER_PARTS, (b"<", b"=")):
        raise UnreadableError("has more elements than Zuora ever sends")
    # A new parser for each answer: a shared one keeps the errors of earlier answers.
    parser = etree.XMLParser(
        # The elements can be counted only in this encoding.
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.LxmlError, ValueError, LookupError):
        # The parser's message quotes the answer.
        raise UnreadableError("is not XML") from None
    return root


def text(node: Node, name: str) -> str:
    """The only text under a name; empty if there is none."""
    texts = {(each.text or "").strip() for each in children(node, name)}
    if len(texts) > 1:
        raise UnreadableError("has two values under one name")
    return texts.pop() if texts else ""


def child(node: Node, name: str) -> Node | None:
    """The first element with this name."""
    return next(iter(children(node, name)), None)


def children(node: Node, name: str) -> list[Node]:
    """The elements with this name that have a value."""
    return [each for each in node if local(each) == name and not is_nil(each)]


def is_nil(node: Node) -> bool:
    """Whether an element says that it has no value."""
    return node.get(_NIL) in ("true", "1")


def local(node: Node) -> str:
    """An element's name without its namespace."""
    return str(node.tag).rpartition("}")[2]
