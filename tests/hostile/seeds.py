"""The words that a search for the worst answers uses, and the answers that it begins with."""

from __future__ import annotations

from typing import Any

from tests.hostile.recipes import Recipe, Run


def _words(text: str) -> list[bytes]:
    return [word.encode() for word in text.split("|")]


LINES = _words(
    "Retry-After: |Content-Type: |Set-Cookie: |Link: |Date: |Content-Range: |X: |Connection: "
    '|Mon, |01 Jan |2026 |00:00:00 |GMT|items 0-9/|9|;|, |=|(|)|a|\\|"|charset=|utf-8|\t'
    "|Zuora-Track-Id: |ratelimit-reset: "
)
JSON_WORDS = _words(
    '{|}|[|]|,|:|"|"a":|"status":|"message":|"items":|"error":|"id":|"text":|"type":"private",'
    '|"created":|"2026-03-02T09:15:41Z"|"active"|"x"|""|null|true|1|-1|1.5|1e99|0.|9999999999'
    "|\\n|\\u0041|\\ud800|\\ud83d\\ude00|\\\\|a| |ß|ﬃ|😀|é|İ|.|@|/|&lt;|&amp;|%41|<b>|<b |-->|<!--"
    "|[x](|://|www.|a@b.c|+49 |(030) |DE00 |1234 |::|1.1.|Bearer |key=|eyJ|\\t|connect-ext cancel "
    "|orders |lock |Łódź |t0ken-of-the-|QUJD"
)
XML_WORDS = _words(
    "<a>|</a>|<a/>|<a |b='c' |/>|>|<|<records>|</records>|<records/>|<Id>|</Id>|<Name>|</Name>"
    "|<Status>|<results>|</results>|<result>|</result>|<Errors>|</Errors>|<Code>|</Code>|<Message>"
    "|</Message>|<e:Fault>|</e:Fault>|<faultstring>|</faultstring>|<InvoiceDatas>|</InvoiceDatas>"
    "|<InvoiceItem>|</InvoiceItem>|<ChargeAmount>|</ChargeAmount>|xmlns:a='b' |xmlns='c' |xsi:nil="
    "|'true'|<!--|-->|<![CDATA[|]]>|<?a|?>|&#65;|&amp;|&quot;|&|;|<!DOCTYPE a [|<!ENTITY b 'c'>"
    "|<!ATTLIST a b CDATA ''>|orders |on |enabled |lock |optimistic |1|9|.|-|2026-03-02|T|\n| |a|ß"
    "|😀|<AmendmentIds>|</AmendmentIds>|<Session>|</Session>|<done>true</done>"
)
ORDERS_WORDS = JSON_WORDS + _words(
    '"success":true,|"success":false,|"reasons":[|"code":58730020,|"code":50000040,|"code":9|"orders"'
    ':[|"order":{|"orderNumber":|"CONNECT-PR-3071-1051-2166-004",|"subscriptions":[|"O-1",'
    '|"subscriptionNumber":"A-S00012345",|"subscriptionNumbers":[|"orderActions":[|"changeReason":'
    '|"CloudBlue Connect PR-3071-1051-2166-004"|"description":|"previewResult":{|"invoices":[|'
    '"creditMemos":[|"amount":|"Active"|"Completed"|"Pending"|"Cancelled"|"isLatestVersion":false,'
    '|"termEndDate":|"2026-03-02",|"access_token":|"expires_in":|"nextPage":"x",|"currency":"USD",'
)
BEGIN = b"<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body>"
END = b"</e:Body></e:Envelope>"
QUERY, QUERY_END = b"<queryResponse><result><done>true</done>", b"</result></queryResponse>"


def _seed(*runs: tuple[bytes, int] | bytes, **more: Any) -> Recipe:
    parts = (run if isinstance(run, tuple) else (run, 1) for run in runs)
    return Recipe(tuple(Run(*part) for part in parts), **more)


OF_REST = (
    _seed(b'{"items":[', (b'{"a":1,"status":"x"},', 3_000), b"{}]}"),
    _seed(b'{"items":[', (b"1,", 19_000), b"1]}"),
    _seed(b'{"status":"active","message":"', (b"a", 5_000_000), b'"}'),
    _seed(b'{"message":"', (b"a@b.c ", 900), b'"}', status=422),
    _seed(b'{"error":{"message":"', (b"1234 ", 900), b'"}}', status=400),
    _seed(b'{"message":"', (b"\\u0041", 700_000), b'"}', status=409),
    _seed(b"[", (b"9" * 100 + b",", 19_000), b"1]", chunk=5000),
    _seed(
        b'{"status":"', (b"x", 30), b'"}', line=Run(b"Retry-After: " + b"Mon, " * 99), status=503
    ),
)
OF_ZUORA = (
    _seed(BEGIN + QUERY, (b"<records><Id>x</Id></records>", 4_900), QUERY_END + END),
    _seed(BEGIN + QUERY + b"<records>", (b"<a/>", 19_000), b"</records>" + QUERY_END + END),
    _seed(BEGIN + b"<e:Fault><faultstring>", (b"orders on ", 400_000), b"</faultstring></e:Fault>"),
    _seed(BEGIN + QUERY, (b"<!---->", 15_000), QUERY_END + END),
    _seed(BEGIN + QUERY + b"<records><Id>", (b"&#65;", 900_000), b"</Id></records>" + QUERY_END),
    _seed(BEGIN + QUERY + b"<records ", (b"b='c' ", 9_000), b"/>" + QUERY_END + END),
)
_NUMBER = b'"subscriptionNumber":"A-S00012345","status":"Active","id":"1","accountNumber":"A",'
_LISTED = (
    b'{"orderNumber":"O-1","status":"Failed","description":'
    b'"CloudBlue Connect PR-3071-1051-2166-004"},'
)
OF_ORDERS = (
    _seed(b'{"success":false,"reasons":[', (b'{"code":58730020,"message":"a"},', 16_000), b"{}]}"),
    _seed(b"{" + _NUMBER + b'"ratePlans":[', (b'{"a":1.5},', 30_000), b"{}]}"),
    _seed(b"{" + _NUMBER + b'"x":"', (b"\\u0041", 800_000), b'"}'),
    _seed(b'{"success":true,"orders":[', (_LISTED, 12_000), b"{}]}"),
    _seed(
        b'{"order":{"orderNumber":"CONNECT-PR-3071-1051-2166-004","status":"', (b"a ", 99), b'"}}'
    ),
    _seed(b'{"previewResult":{"invoices":[', (b'{"amount":0.1},', 30_000), b"{}]}}"),
    _seed(
        b'{"success":false,"reasons":[{"code":58730020,"message":"',
        (b"a@b.c ", 900),
        b'"}]}',
        status=400,
    ),
    _seed(b"{}", line=Run(b"ratelimit-reset: " + b"Mon, " * 99), status=429),
    _seed(b'{"access_token":"', (b"a", 16_000), b'","expires_in":', (b"9", 300), b"}"),
)
ONE_OF_ONE = Run(b"Content-Range: items 0-0/1")
OF_CONNECT = (
    _seed(
        b"[",
        (b'{"type":"private","text":"x","created":"2026-03-02T09:15:41Z"},', 20_000),
        b"{}]",
        line=ONE_OF_ONE,
    ),
    _seed(b'[{"text":"', (b"\\n", 8_000_000), b'"}]', line=ONE_OF_ONE),
    _seed(b"[", (b"9" * 200 + b",", 70_000), b"1]", line=ONE_OF_ONE),
    _seed(b'{"status":"', (b"a", 16_000_000), b'"}', line=ONE_OF_ONE),
)
