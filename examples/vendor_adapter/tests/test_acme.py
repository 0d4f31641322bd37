"""Cancel requests for contracts at Acme, through the official runner."""

from __future__ import annotations

import pytest

from local_acme import END_OF_TERM, KEY, Contract
from sandbox.faults import DropAfter, Respond
from world import World

TERMINATE, RESUME = "contract.terminate", "contract.resume"

LATER = {"CANCELLATION_DATE": "end_of_term", "WHEN_EFFECTIVE_LATER": "schedule"}


async def test_a_running_contract_is_terminated_once_and_the_request_approved(
    world: World, contract: Contract
) -> None:
    request_id = world.cancel(contract.number)
    request = await world.connect.settled(request_id)
    assert (request["status"], request["asset"]["status"]) == ("approved", "terminated")
    assert (contract.state, contract.reference) == ("ended", request_id)
    assert world.acme.orders_for(contract) == [TERMINATE]


async def test_a_contract_that_has_ended_before_is_approved_and_nothing_is_sent(
    world: World,
) -> None:
    contract = world.acme.add(state="ended", ends="2026-01-31T00:00:00Z")
    request = await world.connect.settled(world.cancel(contract.number))
    assert request["status"] == "approved"
    assert request["effective_date"].startswith("2026-01-31")
    assert world.acme.orders_for(contract) == []


async def test_a_number_that_acme_does_not_know_goes_the_way_of_on_not_found(world: World) -> None:
    request = await world.connect.settled(world.cancel("K-1", ON_NOT_FOUND="reject"))
    assert request["status"] == "failed"
    assert "does not know its id" in request["reason"]


async def test_a_refusal_rejects_the_request_with_acmes_reason(world: World) -> None:
    contract = world.acme.add(refusal="It runs until May at least.")
    request = await world.connect.settled(world.cancel(contract.number))
    assert (request["status"], request["asset"]["status"]) == ("failed", "active")
    assert "It runs until May at least." in request["reason"]
    assert contract.terminations == 0


async def test_a_lock_is_waited_for(world: World) -> None:
    contract = world.acme.add(locked=1)
    request = await world.connect.settled(world.cancel(contract.number))
    assert request["status"] == "approved"
    assert world.acme.orders_for(contract) == [TERMINATE, TERMINATE]
    assert contract.terminations == 1
    assert "cause=conflict" in world.runner.log


@pytest.mark.parametrize("shows_after", [0.0, 2.0])
async def test_a_termination_whose_answer_is_lost_is_not_sent_again(
    world: World, shows_after: float
) -> None:
    contract = world.acme.add(shows_after=shows_after)
    rule = world.acme.faults.add("POST", "/rpc", DropAfter(), times=1)
    request = await world.connect.settled(world.cancel(contract.number))
    assert (request["status"], rule.hits) == ("approved", 1)
    assert world.acme.orders_for(contract) == [TERMINATE]
    assert contract.terminations == 1


async def test_a_code_that_is_no_refusal_rejects_nobody(world: World) -> None:
    contract = world.acme.add(shows_after=2.0)
    failure = Respond(200, b'{"ok": false, "code": "INTERNAL", "text": "Oops."}', after_work=True)
    world.acme.faults.add("POST", "/rpc", failure, times=1)
    request = await world.connect.settled(world.cancel(contract.number))
    assert request["status"] == "approved"
    assert world.acme.orders_for(contract) == [TERMINATE]


@pytest.mark.parametrize(
    ("state", "problem"),
    [
        ("frozen", "shows the status 'frozen', which the adapter does not know"),
        # It ends on a day that the answer does not give.
        ("ending", "does not show a contract as Acme describes it"),
    ],
)
async def test_a_state_that_says_too_little_waits_and_is_named_in_the_log(
    world: World, state: str, problem: str
) -> None:
    contract = world.acme.add(state=state)
    request_id = world.cancel(contract.number)
    await world.connect.answered(request_id)
    assert problem in world.runner.log
    contract.state = "ended"
    world.connect.tasks.deliver_again(request_id)
    assert (await world.connect.settled(request_id))["status"] == "approved"


async def test_a_wrong_key_waits_names_its_variable_and_is_not_shown(
    world: World, contract: Contract
) -> None:
    request_id = world.cancel(contract.number, ACME_API_KEY="acme-key-16180339887")
    await world.says(request_id, "check ACME_API_KEY and ACME_ACCOUNT")
    assert world.connect.status(request_id) == "pending"
    assert world.acme.orders_for(contract) == []
    seen = world.runner.log + world.notes(request_id)
    assert KEY not in seen
    assert "16180339887" not in seen


async def test_mistakes_in_the_variables_are_all_named_and_the_request_waits(
    world: World, contract: Contract
) -> None:
    request_id = world.cancel(
        contract.number,
        ACME_API_URL="acme.example",
        ACME_ACCOUNT="77",
        ACME_API_KEY="changeme",
        CANCELLATION_DATE="end_of_invoiced_period",
    )
    [task] = await world.connect.answered(request_id)
    assert (task.results[0].result, task.results[0].countdown >= 300) == ("reschedule", True)
    for mistake in (
        "ACME_API_URL is not a URL; it takes the base URL of Acme's API",
        "ACME_ACCOUNT got '77'; it takes the number of an account at Acme, such as A-77.",
        "ACME_API_KEY got a placeholder; it takes an API key of that account.",
        "CANCELLATION_DATE is end_of_invoiced_period, which Acme does not support",
    ):
        assert mistake in world.runner.log


async def test_a_dry_run_shows_the_call_and_sends_nothing(world: World, contract: Contract) -> None:
    request_id = world.cancel(contract.number, DRY_RUN="true")
    [task] = await world.connect.tasks_settled(request_id)
    assert (task.status.value, world.connect.status(request_id)) == ("skipped", "pending")
    url = world.acme.variables()["ACME_API_URL"]
    body = f'"at": "now", "contract": "con_{contract.number}", "reference": "{request_id}"'
    assert f'POST {url}/rpc with the body {{"call": "{TERMINATE}", {body}}}' in (task.output or "")
    assert world.acme.orders_for(contract) == []


async def test_one_that_ends_later_is_scheduled_and_taken_back_when_the_customer_stays(
    world: World, contract: Contract
) -> None:
    request_id = world.cancel(contract.number, **LATER)
    await world.connect.reaches(request_id, "scheduled")
    assert world.connect.request(request_id)["planned_date"].startswith(END_OF_TERM[:10])
    assert contract.state == "ending"
    world.connect.revoke(request_id)
    request = await world.connect.settled(request_id)
    assert (request["status"], request["asset"]["status"]) == ("revoked", "active")
    assert contract.state == "running"
    assert world.acme.orders_for(contract) == [TERMINATE, RESUME]


async def test_a_termination_of_somebody_else_is_not_taken_back(
    world: World, contract: Contract
) -> None:
    request_id = world.cancel(contract.number, **LATER)
    await world.connect.reaches(request_id, "scheduled")
    contract.reference = "another"
    world.connect.revoke(request_id)
    await world.says(request_id, "Somebody else has terminated the contract.")
    assert (world.connect.status(request_id), contract.state) == ("revoking", "ending")
