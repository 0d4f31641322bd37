"""The worst known answers: whole exchanges, as the bytes that a server sends."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.hostile.recipes import Recipe, Run

MEGABYTE = 1024 * 1024
LONGEST = 5 * MEGABYTE - 100
NOTE = b'{"type":"private","account":{"id":"VA-1"},"created":"2026-03-02T09:15:41Z","text":"%s"}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
ENVELOPE = b"<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'>%s</e:Envelope>"
ATTRIBUTES = b"<!ATTLIST a %s>" % b"".join(b"b%d CDATA 'x' " % n for n in range(100_000))


_ABOUT = (
    b'{"success":true,"id":"1","subscriptionNumber":"A-S00012345","status":"Active",'
    b'"accountNumber":"A","ratePlans":[%s1]}'
)


def answer(body: bytes, head: bytes = HEAD) -> bytes:
    """A complete answer with its length."""
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


def xml_answer(body: bytes) -> bytes:
    """A complete XML answer."""
    return answer(body, b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n")


def connects(body: bytes) -> bytes:
    """A complete answer from Connect, with no further page."""
    return answer(body, HEAD + b"Content-Range: items 0-0/1\r\n")


def filled(piece: bytes, begin: bytes = b"", end: bytes = b"", most: int = LONGEST) -> bytes:
    """A body of one piece, repeated as often as it fits."""
    return begin + piece * ((most - len(begin) - len(end)) // len(piece)) + end


def in_chunks(body: bytes, size: int, extension: bytes = b"") -> bytes:
    """An answer in chunks of this many bytes."""
    parts = (body[start : start + size] for start in range(0, len(body), size))
    chunks = b"".join(b"%x%s\r\n%s\r\n" % (len(part), extension, part) for part in parts)
    return HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"


def rest_status(text: str) -> bytes:
    """An answer with a status and a long text."""
    return answer(json.dumps({"status": "active", "message": text}).encode())


OF_REST: dict[str, Callable[[], bytes]] = {
    "JSON of commas": lambda: answer(filled(b"1,", b'{"items":[', b"1]}")),
    "JSON of brackets": lambda: answer(filled(b"[", most=LONGEST)),
    "JSON of empty objects": lambda: answer(filled(b"{},", b'{"items":[', b"{}]}")),
    "as many items as are read": lambda: answer(
        filled(b'{"a":1,"status":"x"},', b'{"items":[', b"{}]}", 80_000)
    ),
    "as many numbers as are read": lambda: answer(b'{"items":[' + b"1," * 19_000 + b"1]}"),
    "JSON of escapes": lambda: answer(filled(b"\\u0041", b'{"status":"', b'"}')),
    "JSON of digits": lambda: answer(filled(b"9" * 4000 + b",", b"[", b"1]")),
    "one text of megabytes": lambda: rest_status("a" * LONGEST),
    "a status of megabytes": lambda: answer(b'{"status":"' + b"\xc3\x9f" * 2_500_000 + b'"}'),
    "chunks of one byte": lambda: in_chunks(b" " * MEGABYTE, 1),
    "chunks of one byte with extensions": lambda: in_chunks(b" " * 300_000, 1, b";a=" + b"b" * 99),
    "chunks of a hundred bytes": lambda: in_chunks(b" " * LONGEST, 100),
    "heads before the answer": lambda: b"HTTP/1.1 103 Early Hints\r\n\r\n" * 200_000,
    "long heads before the answer": lambda: (
        (b"HTTP/1.1 103 Early\r\nLink: " + b"<a>," * 7000 + b"\r\n\r\n") * 150
    ),
    "a hundred cookies of 30 kB": lambda: answer(
        b"{}", HEAD + (b"Set-Cookie: " + b"a=b;" * 7500 + b"\r\n") * 100
    ),
    "a hundred links of 30 kB": lambda: answer(
        b"{}", HEAD + (b"Link: " + b"<a>; rel=b, " * 2500 + b"\r\n") * 100
    ),
    "a Retry-After of 30 kB": lambda: answer(
        b"{}", b"HTTP/1.1 503 No\r\nRetry-After: " + b"Mon, " * 6000 + b"\r\n"
    ),
    "a Retry-After of brackets": lambda: answer(
        b"{}", b"HTTP/1.1 503 No\r\nRetry-After: " + b"(" * 30_000 + b"\r\n"
    ),
    "a type of 30 kB": lambda: answer(
        b"{}", b"HTTP/1.1 200 OK\r\nContent-Type: " + b"a/b; " * 6000 + b"\r\n"
    ),
    "surplus after the answer": lambda: answer(b'{"status":"active"}') + b"x" * LONGEST,
    "a reason of e-mail addresses": lambda: answer(
        filled(b"a@b.c ", b'{"message":"', b'"}'), b"HTTP/1.1 422 No\r\n"
    ),
    "a reason in a list": lambda: answer(
        b'{"message":[' + b'"a",' * 19_000 + b'"a"]}', b"HTTP/1.1 422 No\r\n"
    ),
}

OF_ZUORA: dict[str, Callable[[], bytes]] = {
    "a DTD with attribute lists": lambda: b"<!DOCTYPE a [%s]><a/>" % (ATTRIBUTES * 2),
    "a DTD with entities": lambda: (
        b"<!DOCTYPE a [<!ENTITY b 'x'>%s]><a>&b;</a>"
        % b"".join(b"<!ENTITY c%d '&b;&b;'>" % n for n in range(100_000))
    ),
    "a fault of the word orders": lambda: _fault(b"orders " * 700_000),
    "a fault of orders and on": lambda: _fault(b"orders on " * 22_400),
    "a fault of blanks": lambda: _fault(b" " * LONGEST),
    "a fault of lock": lambda: _fault(b"lock " * 900_000),
    "as many rows as are read": lambda: _query(b"<records><Id>x</Id></records>" * 4_900),
    "as many rows of errors as are read": lambda: (
        ENVELOPE % (b"<e:Body><amendResponse>%s</amendResponse></e:Body>" % (_ERROR_ROW * 2_400))
    ),
    "one record of many fields": lambda: _query(b"<records>%s</records>" % (b"<a/>" * 19_000)),
    "as many attributes as are read": lambda: _query(
        b"<records %s/>" % b" ".join(b"a%d='x'" % n for n in range(19_000))
    ),
    "namespaces": lambda: _query(
        b"<records %s/>" % b" ".join(b"xmlns:a%d='x'" % n for n in range(19_000))
    ),
    "more elements than are read": lambda: _query(b"<a/>" * 1_000_000),
    "depth": lambda: _query(b"<a>" * 250 + b"</a>" * 250),
    "comments": lambda: _query(b"<!---->" * 15_000),
    "character references": lambda: _query(
        b"<records><Id>%s</Id></records>" % (b"&#65;" * 900_000)
    ),
    "entities of five letters": lambda: _fault(b"&quot;" * 800_000),
    "CDATA": lambda: _fault(b"<![CDATA[a]]>" * 15_000),
}

OF_ORDERS: dict[str, Callable[[], bytes]] = {
    "as many reasons as fit": lambda: _reasons(b'{"code":58730020},', 10**6),
    "as many reasons without a code": lambda: _reasons(b"{},", 49_000),
    "reasons with codes of 300 digits": lambda: _reasons(b'{"code":' + b"9" * 300 + b"},", 15_000),
    "reasons in no list": lambda: answer(
        b'{"reasons":{' + b",".join(b'"a%d":1' % n for n in range(40_000)) + b"}}"
    ),
    "a reason of megabytes": lambda: _reasons(
        b'{"code":58730020,"message":"' + b"a@b.c " * 800_000 + b'"},', 1
    ),
    "100,000 floats": lambda: answer(_ABOUT % ((b"1." + b"9" * 46 + b"e30,") * 99_000)),
    "100,000 parts of objects": lambda: answer(_ABOUT % (b'{"a":1},' * 33_000)),
    "100,000 empty lists": lambda: answer(_ABOUT % (b"[]," * 49_000)),
    "depth": lambda: answer(_ABOUT % (b"[" * 900 + b"]" * 900 + b",")),
    "more depth": lambda: answer(_ABOUT % (b'{"a":[' * 20_000)),
    "thousands of orders of our own": lambda: _orders(_order(b"Failed", 1), 5_200),
    "thousands of orders with thousands of actions": lambda: _orders(_order(b"Failed", 160), 118),
    "thousands of subscriptions in an order": lambda: _orders(
        b'{"orderNumber":"O-1","status":"Failed","subscriptions":[%s{}]},' % (b"{}," * 49_000), 1
    ),
    "orders with statuses of blanks": lambda: _orders(_order(b"F " * 50_000, 1), 45),
    "an answer to the order with a status of megabytes": lambda: answer(
        b'{"success":true,"orderNumber":"CONNECT-PR-3071-1051-2166-004","status":"%s","id":"a"}'
        % (b"Comp leted " * 450_000)
    ),
    "numbers of the older shape": lambda: answer(
        b'{"success":true,"orderNumber":"a","status":"b","subscriptionNumbers":[%s1]}'
        % (b"[[[[[[1]]]]]]," * 14_000)
    ),
    "a subscription with a status of blanks": lambda: answer(
        b'{"id":"1","subscriptionNumber":"A-S00012345","status":"%s"}' % (b"a " * 2_500_000)
    ),
    "a subscription with a number of megabytes": lambda: answer(
        b'{"id":"1","subscriptionNumber":"%s","status":"a"}' % (b"\xc3\x9f" * 2_500_000)
    ),
    "invoices with odd amounts": lambda: _invoices(
        b'{"amount":0.1},{"amount":-1e14},{"amount":1e-300},{"amount":123456789.123456789},', 8_000
    ),
    "items for days without end": lambda: _invoices(
        b'{"amount":1,"invoiceItems":[%s1]},' % (_ITEM * 24_000), 1
    ),
    "amounts of 300 digits": lambda: _invoices(b'{"amount":0.' + b"1" * 297 + b"},", 15_000),
    "an amount of megabytes": lambda: _invoices(b'{"amount":0.' + b"1" * 5_000_000 + b"},", 1),
    "a Zuora-Track-Id of 30 kB": lambda: answer(
        b"{}", HEAD + b"Zuora-Track-Id: " + b"PR-1, " * 5_000 + b"\r\n"
    ),
    "a ratelimit-reset of 30 kB": lambda: answer(
        b"{}", b"HTTP/1.1 429 No\r\nratelimit-reset: " + b"Mon, " * 6_000 + b"\r\n"
    ),
    "a hundred of them": lambda: answer(
        b"{}", b"HTTP/1.1 429 No\r\n" + (b"ratelimit-reset: " + b"(" * 30_000 + b"\r\n") * 100
    ),
    "a token of 16 kB": lambda: answer(
        b'{"access_token":"%s","expires_in":-%s}' % (b"a" * 16_384, b"9" * 300)
    ),
    "a scope with as many parts as are read": lambda: answer(
        filled(b"[],", b'{"access_token":"a","scope":[', b"1]}", 29_900)
    ),
    "a refused token with a text of megabytes": lambda: answer(
        filled(b"\\u0041", b'{"error":"', b'"}'), b"HTTP/1.1 400 No\r\n"
    ),
}
LIKE_OTHERS = {
    "reasons in no list",
    "100,000 parts of objects",
    "thousands of subscriptions in an order",
    "orders with statuses of blanks",
    "an answer to the order with a status of megabytes",
    "numbers of the older shape",
    "a subscription with a number of megabytes",
    "invoices with odd amounts",
    "an amount of megabytes",
    "a hundred of them",
    "a refused token with a text of megabytes",
}
"""Answers similar to one of the above; ``tools.worst_answers`` tries them too."""

OF_CONNECT: dict[str, Callable[[], bytes]] = {
    "one text of megabytes": lambda: connects(filled(b"a", b'[{"text":"', b'"}]')),
    "texts of escapes": lambda: connects(filled(b'"' + b"\\n" * 22 + b'",', b"[", b"1]")),
    "numbers of 4,000 digits": lambda: connects(filled(b"9" * 4000 + b",", b"[", b"1]")),
    "as many floats as are read": lambda: connects(
        filled(b"1." + b"9" * 46 + b"e30,", b"[", b"1]")
    ),
    "ninety-nine notes": lambda: connects(
        b"[" + b",".join([NOTE % (b"\\ud83d" * 4000)] * 99) + b"]"
    ),
}

OF_UNDO = [
    ("undo", OF_REST["as many items as are read"]),
    ("undo", OF_REST["one text of megabytes"]),
    ("undo", OF_REST["a reason of e-mail addresses"]),
    ("Zuora's delete", lambda: xml_answer(OF_ZUORA["as many rows of errors as are read"]())),
    ("Zuora's delete", lambda: xml_answer(_deleted(b"<results><id>x</id></results>" * 4_900))),
    ("deletion of an order", OF_ORDERS["as many reasons as fit"]),
    ("deletion of an order", OF_ORDERS["a reason of megabytes"]),
    (
        "deletion of an order",
        lambda: answer(filled(b"\\u0041", b'{"success":true,"orderNumber":"', b'"}')),
    ),
]
"""Answers to calls that undo a cancellation."""

_ITEM = b'{"serviceStartDate":"0001-01-01","serviceEndDate":"9999-12-31"},'
_ERROR_ROW = b"<results><Errors><Code>a</Code><Message>b</Message></Errors></results>"

# Found by ``python -m tools.worst_answers``, each the worst of its side at the time.
FOUND: list[tuple[str, Recipe]] = [
    (
        "look-up",
        Recipe(
            (Run(b'{"message":"0'), Run(b"\\\\.", 1_000_000), Run(b"\xf0\x9f\x98\x80{", 3154)),
            status=409,
            line=Run(b"Retry-After: " + b"Content-Type: " * 2000),
        ),
    ),
    (
        "Zuora",
        Recipe(
            (
                Run(b"<result>s><![CDATA[", 2067),
                Run(b"&<records>#65;", 83),
                Run(b"<e:Fault>", 2),
                Run(b"/>&#65;\n", 600_000),
                Run(b"&#;", 17_384),
            ),
            status=422,
        ),
    ),
    (
        "cancellation",
        Recipe((Run(b'{"items":['), Run(b"1,", 19_000), Run(b"1]}")), status=422),
    ),
    (
        "Zuora orders",
        Recipe(
            (
                Run(b'{"success":false,"reasons":[{"code":58730020,"message":"'),
                Run(b"a@b.c ", 900),
                Run(b'%411.1."}]}'),
            ),
            status=401,
            line=Run(b"X-Nothing: " + b"1)" * 14_000),
        ),
    ),
    (
        "Zuora orders",
        Recipe(
            (Run(b"{" + _ABOUT[16:-11]), Run(b'"x":"\xef\xac\x831e99'), Run(b"\\u0041", 800_000)),
            status=401,
            line=Run(b"X-Nothing: 1" + b"2026 1" * 10),
        ),
    ),
    (
        "Connect",
        Recipe((Run(b'"error":::'), Run(b'""-->', 5_000_000)), status=404),
    ),
    (
        "Connect",
        Recipe((Run(b'[{"text":"'), Run(b"a", 5_000_000), Run(b'"}]')), status=503),
    ),
]


def _reasons(reason: bytes, times: int) -> bytes:
    body = filled(reason, b'{"success":false,"reasons":[', b"{}]}", len(reason) * times + 40)
    return answer(body[:LONGEST], b"HTTP/1.1 400 No\r\n")


def _order(status: bytes, actions: int) -> bytes:
    marker = b'"CloudBlue Connect PR-3071-1051-2166-004"'
    listed = b'{"subscriptionNumber":"A-S00012345","orderActions":[%s{}]}' % (
        b'{"type":"x","changeReason":%s},' % marker * actions
    )
    return b'{"orderNumber":"O-1","status":"%s","subscriptions":[%s]},' % (status, listed)


def _orders(listed: bytes, times: int) -> bytes:
    return answer(b'{"success":true,"nextPage":"x","orders":[%s]}' % (listed * times)[:-1])


def _invoices(listed: bytes, times: int) -> bytes:
    documents = (listed * times)[:-1]
    result = b'{"invoices":[%s],"creditMemos":[{"amount":1}]}' % documents
    return answer(b'{"success":true,"previewResult":%s}' % result)


def _fault(text: bytes) -> bytes:
    fault = (
        b"<e:Body><e:Fault><faultcode>a</faultcode><faultstring>%s</faultstring></e:Fault></e:Body>"
    )
    return ENVELOPE % (fault % text)


def _deleted(rows: bytes) -> bytes:
    return ENVELOPE % (b"<e:Body><deleteResponse>%s</deleteResponse></e:Body>" % rows)


def _query(records: bytes) -> bytes:
    result = b"<queryResponse><result><done>true</done>%s</result></queryResponse>" % records
    return ENVELOPE % (b"<e:Body>%s</e:Body>" % result)
