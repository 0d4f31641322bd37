"""Marked secrets and personal data go in everywhere, and nothing that leaves shows one."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import AsyncIterator

import pytest_asyncio

from sandbox import LocalVendor
from sandbox.faults import DropAfter
from tests.faults.marked import KEYS, Marked, Words
from tests.faults.marked_answers import (
    DOCTORED,
    answers,
    doctored,
    orders_found,
    plain_statuses,
    reasons,
    soap,
)
from tests.faults.world import OAUTH, ORDERS, REST, ZUORA, Secrets, open_world
from tests.leaks import leaks
from tests.often import OFTEN

# Variables that may hold a secret and are then marked as secure in the portal: the runner prints
# values that are not secure.
SECURE_BY_HAND = (
    *("REST_HEADERS", "PRODUCT_OVERRIDES", "REST_CANCEL_REQUEST", "REST_CANCEL_BODY"),
    *("REST_UNDO_REQUEST", "REST_UNDO_BODY"),
)

UNDOES = {REST: "undo", ZUORA: "delete", ORDERS: "delete order"}

# The text of a call in a dry run: no secret, but still not for a log.
WHY = "at-the-wish-of-the-customer"

# The calls to Connect, and the vendor's status that leads to each.
CONNECT_CALLS = {
    **dict.fromkeys(("templates", "approve", "note"), "cancelled"),
    **dict.fromkeys(("sending", "notes"), "active"),
    "precedent": "draft",
}


def _everything(marked: Marked) -> None:
    for kind in (REST, OAUTH, ZUORA, ORDERS):
        for status in ("active", "cancelled", "draft"):
            marked.cancel(kind, status=status)
        marked.refuse(kind)
        marked.refuse(kind, ON_REFUSAL="hold")
        for ends_later in (False, True):
            marked.cancel(kind, DRY_RUN="true", ends_later=ends_later)
    _faults_of_rest(marked)
    _faults_of_zuora(marked)
    _faults_of_orders(marked)
    _faults_of_taking_back(marked)
    for call, status in CONNECT_CALLS.items():
        for fault in answers(marked.words, f"Connect {call}"):
            marked.cancel(REST, call, fault, status=status)


def _faults_of_rest(marked: Marked) -> None:
    for kind, call in ((REST, "GET"), (REST, "POST"), (OAUTH, "token")):
        for fault in answers(marked.words, f"{kind} {call}"):
            marked.cancel(kind, call, fault, old=call == "GET")
    marked.cancel(REST, "POST", DropAfter())
    marked.betray("GET", 200, '{"status": "NAME"}')
    marked.betray("GET", 400, '{"error": {"message": "NAME is not among the tenants."}}')
    marked.betray("POST", 422, '{"NAME": "unreadable"}')


def _faults_of_zuora(marked: Marked) -> None:
    for version, call in (("19.0", "create"), ("19.0", "update"), ("27.0", "create")):
        for make in soap(marked.words, f"Zuora {version} {call}"):
            marked.tell(ZUORA, call, make, version=version)
    for call in ("login", "query", "preview", "amend"):
        place = f"Zuora {call}"
        for make in soap(marked.words, place):
            marked.tell(ZUORA, call, make, old=call == "query")
        for fault in answers(marked.words, place):
            marked.cancel(ZUORA, call, fault, old=call == "query")


def _faults_of_orders(marked: Marked) -> None:
    words = marked.words
    for call in (*DOCTORED, "order by number", "orders"):
        place = f"Zuora {call}"
        more = {"old": call == "subscription", "refused": call not in DOCTORED}
        for fault in answers(words, place):
            marked.tell(ORDERS, call, lambda _, fault=fault: fault, **more)
        good = doctored(words, call) if call in DOCTORED else orders_found(words, call)
        for make in (*reasons(words, place), *good):
            marked.tell(ORDERS, call, make, **more)
    for make in plain_statuses(words):
        marked.tell(ORDERS, "subscription", make)
    marked.cancel(ORDERS, "order", DropAfter())


def _faults_of_taking_back(marked: Marked) -> None:
    words = marked.words
    said = {"undo": (), "delete": soap(words, "Zuora delete"), "delete order": reasons(words, "it")}
    for kind, call in UNDOES.items():
        marked.revoke(kind)
        marked.revoke(kind, is_dry=True)
        for make in said[call]:
            marked.revoke(kind, call, make)
    for kind, call in (*UNDOES.items(), (REST, "confirm")):
        for fault in answers(words, f"{kind} {call}"):
            marked.revoke(kind, call, lambda _, fault=fault: fault)
    for fault in answers(words, "Connect schedule"):
        marked.cancel(REST, "schedule", fault, ends_later=True)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def marked() -> AsyncIterator[Marked]:
    """Everything confidential is marked, everything is tried, and the runner logs all it can."""
    words = Words()
    secrets = {name: words.new(name) for name in ("REST_API_KEY", *KEYS.values())}
    oauth = LocalVendor(auth="oauth2")
    oauth.client_secret = words.new("REST_OAUTH_CLIENT_SECRET")
    oauth.credentials.client_secret = oauth.client_secret
    headers = {"X-Tenant": words.new("REST_HEADERS")}
    async with open_world(
        {"REST_HEADERS": json.dumps(headers), **_requests(words)},
        oauth,
        Secrets(secrets["ZUORA_PASSWORD"], secrets["ZUORA_CLIENT_SECRET"]),
        vendor=LocalVendor(api_key=secrets["REST_API_KEY"]),
        countdown_scale=1.0,
        log_level="DEBUG",
    ) as world:
        marked = Marked(world, words, secrets)
        _everything(marked)
        # The overrides may hold a secret too: the same one, so that the calls work.
        for case in marked.cases[:3]:
            world.overrides[case.product_id]["REST_API_KEY"] = secrets["REST_API_KEY"]
        marked.push(marked.batches()[0])
        for name in SECURE_BY_HAND:
            world.connect.environment.variables[name].secure = True
        world.runner = await world.sandbox.start_runner(debug=True, handler=OFTEN)
        await marked.play()
        await world.runner.stop()
        yield marked


def _requests(words: Words) -> dict[str, str]:
    """Keys in addresses, which the vendor ignores."""
    of_subscription = "POST /subscriptions/{subscription_id}"
    body = {"effective_date": "{effective_date}", "reason": WHY}
    return {
        "REST_CANCEL_REQUEST": f"{of_subscription}/cancel?api_key={words.new('a key')}",
        "REST_CANCEL_BODY": json.dumps(body),
        "REST_UNDO_REQUEST": f"{of_subscription}/undo_cancellation?token={words.new('a token')}",
        "REST_UNDO_BODY": json.dumps({"reason": WHY}),
    }


async def test_nothing_that_leaves_shows_a_secret_or_anything_personal(marked):
    shown = [(what, marked.words.shown_in(text)) for what, text in marked.leaves()]
    assert [(what, places) for what, places in shown if places] == []


async def test_nothing_that_leaves_shows_a_secret_or_an_issued_token_in_any_encoding(marked):
    world = marked.world
    headers = [call.headers.get("Authorization", "") for call in world.oauth.calls]
    handed_out = {header.rpartition(" ")[2] for header in headers if header}
    handed_out |= {*world.zuora.sessions.tokens, world.connect.api_key.partition(":")[2]}
    assert len(world.orders.tokens.all) > 10
    handed_out |= world.orders.tokens.all
    assert len(handed_out) > 20
    texts = defaultdict(str)
    for what, text in marked.leaves():
        texts[what] += f"\n{text}"
    for what, text in texts.items():
        assert leaks(text, {*handed_out, *marked.secrets.values()}) == [], what


async def test_every_answer_with_a_marked_word_was_met(marked):
    world = marked.world
    for switch in (
        world.at_connect,
        world.at_vendor,
        world.at_oauth,
        world.at_zuora,
        world.at_orders,
    ):
        assert [call for call in switch.faults if not switch.hits[call]] == []


async def test_the_log_says_what_happened_and_the_vendors_reasons_reach_connect(marked):
    reasons = [marked.world.connect.request(case.request_id)["reason"] for case in marked.cases]
    # All four vendors refuse, one of them in a second way. Once, Zuora words an unknown order of
    # ours as a refusal.
    assert sum("It is leased until May" in reason for reason in reasons) == 6
    assert "Received message" in marked.world.runner.log
    assert re.search(r"Metrics of \d+ s: tasks=[1-9]", marked.world.runner.log)
    assert "a bug in the extension" not in marked.world.runner.log
    notes = [
        note["text"] for c in marked.cases for note in marked.world.connect.notes(c.request_id)
    ]
    assert sum("has been waiting since" in note for note in notes) > 10
    assert sum("[…] is not among the tenants." in note for note in notes) == 1
    assert sum("an order for this request" in note for note in notes) == 1
    tags = Counter(re.findall(r"\[connect-ext (?:cancel \w+ )?([a-z-]+)", "\n".join(notes)))
    assert {"sending", "not-sent", "waiting", "held", "dry-run"} <= tags.keys()


async def test_a_dry_run_shows_its_calls_in_notes_and_not_in_the_log(marked):
    connect = marked.world.connect
    told = [
        (case, note["text"])
        for case in marked.cases
        for note in connect.notes(case.request_id)
        if "[connect-ext dry-run" in note["text"]
    ]
    would = [text for _, text in told if "This would be sent: " in text]
    assert len(would) == 11
    of_rest = [(case.subscription_id, text) for case, text in told if WHY in text]
    assert [text for subscription_id, text in of_rest if subscription_id not in text] == []
    assert len(of_rest) == 5
    amounts = re.compile(r"would (bill|credit|charge) ")
    assert sum(bool(amounts.search(text)) for text in would) == 4
    # Some of the runner's own debug lines show a task's whole output.
    ours = [line for line in marked.world.runner.log.splitlines() if " eaas.eventsapp" in line]
    assert len(ours) > len(marked.cases)
    assert [line for line in ours if "(REST_CANCEL_REQUEST)" in line]
    assert [line for line in ours if WHY in line or amounts.search(line)] == []
