"""Zuora's answers, parsed into frozen values.

Names are compared without their namespace, since the server answers in the namespaces of both
SOAP 1.1 and SOAP 1.2; unset fields are absent or nil (docs/facts.md, Zuora 1.3, 1.6).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from lxml import etree

from connect_ext.http.bodies import has_too_many_parts
from connect_ext.http.client import MAX_ANSWER_PARTS
from connect_ext.vendors.zuora_soap.envelopes import SOAP, SOAP_12, XSI

_ENVELOPES = (f"{{{SOAP}}}Envelope", f"{{{SOAP_12}}}Envelope")
_NIL = f"{{{XSI}}}nil"
_AMOUNT = re.compile(r"[+-]?\d{1,18}(\.\d{1,18})?")
_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d:\d\d)(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?", re.ASCII
)
# The later of Pacific time's two offsets: no subscription may look ended before it is.
_PACIFIC = timezone(timedelta(hours=-8))


MAX_MESSAGE_CHARACTERS = 4000
"""More of an error is not read."""


class UnreadableError(Exception):
    """The answer cannot be understood; the text completes 'the answer …'."""


@dataclass(frozen=True)
class VendorError:
    """One of Zuora's errors: a fault of the whole call, or the error of a row."""

    code: str
    message: str = field(repr=False)
    """The vendor's free text; it may hold anything."""


