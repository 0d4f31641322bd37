"""The lists that show lost requests, over real HTTPS."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from sandbox import LocalConnect
from sandbox.connect.environment import ENVIRONMENT_ID, SERVICE_ID
from sandbox.connect.tasks import CANCEL_EVENT

TASKS = f"devops/services/{SERVICE_ID}/environments/{ENVIRONMENT_ID}/tasks"
OPEN = "in(status,(pending,revoking,scheduled))"
LEAN = "select(-asset.items,-asset.configuration,-activation_key,-template)"


def ago(**offset: float) -> datetime:
    return datetime.now(timezone.utc) - timedelta(**offset)


@pytest.fixture
def found(call: Any) -> Any:
    """The ids that a query finds."""

    async def ids(path: str) -> list[str]:
        status, body = await call("GET", path)
        assert status == 200, body
        return [each["id"] for each in body]

    return ids


async def test_open_requests_are_listed_by_status_product_and_age(
    connect: LocalConnect, found: Any
) -> None:
    other = connect.create_product()
    old, young = connect.cancel("A-1", ago(hours=3)), connect.cancel("A-2", ago(minutes=5))
    of_other = connect.create_cancel_request(
        connect.create_subscription("A-3", product_id=other), ago(hours=2)
    )
    connect.agent_approve(connect.cancel("A-4", ago(hours=5)))
    query = f"requests?and(eq(type,cancel),{OPEN})&ordering({{}}created)&{LEAN}"
    assert await found(query.format("")) == [old, of_other, young]
    assert await found(query.format("-")) == [young, of_other, old]
    of_products = f"in(asset.product.id,({other},PRD-000-000-000))"
    assert await found(f"requests?and({OPEN},{of_products})") == [of_other]
    connect.requests.schedule(old, {"planned_date": ago(hours=-5).isoformat()})
    assert await found(f"requests?eq(status,scheduled)&{of_products}") == []
    assert await found("requests?eq(status,scheduled)") == [old]


@pytest.mark.parametrize("zone", ["Z", "%2B00:00"])
async def test_approved_requests_are_listed_from_a_moment_on(
    connect: LocalConnect, found: Any, zone: str
) -> None:
    asset_id = connect.create_subscription("A-1")
    approved = connect.create_approved_cancellation(asset_id=asset_id, approved_at=ago(days=3))
    query = "requests?and(eq(type,cancel),eq(status,approved),ge(updated,{:%Y-%m-%dT%H:%M:%S}{}))"
    assert await found(query.format(ago(days=4), zone)) == [approved]
    assert await found(query.format(ago(days=2), zone)) == []


async def test_unneeded_fields_are_left_out(connect: LocalConnect, call: Any) -> None:
    connect.create_cancel_request(connect.create_subscription("A-1", items=3000))
    _, (whole,) = await call("GET", "requests")
    _, (lean,) = await call("GET", f"requests?{LEAN}")
    assert len(whole["asset"].pop("items")) == 3000
    for holder, name in (
        *((whole, name) for name in ("activation_key", "template")),
        (whole["asset"], "configuration"),
    ):
        del holder[name]
    assert lean == whole
    assert connect.request(whole["id"])["asset"]["items"]


async def test_active_subscriptions_are_listed_by_product_and_in_pages(
    connect: LocalConnect, session: Any, found: Any
) -> None:
    product, other = connect.create_product(), connect.create_product()
    ids = [connect.create_subscription(f"A-{n}", product_id=product) for n in range(3)]
    connect.create_cancel_request(connect.create_subscription("A-3", product_id=product))
    connect.create_subscription("A-4", product_id=other)
    query = f"and(eq(status,active),in(product.id,({product})))&ordering(created)"
    assert await found(f"assets?{query}") == ids
    url = f"{connect.url}/assets?{query}&select(-items,-configuration)&limit=2&offset=2"
    async with session.get(url) as response:
        (last,) = await response.json()
        assert response.headers["Content-Range"] == "items 2-2/3"
    assert last["id"] == ids[2]
    assert not {"items", "configuration"} & last.keys()
    assert last["params"]


async def test_a_list_of_subscriptions_shows_a_pending_request_only_if_it_is_selected(
    connect: LocalConnect, call: Any
) -> None:
    request_id = connect.cancel("A-1")
    shown = {"id": request_id, "type": "cancel", "status": "pending"}
    _, (plain,) = await call("GET", "assets")
    assert "pending_request" not in plain
    _, (selected,) = await call("GET", "assets?select(pending_request)")
    assert selected["pending_request"] == shown
    _, (with_template,) = await call("GET", "assets?select(%2Bpending_request.template)")
    template = connect.request(request_id)["template"]
    assert with_template["pending_request"] == {**shown, "template": template}


async def test_the_tasks_of_some_requests_are_listed_by_their_age(
    connect: LocalConnect, found: Any
) -> None:
    connect.environment.offer([{"method": "check", "name": "Check", "description": "Checks."}])
    connect.trigger(connect.create_schedule("check"))
    first, second, _ = (connect.cancel(f"A-{n}") for n in range(3))
    newer = connect.add_past_task(first, created=ago(hours=1))
    older = connect.add_past_task(second, created=ago(hours=2))
    ids = {each: [task.id for task in connect.tasks_of(each)] for each in (first, second)}
    of_both = f"in(object.id,({second},PR-0,{first}))"
    query = f"{TASKS}?and(eq(object.category,background),{of_both})"
    assert sorted(await found(query)) == sorted(ids[first] + ids[second])
    assert (await found(f"{query}&ordering(events.created.at)"))[:2] == [older.id, newer.id]
    assert (await found(f"{query}&ordering(-events.created.at)"))[-1] == older.id
    assert await found(f"{TASKS}?and(eq(object.type,{CANCEL_EVENT}),eq(object.id,{second}))")
    assert await found(f"{TASKS}?and(eq(object.category,scheduled),{of_both})") == []
    assert await found(f"{TASKS}?in(id,({newer.id},TQ-0))") == [newer.id]


@pytest.mark.parametrize(
    "query",
    [
        "requests?ordering(id)",
        "requests?ordering(asset.product.id)",
        "requests?in(asset.status,(active,terminating))",
        "requests?ne(assignee,UR-1)",
        "requests?eq(status,open)",
        "requests?gt(id,PR-1)",
        "requests?select(-asset.params)",
        "requests?select(-configuration)",
        "requests?and(eq(type,cancel))",
        "assets?ordering(id)",
        "assets?ordering(product.id)",
        "assets?ge(created,2026-01-01T00:00:00Z)",
        "assets?eq(events.created.at,2026-01-01T00:00:00Z)",
        "assets?eq(status,cancelled)",
        "assets?eq(asset.product.id,PRD-1)",
        "assets?select(-params)",
        "assets?select(items)",
        f"{TASKS}?ordering(object.id)",
        f"{TASKS}?ordering(created)",
        f"{TASKS}?eq(object.category,foreground)",
        f"{TASKS}?eq(created,2026-01-01T00:00:00Z)",
        f"{TASKS}?select(-output)",
    ],
)
async def test_a_list_refuses_what_the_official_document_does_not_name(
    connect: LocalConnect, call: Any, query: str
) -> None:
    connect.cancel("A-1")
    status, body = await call("GET", query)
    assert (status, body["error_code"]) == (400, "VAL_001")


@pytest.mark.parametrize(
    ("module", "hidden", "shown"),
    [("tasks", TASKS, "assets"), ("assets", "assets", TASKS)],
)
async def test_a_token_may_be_unable_to_read_a_list(
    connect: LocalConnect, call: Any, module: str, hidden: str, shown: str
) -> None:
    request_id = connect.cancel("A-1")
    connect.unreadable.add(module)
    ids = {
        TASKS: connect.tasks_of(request_id)[0].id,
        "assets": next(iter(connect.catalogue.assets)),
    }
    for path in (hidden, f"{hidden}/{ids[hidden]}"):
        status, body = await call("GET", path)
        assert (status, body["error_code"]) == (403, "AUTH_002")
    assert (await call("GET", shown))[0] == 200
    assert (await call("GET", f"requests/{request_id}"))[0] == 200


async def test_unreadable_collections_are_an_option(certificates: Any) -> None:
    connect = LocalConnect(certificates.server_context, unreadable=("tasks",))
    assert connect.unreadable == {"tasks"}


async def test_thousands_of_requests_and_their_tasks_are_read_page_by_page(
    connect: LocalConnect, found: Any
) -> None:
    requests = [connect.cancel(f"A-{number}", ago(hours=3)) for number in range(4000)]
    started = time.monotonic()
    for offset in range(0, 1000, 50):
        query = f"and(eq(type,cancel),{OPEN})&ordering(created)&{LEAN}"
        page = await found(f"requests?{query}&limit=50&offset={offset}")
        assert page == requests[offset : offset + 50]
        assert len(await found(f"{TASKS}?in(object.id,({','.join(page)}))")) == 50
        of_product = f"in(product.id,({connect.default_product()}))"
        page = f"ordering(created)&limit=50&offset={offset}"
        assert await found(f"assets?eq(status,active)&{of_product}&{page}") == []
    # It takes about a second.
    assert time.monotonic() - started < 60
