"""The queries that the local Zuora understands."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sandbox.zuora import LocalZuora
from tests.sandbox_zuora.calling import Caller, cancellation

Version = Callable[[str], Caller]


async def test_the_versions_of_a_subscription_by_its_number(
    zuora: LocalZuora, caller: Version
) -> None:
    zuora.add("A-S1")
    zuora.new_version("A-S1")
    zuora.add("A-S2")
    answer = await caller("29.0").query(
        "select Id, Version, Status from Subscription where Name = 'A-S1'"
    )
    assert answer.one("size") == "2"
    assert answer.all("Version") == ["1", "2"]
    assert answer.all("Status") == ["Expired", "Active"]


async def test_the_amendment_of_the_version_before(
    zuora: LocalZuora, caller: Version, day: Callable[..., str]
) -> None:
    subscription, client = zuora.add("A-S1"), caller("69.0")
    await client.amend(cancellation(subscription.id, day(1)))
    previous = zuora.subscription("A-S1").previous_subscription_id
    answer = await client.query(
        "select Id, Code, Type, Status, EffectiveDate, SubscriptionId from Amendment "
        f"where SubscriptionId = '{previous}' and Type = 'Cancellation'"
    )
    assert (answer.one("Status"), answer.one("EffectiveDate")) == ("Completed", day(1))


@pytest.mark.parametrize("name", ["O'Brien", "back\\slash", "a < b & c", "it''s"])
async def test_literals_are_escaped_with_a_backslash(
    zuora: LocalZuora, caller: Version, name: str
) -> None:
    zuora.add(name)
    zuora.add("another")
    literal = name.replace("\\", "\\\\").replace("'", "\\'")
    answer = await caller("29.0").query(f"select Name from Subscription where Name = '{literal}'")
    assert answer.all("Name") == [name]
    assert zuora.calls_to("query", name)


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("Status = 'Active'", ["A-S1", "A-S2"]),
        ("status = 'Active'", None),
        ("Status != 'Active'", ["A-S3"]),
        ("Name = 'A-S1' or Name = 'A-S3'", ["A-S1", "A-S3"]),
        ("Name = 'A-S1' AND Status = 'Draft'", []),
        ("Version = 1", ["A-S1", "A-S2", "A-S3"]),
        ("Version > '1'", []),
        ("AutoRenew = true", ["A-S2"]),
        ("CancelledDate = null", ["A-S1", "A-S2", "A-S3"]),
        ("TermEndDate >= '2020-01-01'", ["A-S1", "A-S2", "A-S3"]),
    ],
)
async def test_conditions(
    zuora: LocalZuora, caller: Version, condition: str, found: list[str] | None
) -> None:
    zuora.add("A-S1")
    zuora.add("A-S2", auto_renew=True)
    zuora.add("A-S3", "Draft")
    answer = await caller("69.0").query(f"SELECT Name FROM Subscription WHERE {condition}")
    assert (answer.all("Name") if answer.status == 200 else None) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "select",
        "select from Subscription",
        "select * from Subscription",
        "select Id from Subscription where",
        "select Id from Subscription where Name",
        "select Id from Subscription where Name = A-S1",
        "select Id from Subscription where Name = 'O'Brien'",
        "select Id from Subscription where (Name = 'A')",
        "select Id from Subscription where Name in 'A'",
        "select Id from Subscription order by Id",
        "select Id Name from Subscription",
        "select Id from Subscription where Name = '" + "x" * 10_000 + "'",
        "select Id from Subscription where " + " and ".join(["Name = 'x'"] * 201),
    ],
)
async def test_anything_but_zoql_is_a_malformed_query(caller: Version, text: str) -> None:
    answer = await caller("29.0").query(text)
    assert (answer.status, answer.one("FaultCode")) == (500, "MALFORMED_QUERY")
    assert len(answer.all("MalformedQueryFault")) == 1


@pytest.mark.parametrize(
    ("version", "field", "known"),
    [
        ("19.0", "OriginalId", False),
        ("19.0", "OriginalSubscriptionId", True),
        ("20.0", "OriginalId", True),
        ("20.0", "OriginalSubscriptionId", False),
        ("123.0", "IsLatestVersion", False),
        ("124.0", "IsLatestVersion", True),
        ("19.0", "TermType", False),
        ("29.0", "TermType", True),
        ("29.0", "Nonsense", False),
    ],
)
async def test_fields_by_version(
    zuora: LocalZuora, caller: Version, version: str, field: str, known: bool
) -> None:
    zuora.add()
    answer = await caller(version).query(f"select {field} from Subscription")
    if known:
        assert answer.one(field)
    else:
        assert answer.one("FaultCode") == "INVALID_FIELD"
        assert (
            answer.one("FaultMessage") == f"invalid field for query: subscription.{field.lower()}"
        )


async def test_the_latest_version_only(zuora: LocalZuora, caller: Version) -> None:
    zuora.add("A-S1")
    zuora.new_version("A-S1")
    answer = await caller("124.0").query(
        "select Version from Subscription where Name = 'A-S1' and IsLatestVersion = true"
    )
    assert answer.one("Version") == "2"


async def test_fields_without_a_value_are_left_out_or_nil(
    zuora: LocalZuora, caller: Version
) -> None:
    zuora.add()
    text = "select Id, CancelledDate from Subscription"
    assert (await caller("29.0").query(text)).all("CancelledDate") == []
    zuora.nil_unset_fields = True
    assert (await caller("29.0").query(text)).all("CancelledDate") == [None]
