"""The local Zuora's rules, compared with the real schemas of six versions."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache

import pytest
from lxml import etree

from sandbox.zuora import soap
from sandbox.zuora.fields import API, OBJECT
from tests.sandbox_zuora.calling import CONTRACTS, NAMESPACES, envelope

VERSIONS = ("19.0", "25.0", "27.0", "28.0", "38.0", "78.0")
# Optional features: the files come from different tenants.
OF_A_FEATURE = {"DestinationAccountId", "DestinationInvoiceOwnerId"}
VALUES = {
    "string": ["", "Cancel", " <![CDATA[<]]> "],
    "ID": ["2" * 32, "a" * 32, "12", "abc", "", " " + "2" * 32],
    "boolean": ["true", "false", "1", " 0 ", "True", "", "yes"],
    "long": ["12", " -1 ", "1.0", "", "99999999999999999999"],
    "int": ["12", "+1", "2147483648", "x"],
    "decimal": ["1.5", "-.5", "1e3", ""],
    "dateTime": [
        "2026-03-01T00:00:00",
        "2026-03-01T00:00:00.000-08:00",
        "2026-03-01T00:00:00Z",
        " 2026-03-01T23:59:59.9+14:00 ",
        "2026-03-01",
        "2026-02-30T00:00:00",
        "2026-03-01 00:00:00",
        "2026-03-01T00:00:00+1400",
        "",
    ],
    "date": ["2026-03-01", "2026-03-01Z", "2026-03-01-08:00", "2026-03-01T00:00:00", "2026-13-01"],
}

pytestmark = pytest.mark.skipif(not CONTRACTS.exists(), reason="the contracts are not here")


@cache
def schema(version: str) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(CONTRACTS / "xsd" / version / "zns.xsd")))


@cache
def real_fields(version: str, kind: str, file: str) -> list[tuple[str, str]]:
    root = etree.parse(str(CONTRACTS / "xsd" / version / f"{file}.xsd")).getroot()
    (found,) = (e for e in root if e.get("name") == kind)
    named = ((e.get("name"), e.get("type")) for e in found.iter())
    return [(name, said.split(":")[-1]) for name, said in named if name and said]


def verdicts(version: str, body: str, headers: str = "") -> tuple[bool, bool]:
    """The verdicts of the real schema and of the local Zuora on a call."""
    raw = envelope(body, headers)
    header, parts = etree.fromstring(raw)
    real = all(schema(version).validate(part) for part in (*header, *parts))
    try:
        soap.parse(raw).check(float(version))
    except soap.CallError:
        return real, False
    return real, True


def some_fields(chance: random.Random, version: str) -> Iterator[str]:
    """Some fields of an Amendment, mostly valid."""
    known = [("fieldsToNull", "string"), ("Id", "ID"), *real_fields(version, "Amendment", "ons")]
    known = [f for f in known if f[0] not in OF_A_FEATURE and f[1] != "RatePlanData"]
    chosen = [field for field in known if chance.random() < 0.4]
    if chance.random() < 0.2:
        chance.shuffle(chosen)
    if chance.random() < 0.1 and chosen:
        chosen.append(chance.choice(chosen))
    if chance.random() < 0.15:
        other = chance.choice(
            ["CurrentTerm", "TermType", "RenewalSetting", "InitialTerm", "Nonsense"]
        )
        chosen = sorted({*chosen, (other, "long")}) if chance.random() < 0.5 else chosen
    for name, kind in chosen:
        yield some_field(chance, name, kind)


def some_field(chance: random.Random, name: str, kind: str) -> str:
    right = {
        "long": "7",
        "boolean": "true",
        "date": "2026-03-01",
        "dateTime": "2026-03-01T00:00:00",
    }
    prefix = "api" if chance.random() < 0.02 else "obj"
    text = chance.choice(VALUES[kind]) if chance.random() < 0.15 else right.get(kind, "2" * 32)
    attributes = ""
    if chance.random() < 0.08:
        attributes = f' xsi:nil="{chance.choice(["1", "true", "false", "no"])}"'
        text = chance.choice(["", text])
    if chance.random() < 0.02:
        attributes += chance.choice([' other="1"', ' xsi:type="obj:Amendment"'])
    if chance.random() < 0.01:
        text += "<obj:Name/>"
    return f"<{prefix}:{name}{attributes}>{text}</{prefix}:{name}>"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("operation", ["create", "update"])
def test_objects_are_refused_if_the_real_schema_refuses_them(version: str, operation: str) -> None:
    chance, seen = random.Random(f"{version} {operation}"), set[bool]()
    for _ in range(600):
        inner = "".join(some_fields(chance, version))
        said = chance.choice(["", ' xsi:type="obj:Nonsense"', ' xsi:type="Amendment"'])
        said = said if chance.random() < 0.05 and inner else ' xsi:type="obj:Amendment"'
        body = f"<api:{operation}><api:zObjects{said}>{inner}</api:zObjects></api:{operation}>"
        if not said and "obj:Id" in inner:
            continue  # the schema allows it, the real server does not (see below)
        real, ours = verdicts(version, body)
        assert ours == real, body
        seen.add(real)
    assert seen == {True, False}


@pytest.mark.parametrize("version", ["28.0", "38.0", "78.0"])
def test_amend_requests_are_refused_if_the_real_schema_refuses_them(version: str) -> None:
    chance, seen = random.Random(version), set[bool]()
    options = [
        "<api:GenerateInvoice>false</api:GenerateInvoice>",
        "<api:InvoiceProcessingOptions/>",
        "<api:ProcessPayments>false</api:ProcessPayments>",
        "<api:ElectronicPaymentOptions/>",
        "<api:ExternalPaymentOptions><api:Amount>1.5</api:Amount></api:ExternalPaymentOptions>",
    ]
    preview = [
        "<api:EnablePreviewMode>true</api:EnablePreviewMode>",
        "<api:NumberOfPeriods>1</api:NumberOfPeriods>",
        "<api:PreviewThroughTermEnd>false</api:PreviewThroughTermEnd>",
        "<api:PreviewType>InvoiceItem</api:PreviewType>",
        "<api:IncludeExistingDraftInvoiceItems>0</api:IncludeExistingDraftInvoiceItems>",
    ]
    for _ in range(600):
        inner = "".join(some_fields(chance, version)) if chance.random() < 0.3 else ""
        chosen = [part for part in options if chance.random() < 0.3]
        shown = [part for part in preview if chance.random() < 0.3]
        parts = [
            f"<api:Amendments>{inner}</api:Amendments>",
            f"<api:AmendOptions>{''.join(chosen)}</api:AmendOptions>",
            f"<api:PreviewOptions>{''.join(shown)}</api:PreviewOptions>",
        ]
        if chance.random() < 0.1:
            chance.shuffle(parts)
        body = f"<api:amend><api:requests>{''.join(parts)}</api:requests></api:amend>"
        real, ours = verdicts(version, body)
        assert ours == real, body
        seen.add(real)
    assert seen == {True, False}


BODIES = [
    "<api:login><api:username>u</api:username><api:password>p</api:password></api:login>",
    "<api:login><api:password>p</api:password><api:username>u</api:username></api:login>",
    "<api:login>text</api:login>",
    "<api:login/>",
    "<api:login other='1'/>",
    "<login/>",
    "<api:query><api:queryString>select Id from Account</api:queryString></api:query>",
    "<api:query><api:queryString xsi:nil='1'/></api:query>",
    "<api:query><!-- none --></api:query>",
    "<api:query><api:queryString>se<!-- a comment -->lect</api:queryString></api:query>",
    "<api:amend/>",
    "<api:amend><api:requests/></api:amend>",
    "<api:amend><api:requests xsi:nil='1'/></api:amend>",
    "<api:amend><api:requests><api:Amendments xsi:nil='1'/></api:requests></api:amend>",
    (
        "<api:amend><api:requests><api:PreviewOptions xsi:type='api:PreviewOptions'/>"
        "</api:requests></api:amend>"
    ),
    (
        "<api:amend><api:requests><api:Amendments xsi:type='api:Amendment'/></api:requests>"
        "</api:amend>"
    ),
    (
        "<api:amend><api:requests><api:Amendments xsi:type='obj:Amendment'/></api:requests>"
        "</api:amend>"
    ),
    "<api:amend><api:requests><obj:Amendments/></api:requests></api:amend>",
    f"<api:delete><api:type>Amendment</api:type><api:ids>{'2' * 32}</api:ids></api:delete>",
    "<api:delete><api:type>Amendment</api:type><api:ids>A-S1</api:ids></api:delete>",
    "<api:delete><api:type>Amendment</api:type><api:ids>12</api:ids></api:delete>",
    "<api:delete><api:ids>12</api:ids></api:delete>",
    "<api:create/>",
    "<api:nonsense/>",
]
SESSION = "<api:SessionHeader><api:session>x</api:session></api:SessionHeader>"
HEADERS = [
    SESSION,
    "<api:SessionHeader/>",
    "<api:CallOptions/>" + SESSION,
    "<api:CallOptions><api:useSingleTransaction>1</api:useSingleTransaction></api:CallOptions>",
    "<api:CallOptions><api:useSingleTransaction xsi:nil='1'/></api:CallOptions>",
    "<api:CallOptions><api:useSingleTransaction>yes</api:useSingleTransaction></api:CallOptions>",
    "<api:NonsenseHeader/>",
]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("body", BODIES)
def test_bodies_are_refused_if_the_real_schema_refuses_them(version: str, body: str) -> None:
    real, ours = verdicts(version, body)
    assert ours == real


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("headers", HEADERS)
def test_headers_are_refused_if_the_real_schema_refuses_them(version: str, headers: str) -> None:
    real, ours = verdicts(version, "<api:create/>", headers)
    assert ours == real


def test_an_object_without_its_type_is_refused_though_the_schema_allows_it() -> None:
    body = f"<api:update><api:zObjects><obj:Id>{'2' * 32}</obj:Id></api:zObjects></api:update>"
    assert verdicts("28.0", body) == (True, False)


def test_the_namespaces_are_those_of_the_real_schema() -> None:
    assert API in NAMESPACES
    assert OBJECT in NAMESPACES
    assert schema("28.0").validate(etree.Element(f"{{{API}}}amend"))