@dataclass(frozen=True)
class Reply:
    """The answer to one operation."""

    fault: VendorError | None = None
    errors: tuple[VendorError, ...] = ()
    succeeded: bool = False
    """Whether any row reports ``Success``."""
    rows: tuple[etree._Element, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class LoginResult:
    """An open session."""

    session: str = field(repr=False)
    server_url: str


@dataclass(frozen=True)
class SubscriptionVersion:
    """One version of a subscription, as Zuora stores it."""

    id: str
    number: str = field(repr=False)
    status: str
    """Zuora's own word."""
    version: int
    ends_at: datetime | None
    begins_at: datetime | None
    """When its contract takes effect, the first day on which Zuora cancels it."""
    term_ends_at: datetime | None
    """The end of its term, the last day on which Zuora cancels it; evergreen ones have none."""


@dataclass(frozen=True)
class AmendmentRecord:
    """An amendment that exists already."""

    id: str
    name: str
    status: str
    """Zuora's own word."""
    subscription_id: str
    type: str


@dataclass(frozen=True)
class Preview:
    """The sums that an amendment would bill, with Zuora's sign."""

    items: int
    charges: Decimal
    taxes: Decimal


def read_reply(body: bytes, operation: str) -> Reply:
    """Parse the answer to an operation; raises ``UnreadableError``."""
    payload = _payload(_parsed(body))
    if _local(payload) == "Fault":
        return Reply(fault=_fault(payload))
    if _local(payload) != f"{operation}Response":
        raise UnreadableError("belongs to another call")
    rows = tuple(row for row in payload if _local(row) in ("result", "results"))
    return Reply(
        errors=tuple(error for row in rows for error in _row_errors(row)),
        succeeded=any(_says_success(row) for row in rows),
        rows=rows,
    )


def login_result(reply: Reply) -> LoginResult:
    """Read an opened session."""
    row = _only_row(reply)
    session = _text(row, "Session")
    if not session or len(session) > MAX_MESSAGE_CHARACTERS:
        raise UnreadableError("holds no session that can be used")
    return LoginResult(session, _text(row, "ServerUrl"))


def saved_id(reply: Reply) -> str:
    """Read the id of an object that was created or updated."""
    identity = _text(_successful_row(reply), "Id")
    if not identity:
        raise UnreadableError("holds no id")
    return identity


def amendment_ids(reply: Reply) -> tuple[str, ...]:
    """Read the ids of the new amendments; none means that nothing was stored."""
    row = _successful_row(reply)
    texts = tuple((node.text or "").strip() for node in _children(row, "AmendmentIds"))
    return tuple(text for text in texts if text)


def preview(reply: Reply) -> Preview:
    """Read a preview's sums."""
    row = _successful_row(reply)
    items = [
        item for data in _children(row, "InvoiceDatas") for item in _children(data, "InvoiceItem")
    ]
    return Preview(
        items=len(items),
        charges=sum((_amount(item, "ChargeAmount") for item in items), Decimal(0)),
        taxes=sum((_amount(item, "TaxAmount") for item in items), Decimal(0)),
    )


def subscription_versions(reply: Reply) -> tuple[SubscriptionVersion, ...]:
    """Read the versions of a subscription that a query found."""
    return tuple(_subscription_version(record) for record in _records(reply))


def amendments(reply: Reply) -> tuple[AmendmentRecord, ...]:
    """Read the amendments that a query found."""
    return tuple(
        AmendmentRecord(
            id=_text(record, "Id"),
            name=_text(record, "Name"),
            status=_text(record, "Status"),
            subscription_id=_text(record, "SubscriptionId"),
            type=_text(record, "Type"),
        )
        for record in _records(reply)
    )


def plain(status: str) -> str:
    """The status in lower case, without the blanks that some of Zuora's pages write into it."""
    return "".join(status.split()).lower()


def _subscription_version(record: etree._Element) -> SubscriptionVersion:
    identity, number = _text(record, "Id"), _text(record, "Name")
    version = _text(record, "Version")
    if not identity or not number:
        raise UnreadableError("holds a subscription without an id or without a number")
    if version and not re.fullmatch(r"\d{1,9}", version, re.ASCII):
        raise UnreadableError("holds a version that is not a number")
    return SubscriptionVersion(
        id=identity,
        number=number,
        status=_text(record, "Status"),
        version=int(version or "0"),
        ends_at=_moment(_text(record, "CancelledDate") or _text(record, "SubscriptionEndDate")),
        begins_at=_moment_if_any(_text(record, "ContractEffectiveDate")),
        term_ends_at=_moment_if_any(_text(record, "TermEndDate")),
    )


def _parsed(body: bytes) -> etree._Element:
    # Before parsing: a declaration can take minutes to read.
    if b"<!DOCTYPE" in body:
        raise UnreadableError("declares a document type, which SOAP forbids")
    if has_too_many_parts(body, MAX_ANSWER_PARTS, (b"<", b"=")):
        raise UnreadableError("has more elements than Zuora ever sends")
    # A new parser for each answer: a shared one keeps the errors of the last answer.
    parser = etree.XMLParser(
        # The parts cannot be counted in any other encoding.
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


def _payload(envelope: etree._Element) -> etree._Element:
    body = _child(envelope, "Body") if envelope.tag in _ENVELOPES else None
    if body is None or len(body) == 0:
        raise UnreadableError("is not a SOAP envelope")
    return body[0]


def _fault(fault: etree._Element) -> VendorError:
    """Read a fault of SOAP 1.1 or 1.2; Zuora's own detail takes precedence."""
    fields: dict[str, str] = {}
    for node in fault.iter():
        if (node.text or "").strip():
            fields.setdefault(_local(node), (node.text or "").strip())
    code = fields.get("FaultCode") or fields.get("faultcode") or fields.get("Value", "")
    message = fields.get("FaultMessage") or fields.get("faultstring") or fields.get("Text", "")
    return _error(code.rpartition(":")[2], message)


def _error(code: str, message: str) -> VendorError:
    # Cut before any expression is matched against it.
    return VendorError(code[:MAX_MESSAGE_CHARACTERS], message[:MAX_MESSAGE_CHARACTERS])


def _row_errors(row: etree._Element) -> Iterator[VendorError]:
    # The answer to delete spells these names in lower case.
    for node in row:
        if _local(node).lower() == "errors" and not _is_nil(node):
            code = _text(node, "Code") or _text(node, "code")
            yield _error(code, _text(node, "Message") or _text(node, "message"))


def _says_success(row: etree._Element) -> bool:
    return (_text(row, "Success") or _text(row, "success")) in ("true", "1")


def _only_row(reply: Reply) -> etree._Element:
    if len(reply.rows) != 1:
        raise UnreadableError(f"holds {len(reply.rows)} results instead of one")
    return reply.rows[0]


def _successful_row(reply: Reply) -> etree._Element:
    row = _only_row(reply)
    if not _says_success(row):
        raise UnreadableError("reports neither success nor an error")
    return row


def _records(reply: Reply) -> list[etree._Element]:
    row = _only_row(reply)
    if _text(row, "done") not in ("true", "1"):
        raise UnreadableError("is incomplete")
    # An empty result holds one nil record.
    return _children(row, "records")


def _amount(item: etree._Element, name: str) -> Decimal:
    text = _text(item, name) or "0"
    if not _AMOUNT.fullmatch(text):
        raise UnreadableError("holds an amount that is not a number")
    return Decimal(text)


def _moment(text: str) -> datetime | None:
    """Read an ``xs:date`` as midnight UTC, or an ``xs:dateTime``.

    Zuora takes a dateTime without a zone for Pacific time (docs/facts.md, Zuora 2.3).
    """
    if not text:
        return None
    match = _MOMENT.fullmatch(text)
    try:
        if match:
            day, time, zone = match.groups()
            moment = datetime.fromisoformat(f"{day}T{time or '00:00:00'}{_offset(zone)}")
            return moment if moment.tzinfo else moment.replace(tzinfo=_zone_of(time))
    except ValueError:
        pass
    raise UnreadableError("holds a date that is not one")


def _moment_if_any(text: str) -> datetime | None:
    """Read a date that only helps to choose another one, so an unreadable one does no harm."""
    try:
        return _moment(text)
    except UnreadableError:
        return None


def _offset(zone: str | None) -> str:
    return "+00:00" if zone == "Z" else zone or ""


def _zone_of(time: str | None) -> timezone:
    return _PACIFIC if time else timezone.utc


def _text(node: etree._Element, name: str) -> str:
    texts = {(child.text or "").strip() for child in _children(node, name)}
    if len(texts) > 1:
        raise UnreadableError("says two things under one name")
    return texts.pop() if texts else ""


def _child(node: etree._Element, name: str) -> etree._Element | None:
    return next(iter(_children(node, name)), None)


def _children(node: etree._Element, name: str) -> list[etree._Element]:
    return [child for child in node if _local(child) == name and not _is_nil(child)]


def _is_nil(node: etree._Element) -> bool:
    return node.get(_NIL) in ("true", "1")


def _local(node: etree._Element) -> str:
    return str(node.tag).rpartition("}")[2]
