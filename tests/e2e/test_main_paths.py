"""The main paths with the official runner, as a customer, a vendor and an operator see them."""

import pytest

from sandbox.connect.objects import Parameter

# Two looks that find an id unknown are three seconds apart, not two minutes.
SOON = {"SETTLE_MINUTES": "0.05", "VENDOR_TIMEOUT_SECONDS": "1.5"}


async def test_an_active_subscription_is_cancelled_once_and_terminated(world):
    request_id, subscription_id = world.cancel()
    request = await world.connect.settled(request_id)
    [task] = await world.connect.tasks_settled(request_id)
    assert (request["status"], request["asset"]["status"]) == ("approved", "terminated")
    assert (task.status.value, world.cancellations(subscription_id)) == ("succeeded", 1)
    [call] = world.vendor.cancel_calls(subscription_id)
    assert call.headers["Idempotency-Key"] == request_id


async def test_an_unknown_id_is_rejected_or_approved_as_on_not_found_says(world):
    requests = {}
    for on_not_found, status in (("reject", "failed"), ("approve", "approved")):
        product_id = world.product(ON_NOT_FOUND=on_not_found, **SOON)
        asset_id = world.connect.create_subscription("SUB-NOBODY", product_id=product_id)
        requests[world.connect.create_cancel_request(asset_id)] = status
    for request_id, status in requests.items():
        assert (await world.connect.settled(request_id))["status"] == status


@pytest.mark.parametrize(
    ("on_refusal", "request_status", "task_status"),
    [("reject", "failed", "succeeded"), ("hold", "pending", "failed")],
)
async def test_a_refusal_is_handled_as_on_refusal_says(
    world, on_refusal, request_status, task_status
):
    request_id, _ = world.cancel(
        world.product(ON_REFUSAL=on_refusal), refusal="It is leased until May."
    )
    [task] = await world.connect.tasks_settled(request_id)
    assert (world.connect.status(request_id), task.status.value) == (request_status, task_status)
    note = "".join(note["text"] for note in world.connect.notes(request_id))
    said = note if on_refusal == "hold" else world.connect.request(request_id)["reason"]
    assert "It is leased until May." in said


async def test_an_unknown_id_is_held_and_can_be_resubmitted_once_it_is_known(world):
    subscription_id = world.subscription_id()
    product_id = world.product(**SOON)
    asset_id = world.connect.create_subscription(subscription_id, product_id=product_id)
    request_id = world.connect.create_cancel_request(asset_id)
    [task] = await world.connect.tasks_settled(request_id)
    assert task.status.value == "failed"
    world.vendor.add(subscription_id)
    world.connect.tasks.resubmit(task.id)
    assert (await world.connect.settled(request_id))["status"] == "approved"


async def test_a_blank_parameter_is_rejected_and_named(world):
    asset_id = world.connect.create_subscription(
        product_id=world.product(), parameters=[Parameter("subscription_id", "")]
    )
    request = await world.connect.settled(world.connect.create_cancel_request(asset_id))
    assert request["status"] == "failed"
    assert "subscription_id" in request["reason"]


async def test_a_misspelt_parameter_waits_and_goes_on_when_the_variable_is_fixed(world):
    product_id = world.product(SUBSCRIPTION_ID_PARAMETER="subscripton_id")
    request_id, subscription_id = world.cancel(product_id)
    [task] = await world.connect.answered(request_id)
    assert (task.results[0].result, task.results[0].countdown >= 300) == ("reschedule", True)
    world.override(product_id)
    world.connect.tasks.deliver_again(request_id)
    assert (await world.connect.settled(request_id))["status"] == "approved"
    assert world.cancellations(subscription_id) == 1


async def test_a_dry_run_changes_nothing_and_says_what_would_happen(world):
    request_id, subscription_id = world.cancel(world.product(DRY_RUN="true"))
    [task] = await world.connect.tasks_settled(request_id)
    assert (task.status.value, world.connect.status(request_id)) == ("skipped", "pending")
    assert "would be cancelled" in task.output
    [note] = world.connect.notes(request_id)
    expected = f"{task.output} [connect-ext dry-run cancel]"
    assert (note["type"], note["text"]) == ("private", expected)
    assert world.vendor.cancel_calls(subscription_id) == []


async def test_a_mistake_in_the_variables_waits_and_names_them_in_the_log(world):
    world.connect.set_variable("NOTES", "loud")
    product_id = world.product(ON_REFUSAL="perhaps")
    try:
        request_id, _ = world.cancel(product_id)
        [task] = await world.connect.answered(request_id)
        assert task.results[0].countdown >= 300
    finally:
        world.connect.set_variable("NOTES", "private")
        world.override(product_id)
    world.connect.tasks.deliver_again(request_id)
    assert (await world.connect.settled(request_id))["status"] == "approved"
    log = world.sandbox.runners[0].log
    assert "NOTES got 'loud'; it takes private, message or off." in log
    assert "ON_REFUSAL got 'perhaps'" in log
