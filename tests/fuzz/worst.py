"""Reads one of the worst answers and prints the cost: ``python -m tests.fuzz.worst NAME``."""

from __future__ import annotations

import json
import re
import resource
import sys
import time
from pathlib import Path

import httpx

from connect_ext.http.bodies import MAX_ANSWER_BYTES
from connect_ext.http.client import Answer
from connect_ext.vendors.zuora.answers import MAX_ANSWER_PARTS
from connect_ext.vendors.zuora_soap import answers

_SOAP = b"<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body>"
_END = b"</e:Body></e:Envelope>"
_ROW = _SOAP + b"<queryResponse><result><done>true</done>"
_ROW_END = b"</result></queryResponse>" + _END
_LAUGHS = b"".join(
    b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10 if n else b"lol") for n in range(30)
)
_BOMB = b"<!DOCTYPE x [<!ENTITY a '" + b"x" * 100_000 + b"'>]><x>"

WORST = {
    # A beginning, a part repeated up to the limit on answers, and an end.
    "json objects": (b"[", b'{"":0},', b"0]"),
    "json lists": (b"[", b"[],", b"0]"),
    "json lists of one": (b"[", b"[0],", b"0]"),
    "json nested": (b"", b"[", b""),
    "json nested objects": (b"", b'{"a":', b""),
    "json keys": (b'{"a":0', b',"a":0', b"}"),
    # Below the limit on parts, or past it by things that do not count as parts.
    "json floats": (b"[", b"1.5,", b"0]"),
    "json texts": (b"[", b'"ab",', b"0]"),
    "json long objects": (b"[", b'{"":"' + b"x" * 99 + b'"},', b"0]"),
    "json number": (b"[", b"9", b"]"),
    "json escapes": (b'"', b"\\ud800", b'"'),
    # With as many parts as are read from Zuora's orders.
    "orders floats": (b"[", b"1." + b"5" * 51 + b",", b"0]"),
    "orders objects": (b"[", b'{"":"' + b"x" * 155 + b'"},', b"0]"),
    "orders lists": (b"[", b"[" + b" " * 104 + b"],", b"0]"),
    "xml elements": (_ROW, b"<a/>", _ROW_END),
    "xml records": (_ROW, b"<records/>", _ROW_END),
    "xml errors": (_ROW, b"<Errors/>", _ROW_END),
    "xml attributes": (_ROW, b"<a b=''/>", _ROW_END),
    "xml many attributes": (_ROW, b"<a b='' c='' d='' e='' f='' g='' h=''/>" + b" " * 20, _ROW_END),
    "xml long elements": (_ROW, b"<a>" + b"x" * 99 + b"</a>", _ROW_END),
    "xml texts": (_ROW, b"<a>b</a>", _ROW_END),
    "xml namespaces": (_ROW, b"<a xmlns='b'/>", _ROW_END),
    "xml rows": (_SOAP + b"<queryResponse>", b"<result/>", b"</queryResponse>" + _END),
    "xml faults": (_SOAP + b"<e:Fault>", b"<a>b</a>", b"</e:Fault>" + _END),
    "xml nested": (_SOAP, b"<a>", b""),
    "xml comments": (_ROW, b"<!---->", _ROW_END),
    "xml references": (_ROW + b"<a>", b"&#9;", b"</a>" + _ROW_END),
    "xml attributes of one": (_ROW + b"<a", b" b=''", b"/>" + _ROW_END),
    "xml laughs": (b"<!DOCTYPE x [" + _LAUGHS + b"]><x>", b"&l29;", b"</x>"),
    "xml blow-up": (_BOMB, b"&a;", b"</x>"),
}


def body_of(name: str) -> bytes:
    """The longest answer of its kind that is read."""
    begin, again, end = WORST[name]
    return begin + again * ((MAX_ANSWER_BYTES - len(begin) - len(end)) // len(again)) + end


def read(name: str) -> None:
    """Read it as the vendor adapter does."""
    answer = Answer(200, httpx.Headers(), body_of(name))
    if name.startswith("orders"):
        # The answer really is that large.
        if answer.json(MAX_ANSWER_PARTS) is None:
            raise ValueError(name)
        return
    if name.startswith("json"):
        answer.json()
        return
    try:
        answers.subscription_versions(answers.read_reply(answer.body, "query"))
    except answers.UnreadableError:
        return


def _megabytes() -> float:
    """The peak memory of this process; `getrusage` would include its parent's."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    [line] = re.findall(r"VmHWM:\s+(\d+) kB", status.read_text())
    return int(line) / 1024


if __name__ == "__main__":
    for each in sys.argv[1:]:
        began = time.process_time()
        read(each)
        took = {"seconds": time.process_time() - began, "megabytes": _megabytes()}
        sys.stdout.write(json.dumps({each: took}) + "\n")
