"""Parses Zuora's SOAP answers into frozen values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from connect_ext.vendors.zuora_soap import dates
from connect_ext.vendors.zuora_soap.dates import ZuoraDate
from connect_ext.vendors.zuora_soap.nodes import (
    Node,
    UnreadableError,
    children,
    is_nil,
    local,
    payload,
    text,
)

_AMOUNT = re.compile(r"[+-]?\d{1,18}(\.\d{1,18})?")

MAX_MESSAGE_CHARACTERS = 4000
"""The rest of an error is not read."""


@dataclass(frozen=True)
class VendorError:
    """An error from Zuora: a fault of the whole call, or an error of a row."""

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
    rows: tuple[Node, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class LoginResult:
    """An open session."""

    session: str = field(repr=False)
    server_url: str


@dataclass(frozen=True)
class SubscriptionVersion:
    """A stored version of a subscription."""

    id: str
    number: str = field(repr=False)
    status: str
    """In Zuora's own terms."""
    version: int
    previous_id: str
    """The version that this one superseded."""
    account_id: str = field(repr=False)
    ends: ZuoraDate | None
    begins: ZuoraDate | None
    """When its contract takes effect, the first day on which Zuora cancels it."""
    term_ends: ZuoraDate | None
    """The end of its term, the last day on which Zuora cancels it, if it can be read."""
    term_type: str
    """Empty in WSDL versions without the field."""
    has_term_end: bool
    """Whether it has an end date, readable or not."""

    @property
    def is_evergreen(self) -> bool:
        """Whether it has no fixed term."""
        return plain(self.term_type) == "evergreen" if self.term_type else not self.has_term_end


@dataclass(frozen=True)
class AmendmentRecord:
    """An existing amendment."""

    id: str
    name: str
    status: str
    """Zuora's own word."""
    subscription_id: str
    type: str


@dataclass(frozen=True)
class Preview:
    """The sums that an amendment would bill, with Zuora's signs."""

    charges: Decimal
    """Without tax."""
    taxes: Decimal
    period: tuple[date, date] | None
    """The first and last day of the service billed, if Zuora gives them."""


def read_reply(body: bytes, operation: str) -> Reply:
    """Parse the answer to an operation; raises ``UnreadableError``."""
    answer = payload(body)
    if local(answer) == "Fault":
        return Reply(fault=_fault(answer))
    if local(answer) != f"{operation}Response":
        raise UnreadableError("belongs to another call")
    rows = tuple(row for row in answer if local(row) in ("result", "results"))
    return Reply(
        errors=tuple(error for row in rows for error in _row_errors(row)),
        succeeded=any(_says_success(row) for row in rows),
        rows=rows,
    )


def login_result(reply: Reply) -> LoginResult:
    """Read an opened session."""
    row = _only_row(reply)
    session = text(row, "Session")
    if not session or len(session) > MAX_MESSAGE_CHARACTERS:
        raise UnreadableError("holds no session that can be used")
    return LoginResult(session, text(row, "ServerUrl"))


def saved_id(reply: Reply) -> str:
    """Read the id of an object that was created or updated."""
    identity = text(_successful_row(reply), "Id")
    if not identity:
        raise UnreadableError("holds no id")
    return identity


def amendment_ids(reply: Reply) -> tuple[str, ...]:
    """Read the ids of the new amendments; no id means that nothing was stored."""
    row = _successful_row(reply)
    texts = tuple((node.text or "").strip() for node in children(row, "AmendmentIds"))
    return tuple(identity for identity in texts if identity)


def deleted_id(reply: Reply) -> str:
    """Read the id of a deleted object; the answer to delete has its name in lower case."""
    row = _successful_row(reply)
    return text(row, "id") or text(row, "Id")


def preview(reply: Reply) -> Preview:
    """Read a preview's sums, and the period of service that they cover."""
    row = _successful_row(reply)
    items = [
        item for data in children(row, "InvoiceDatas") for item in children(data, "InvoiceItem")
    ]
    return Preview(
        charges=sum((_amount(item, "ChargeAmount") for item in items), Decimal(0)),
        taxes=sum((_amount(item, "TaxAmount") for item in items), Decimal(0)),
        period=_period(items),
    )


def subscription_versions(reply: Reply) -> tuple[SubscriptionVersion, ...]:
    """Read the versions of a subscription that a query found."""
    return tuple(_subscription_version(record) for record in records(reply))


