"""Sessions are opened once, renewed in time, and replaced once when Zuora refuses them."""

from __future__ import annotations

import asyncio

import pytest

from connect_ext.cause import Cause
from connect_ext.errors import NotDone
from connect_ext.http.budget import Budget, spending
from connect_ext.vendors.base import Subscription, SubscriptionStatus
from connect_ext.vendors.zuora_soap.session import Sessions, followed
from tests.zuora_soap.conftest import MakeVendor, asking
from tests.zuora_soap.scripted import (
    ACTIVE_ID,
    ScriptedZuora,
    amended,
    fault,
    found,
    logged_in,
    row_error,
    subscription,
)

ACTIVE = Subscription(SubscriptionStatus.ACTIVE, None, ACTIVE_ID)
LOST = {
    "a fault": fault("INVALID_SESSION"),
    "a row's error": row_error("amend", "INVALID_SESSION"),
}


async def test_fifty_concurrent_first_uses_log_in_once(
    zuora: ScriptedZuora, make_vendor: MakeVendor
) -> None:
    zuora.delay = 0.05
    zuora.on("query", found(subscription()))
    # Other products' vendors have their own settings and the same user.
    vendors = [make_vendor(preview=bool(n % 2)) for n in range(50)]

    shown = await asyncio.gather(*(vendor.look_up(asking()) for vendor in vendors))

    assert zuora.logins == 1
    assert {one.status for one in shown} == {SubscriptionStatus.ACTIVE}
    assert {asked.text("session") for asked in zuora.of("query")} == {"session-1"}


async def test_a_first_caller_that_gives_up_does_not_end_the_login_for_others(
    zuora: ScriptedZuora, make_vendor: MakeVendor
) -> None:
    zuora.delay = 0.05
    zuora.on("query", found(subscription()))
    vendor = make_vendor()
    first = asyncio.create_task(vendor.look_up(asking()))
    second = asyncio.create_task(vendor.look_up(asking()))
    await asyncio.sleep(0.01)

    first.cancel()

    with pytest.raises(asyncio.CancelledError):
        await first
    assert (await second).status is SubscriptionStatus.ACTIVE
    assert zuora.logins == 1


async def test_another_tasks_login_is_awaited_only_as_long_as_the_budget_lasts(
    zuora: ScriptedZuora, make_vendor: MakeVendor
) -> None:
    zuora.delay = 1.0
    zuora.on("query", found(subscription()))
    vendor, loop = make_vendor(), asyncio.get_running_loop()
    first = asyncio.create_task(vendor.look_up(asking()))
    await asyncio.sleep(0.1)

    with spending(Budget(loop.time() + 0.1)), pytest.raises(NotDone) as caught:
        await vendor.look_up(asking())

    assert caught.value.cause is Cause.DEADLINE
    assert (await first).status is SubscriptionStatus.ACTIVE


async def test_a_session_is_renewed_before_it_runs_out(
    zuora: ScriptedZuora, clock: list[float], make_vendor: MakeVendor
) -> None:
    vendor = make_vendor()
    zuora.on("query", found(subscription()))

    for passed in (0, 599, 1, 599):
        clock[0] += passed
        await vendor.look_up(asking())

    sent = [asked.text("session") for asked in zuora.of("query")]
    assert sent == ["session-1", "session-1", "session-2", "session-2"]


@pytest.mark.parametrize("how", LOST)
async def test_a_lost_session_is_replaced_and_the_call_sent_again(
    zuora: ScriptedZuora, make_vendor: MakeVendor, how: str
) -> None:
    zuora.on("amend", LOST[how], amended())

    accepted = await make_vendor(preview=False).cancel(asking(), ACTIVE)

    assert accepted.subscription is not None
    assert zuora.operations() == ["login", "amend", "login", "amend"]
    assert [asked.text("session") for asked in zuora.of("amend")] == ["session-1", "session-2"]


