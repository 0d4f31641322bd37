"""The faults of the matrix's rows, as a server produces them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from functools import cache

from aiohttp import web

from sandbox.faults import DropAfter, DropBefore, Fault, Respond, SlowDrip, Work, redirect
from tests.faults.faults import Silence
from tests.faults.matrix import Cell, Side
from tests.faults.rows import AFTER, GARBAGE
from tests.faults.world import ORDERS

RETRY_AFTER_SECONDS = 45
# The official client reads any body to its end, repeatedly.
HUGE, HUGE_FOR_CONNECT = 60 * 1024 * 1024, 6 * 1024 * 1024

_OTHER_SOAP = (
    b'<?xml version="1.0"?><e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/">'
    b'<e:Body><deleteResponse xmlns="http://api.zuora.com/"/></e:Body></e:Envelope>'
)


@cache
def _huge(size: int, *, speaks_xml: bool) -> bytes:
    """One for all cells, because each is kept until the matrix is over."""
    padding = b"x" * size
    if speaks_xml:
        return _OTHER_SOAP.replace(b"<deleteResponse", b"<p>%s</p><deleteResponse" % padding)
    return b'{"padding": "%s"}' % padding


def fault_of(cell: Cell, elsewhere: str) -> Fault:
    """The fault itself, if a server can produce it once called."""
    key, done = cell.row.key.removesuffix(AFTER), cell.row.work_is_done
    of_vendor = cell.column.side is Side.VENDOR
    if key == "reset":
        return DropAfter() if done else DropBefore()
    if key == "silent":
        return Silence(cell.column.given_up + 2.0 if of_vendor else 33.0, done)
    if key == "drip":
        body = _long(cell)
        seconds = (cell.column.given_up + 8.0) / len(body) if of_vendor else 1.0
        return SlowDrip(seconds, body, after_work=done)
    if key == "redirect":
        location = {"Location": f"{elsewhere}/{cell.column.key}"}
        return Respond(307, content_type="text/html", headers=location)
    if key == "see_other":
        return redirect("urn:job:1", 303, after_work=True)
    if key in GARBAGE:
        return _garbage(cell, key)
    status, _, how = key.partition("_")
    body, content_type = _error(cell)
    if how == "date":
        return _busy_until_a_date
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)} if how else {}
    return Respond(int(status), body, content_type, headers, after_work=done)


async def _busy_until_a_date(_: web.Request, __: Work, /) -> web.StreamResponse:
    moment = datetime.now(timezone.utc) + timedelta(seconds=RETRY_AFTER_SECONDS)
    return web.Response(status=429, headers={"Retry-After": format_datetime(moment, usegmt=True)})


def _error(cell: Cell) -> tuple[bytes, str]:
    if cell.column.speaks_xml or cell.column.kind == ORDERS:
        # With SOAP or reasons in it, it would be Zuora's own answer, not a fault on the way.
        return b"<html><body>sandbox</body></html>", "text/html"
    if cell.column.side is Side.VENDOR:
        return b'{"error": {"message": "sandbox"}}', "application/json"
    return b'{"error_code": "SBX_001", "errors": ["sandbox"]}', "application/json"


def _garbage(cell: Cell, key: str) -> Fault:
    body, content_type = b"", "text/xml" if cell.column.speaks_xml else "application/json"
    if key == "html":
        body, content_type = b"<!doctype html><html><body>Sandbox</body></html>", "text/html"
    elif key == "truncated":
        body = _long(cell)[:40]
    elif key == "wrong":
        body = _of_another_type(cell)
    elif key == "huge":
        size = HUGE if cell.column.side is Side.VENDOR else HUGE_FOR_CONNECT
        body = _huge(size, speaks_xml=cell.column.speaks_xml)
    return Respond(200, body, content_type, after_work=cell.row.work_is_done)


def _of_another_type(cell: Cell) -> bytes:
    if cell.column.speaks_xml:
        is_same = cell.column.call == "delete"
        return _OTHER_SOAP.replace(b"delete", b"create") if is_same else _OTHER_SOAP
    # A deletion needs nothing more than this answer.
    is_order = cell.column.kind == ORDERS and cell.column.call != "delete order"
    return b'{"success": true}' if is_order else b'["status", "cancelled"]'


def _long(cell: Cell) -> bytes:
    return _OTHER_SOAP if cell.column.speaks_xml else b'{"status": "pending", "more": "0123456789"}'