def amendments(reply: Reply) -> tuple[AmendmentRecord, ...]:
    """Read the amendments that a query found."""
    return tuple(
        AmendmentRecord(
            id=text(record, "Id"),
            name=text(record, "Name"),
            status=text(record, "Status"),
            subscription_id=text(record, "SubscriptionId"),
            type=text(record, "Type"),
        )
        for record in records(reply)
    )


def records(reply: Reply) -> list[Node]:
    """The records that a query found; raises ``UnreadableError`` if some are missing."""
    row = _only_row(reply)
    if text(row, "done") not in ("true", "1"):
        raise UnreadableError("is incomplete")
    # An empty result holds one nil record.
    return children(row, "records")


def date_of(written: str) -> ZuoraDate | None:
    """Read a date, None for an empty text; raises ``UnreadableError``."""
    if not written:
        return None
    try:
        return dates.read(written)
    except ValueError:
        raise UnreadableError("holds an invalid date") from None


def plain(status: str) -> str:
    """The status in lower case, without the blanks that some of Zuora's pages add."""
    return "".join(status.split()).lower()


def _fault(fault: Node) -> VendorError:
    """Read a fault of SOAP 1.1 or 1.2; Zuora's own detail takes precedence."""
    fields: dict[str, str] = {}
    for node in fault.iter():
        if (node.text or "").strip():
            fields.setdefault(local(node), (node.text or "").strip())
    code = fields.get("FaultCode") or fields.get("faultcode") or fields.get("Value", "")
    message = fields.get("FaultMessage") or fields.get("faultstring") or fields.get("Text", "")
    return _error(code.rpartition(":")[2], message)


def _error(code: str, message: str) -> VendorError:
    # Cut before any pattern is matched against it.
    return VendorError(code[:MAX_MESSAGE_CHARACTERS], message[:MAX_MESSAGE_CHARACTERS])


def _row_errors(row: Node) -> Iterator[VendorError]:
    # The answer to delete has these names in lower case.
    for node in row:
        if local(node).lower() == "errors" and not is_nil(node):
            code = text(node, "Code") or text(node, "code")
            yield _error(code, text(node, "Message") or text(node, "message"))


def _says_success(row: Node) -> bool:
    return (text(row, "Success") or text(row, "success")) in ("true", "1")


def _only_row(reply: Reply) -> Node:
    if len(reply.rows) != 1:
        raise UnreadableError(f"holds {len(reply.rows)} results instead of one")
    return reply.rows[0]


def _successful_row(reply: Reply) -> Node:
    row = _only_row(reply)
    if not _says_success(row):
        raise UnreadableError("reports neither success nor an error")
    return row


def _amount(item: Node, name: str) -> Decimal:
    amount = text(item, name) or "0"
    if not _AMOUNT.fullmatch(amount):
        raise UnreadableError("holds an amount that is not a number")
    return Decimal(amount)


def _period(items: list[Node]) -> tuple[date, date] | None:
    """The days from the first service to the last; None if any is unknown."""
    starts = [_date_if_any(text(item, "ServiceStartDate")) for item in items]
    ends = [_date_if_any(text(item, "ServiceEndDate")) for item in items]
    days = [known.day for known in (*starts, *ends) if known]
    if not items or len(days) < 2 * len(items):
        return None
    return min(days), max(days)


def _subscription_version(record: Node) -> SubscriptionVersion:
    identity, number = text(record, "Id"), text(record, "Name")
    version = text(record, "Version")
    if not identity or not number:
        raise UnreadableError("holds a subscription without an id or without a number")
    if version and not re.fullmatch(r"\d{1,9}", version, re.ASCII):
        raise UnreadableError("holds a version that is not a number")
    term_ends = text(record, "TermEndDate")
    return SubscriptionVersion(
        id=identity,
        number=number,
        status=text(record, "Status"),
        version=int(version or "0"),
        previous_id=text(record, "PreviousSubscriptionId"),
        account_id=text(record, "AccountId"),
        ends=date_of(text(record, "CancelledDate") or text(record, "SubscriptionEndDate")),
        begins=_date_if_any(text(record, "ContractEffectiveDate")),
        term_ends=_date_if_any(term_ends),
        term_type=text(record, "TermType"),
        has_term_end=bool(term_ends),
    )


def _date_if_any(written: str) -> ZuoraDate | None:
    """Read a date that only helps to choose another; an unreadable one does no harm."""
    try:
        return dates.read(written)
    except ValueError:
        return None
