"""Subscriptions on the page: the list, the details, the wizard, and a new one."""

from __future__ import annotations

from sandbox.connect.objects import Customer, Parameter
from tests.portal.desk import opened


async def test_a_subscription_is_cancelled_by_the_wizard_once(desk):
    asset_id = desk.sandbox.new_subscription()
    details = await desk.get(f"/subscriptions/{asset_id}")
    assert details.values("//a[@role='menuitem']/@href") == [f"/subscriptions/{asset_id}/cancel"]
    wizard = await desk.get(f"/subscriptions/{asset_id}/cancel")
    assert wizard.values("//button[not(@disabled)]/text()") == ["Create Cancel Request"]
    page = await desk.post(f"/subscriptions/{asset_id}/cancel")
    request_id = page.location.removeprefix("/requests/").removesuffix("?created")
    assert desk.connect.status(request_id) == "pending"
    page = await desk.get(f"/subscriptions/{asset_id}")
    assert "Terminating" in page.words("facts")
    assert request_id in page.words("facts")
    assert page.values("//*[@role='menuitem']/@aria-disabled") == ["true"]
    wizard = await desk.get(f"/subscriptions/{asset_id}/cancel")
    assert wizard.values("//button/@disabled")
    assert (await desk.post(f"/subscriptions/{asset_id}/cancel")).status == 409
    assert len(desk.connect.requests.of_asset(asset_id)) == 1


async def test_a_subscription_is_found_by_its_customer_and_its_status(desk):
    ours = desk.connect.create_subscription(customer=Customer("Zebra Zirkus", email="z@z.example"))
    for query in ("q=zebra", f"q={ours}", "q=zebra&status=active"):
        assert (await desk.get(f"/subscriptions?{query}")).values("//tr/@id") == [ours]
    page = await desk.get("/subscriptions?q=zebra&status=terminated")
    assert "Nothing matches" in page.text


async def test_a_long_list_has_pages():
    async with opened(proven=False) as desk:
        ids = [desk.connect.create_subscription() for _ in range(120)][::-1]
        for number, shown in ((1, ids[:50]), (2, ids[50:100]), (3, ids[100:]), (99, ids[100:])):
            page = await desk.get(f"/subscriptions?page={number}")
            assert page.values("//tr/@id") == shown
        assert page.values("//a[@rel]/@rel") == ["prev"]
        for wrong in ("0", "-1", "x", "%C2%B2"):
            assert (await desk.get(f"/subscriptions?page={wrong}")).values("//tr/@id") == ids[:50]


async def test_what_people_have_written_is_text_and_no_html(desk):
    evil = "<script>alert('x')</script>"
    asset_id = desk.connect.create_subscription(
        customer=Customer(evil, email="e@e.example"), more=[Parameter("note", evil)]
    )
    request_id = desk.connect.create_cancel_request(asset_id)
    desk.connect.say(request_id, evil)
    for path in (
        f"/subscriptions/{asset_id}",
        "/subscriptions",
        f"/subscriptions?q={evil}",
        f"/subscriptions/{asset_id}/cancel",
        f"/requests/{request_id}",
        "/requests",
    ):
        page = await desk.get(path)
        assert page.values("//script[not(@src)]") == []
        assert "alert(" in page.text


async def test_a_new_subscription_is_here_and_at_the_vendor(desk):
    page = await desk.post("/subscriptions/new", vendor_id="NEW-1", status="draft")
    asset_id = page.location.removeprefix("/subscriptions/")
    assert desk.connect.asset(asset_id)["connection"]["type"] == "preview"
    assert desk.vendor.subscriptions["NEW-1"].status == "draft"
    page = await desk.post("/subscriptions/new", vendor_id="NEW-1", status="active")
    assert page.status == 400
    assert "NEW-1 already" in page.text


async def test_at_a_vendor_of_the_users_own_a_new_subscription_needs_its_id_there():
    async with opened(own_vendor=True) as desk:
        assert (await desk.get("/subscriptions/new")).values("//input/@required")
        assert (await desk.post("/subscriptions/new")).status == 400
        assert (await desk.post("/subscriptions/new", vendor_id="C-1")).status == 303