@pytest.mark.parametrize("how", LOST)
async def test_a_session_that_is_lost_twice_waits(
    zuora: ScriptedZuora, make_vendor: MakeVendor, how: str
) -> None:
    zuora.on("amend", LOST[how])

    with pytest.raises(NotDone, match="INVALID_SESSION"):
        await make_vendor(preview=False).cancel(asking(), ACTIVE)

    assert zuora.operations() == ["login", "amend", "login", "amend"]


async def test_fifty_concurrent_lost_sessions_log_in_once_more(
    zuora: ScriptedZuora, make_vendor: MakeVendor
) -> None:
    vendor = make_vendor()
    zuora.on("query", found(subscription()))
    await vendor.look_up(asking())
    zuora.delay = 0.02
    zuora.on(
        "query",
        lambda asked: (
            fault("INVALID_SESSION")
            if asked.text("session") == "session-1"
            else found(subscription())
        ),
    )

    await asyncio.gather(*(vendor.look_up(asking()) for _ in range(50)))

    assert zuora.logins == 2


async def test_the_server_url_of_the_same_host_is_followed(
    zuora: ScriptedZuora, make_vendor: MakeVendor
) -> None:
    zuora.on("login", lambda _: logged_in("s", f"{zuora.url}/pod7/apps/services/a/91.0"))
    zuora.on("query", found(subscription()))

    await make_vendor().look_up(asking())

    assert zuora.of("query")[0].path == "/pod7/apps/services/a/91.0"


async def test_the_server_url_of_another_host_is_not_followed(
    zuora: ScriptedZuora, make_vendor: MakeVendor
) -> None:
    zuora.on("login", logged_in("s", "http://127.0.0.1:1/apps/services/a/91.0"))
    zuora.on("query", found(subscription()))

    assert (await make_vendor().look_up(asking())).status is SubscriptionStatus.ACTIVE
    assert zuora.of("query")[0].path == "/apps/services/a/91.0"


@pytest.mark.parametrize(
    ("server_url", "is_followed"),
    [
        ("https://zuora.example/x/apps/services/a/91.0", True),
        ("https://ZUORA.example:443/apps/services/a/91.0", True),
        ("http://zuora.example/apps/services/a/91.0", False),
        ("https://zuora.example:8443/apps/services/a/91.0", False),
        ("https://zuora.example/apps/services/a/24.0", False),
        ("https://zuora.example.evil.example/apps/services/a/91.0", False),
        ("https://user:pw@zuora.example/apps/services/a/91.0", False),
        ("https://zuora.example@evil.example/apps/services/a/91.0", False),
        ("https://zuora.example/apps/services/a/91.0?x=/91.0", False),
        ("file:///apps/services/a/91.0", False),
        ("http://[", False),
        ("https://zuora.example:99999999/apps/services/a/91.0", False),
        ("", False),
    ],
)
def test_a_server_url_is_followed_to_the_same_origin_and_version_only(
    server_url: str, is_followed: bool
) -> None:
    configured = "https://zuora.example/apps/services/a/91.0"

    assert followed(configured, server_url) == (server_url if is_followed else configured)


async def test_two_users_have_two_sessions(zuora: ScriptedZuora, make_vendor: MakeVendor) -> None:
    zuora.on("query", found(subscription()))

    await make_vendor(91.0).look_up(asking())
    await make_vendor(28.0).look_up(asking())

    assert zuora.logins == 2


async def test_secrets_are_sent_escaped_and_shown_nowhere(
    zuora: ScriptedZuora, make_vendor: MakeVendor, sessions: Sessions
) -> None:
    zuora.on("query", found(subscription()))
    vendor = make_vendor()

    await vendor.look_up(asking())

    assert zuora.of("login")[0].text("password") == "pass<&>word"
    assert "session-1" not in repr(vars(sessions))
    assert "pass<" not in repr(vars(sessions))


async def test_each_vendor_that_uses_a_session_reports_its_token(
    zuora: ScriptedZuora, make_vendor: MakeVendor, tokens: list[str]
) -> None:
    zuora.on("query", found(subscription()), found(subscription()))
    for vendor in (make_vendor(), make_vendor(preview=False)):
        await vendor.look_up(asking())
    assert (zuora.logins, tokens) == (1, ["session-1", "session-1"])
