"""Python's own output about our values: in a traceback, a debug log or a failed log call."""

import asyncio
import io
import logging

from connect_ext.cancelling.steps import Ended, Leave
from connect_ext.cause import Cause
from connect_ext.errors import Refused
from connect_ext.http.client import Answer, Call
from connect_ext.outcome_log import TaskLine
from connect_ext.portal.settings import read_configuration
from connect_ext.shared_state import SharedState
from connect_ext.vendors.registry import MOST_TOKENS, Vendors, definitions
from tests.unit.builders import REST_VARIABLES, connect_request

KEY = "sk-4f9Kx27QwRz81bTn"
KEYS = {
    **REST_VARIABLES,
    "REST_API_KEY": KEY,
    "REST_CANCEL_REQUEST": f"POST /cancel/{{subscription_id}}?key={KEY}",
    "REST_STATUS_REQUEST": f"GET /status/{{subscription_id}}?key={KEY}",
    "REST_CANCEL_BODY": f'{{"key": "{KEY}"}}',
    "REST_HEADERS": f'{{"X-Key": "{KEY}"}}',
}


def test_no_value_shows_a_secret():
    shared = SharedState()
    configuration = asyncio.run(shared.configuration(KEYS))
    call = Call("x", "GET", f"https://x.example/{KEY}", (("X-Key", KEY),), KEY.encode())
    answer = Answer(200, {"Set-Cookie": KEY}, KEY.encode())
    own = configuration.default.vendor.own
    for value in (shared, configuration, own, call, answer, Refused(KEY)):
        assert KEY not in f"{value!r} {value}"


def test_a_log_that_cannot_be_written_shows_nothing_of_the_request(capsys):
    closed = io.StringIO()
    closed.close()
    log = logging.getLogger("a closed one")
    log.addHandler(logging.StreamHandler(closed))
    log.setLevel(logging.INFO)
    request = connect_request({"id": "x", "value": "Jane Doe"})
    log.info("%s", TaskLine(Ended(Leave(Cause.BUSY, "It waits.")), request, "TQ-1", 1))
    shown = capsys.readouterr().err
    assert "TaskLine" in shown
    assert "Jane" not in shown


def test_a_product_knows_the_keys_that_another_product_overrides():
    other = '{"PRD-1-1-1": {"REST_API_KEY": "another-k3y-of-ours"}}'
    read = read_configuration({**KEYS, "PRODUCT_OVERRIDES": other}, definitions())
    for product in ("PRD-1-1-1", "PRD-2-2-2"):
        assert {KEY, "another-k3y-of-ours"} <= read.for_product(product).secrets


async def test_no_vendors_tokens_are_forgotten_for_anothers():
    vendors, tokens = Vendors(), []
    for product in range(2 * MOST_TOKENS):
        settings = read_configuration({**KEYS, "REST_API_KEY": f"key-{product}"}, definitions())
        vendors.vendor_for(settings.default.vendor)
        tokens.append(vendors.tokens_of(settings.default.vendor))
        tokens[-1].keep(f"token {product}")
    assert [list(each) for each in tokens] == [[f"token {n}"] for n in range(2 * MOST_TOKENS)]
    for number in range(2 * MOST_TOKENS):
        tokens[0].keep(f"token {number}")
        tokens[0].keep("in use")
    assert len(list(tokens[0])) == MOST_TOKENS
    assert "in use" in tokens[0]
    await vendors.aclose()
