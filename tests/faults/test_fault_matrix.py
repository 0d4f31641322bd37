"""Each call with each fault, in the official runner, ends as `docs/faults.md` says."""

from __future__ import annotations

import os
import tempfile
from collections import deque
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from sandbox.certificates import issue_certificates
from tests.faults import matrix
from tests.faults.cell_faults import RETRY_AFTER_SECONDS
from tests.faults.faults import Elsewhere
from tests.faults.matrix import CONNECT_COLUMNS, RUNNER_COLUMNS, VENDOR_COLUMNS
from tests.faults.page import page
from tests.faults.rows import BUSY, End
from tests.faults.trials import Trial, Trials

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trials(world) -> AsyncIterator[Trials]:
    """Every cell of the matrix, brought about."""
    with tempfile.TemporaryDirectory() as directory:
        elsewhere = Elsewhere()
        untrusted = Elsewhere(ssl_context=issue_certificates(Path(directory)).server_context)
        await elsewhere.start()
        await untrusted.start()
        scale = world.connect.tasks.countdown_scale
        try:
            # Waiting requests are delivered again by hand, once there is something to see.
            world.connect.tasks.countdown_scale = 1.0
            trials = Trials(world, elsewhere, untrusted)
            await _bring_about(trials)
            trials.strays = [*elsewhere.received, *untrusted.received]
            yield trials
        finally:
            world.connect.tasks.countdown_scale = scale
            await elsewhere.stop()
            await untrusted.stop()


async def _bring_about(trials: Trials) -> None:
    """The longest cells begin first, with as many others as there is room for."""
    cells = matrix.cells(*VENDOR_COLUMNS)
    long = trials.begin(trials.prepared(cell for cell in cells if cell.takes_long))
    # The others would run before the second walk of a revoked request.
    await trials.met(long, timeout=30)
    under_way: deque[list[Trial]] = deque()
    for column in (*CONNECT_COLUMNS, *VENDOR_COLUMNS, *RUNNER_COLUMNS):
        cells = matrix.cells(column)
        others = trials.prepared(cell for cell in cells if not cell.takes_long)
        while not trials.has_room_for(others):
            await trials.ended(under_way.popleft(), timeout=120)
        under_way.append(trials.begin(others))
    for trials_of_column in under_way:
        await trials.ended(trials_of_column, timeout=120)
    await trials.ended(long, timeout=200)
    await trials.settled_after_a_new_process(timeout=90)


@pytest.mark.parametrize("column", matrix.COLUMNS, ids=lambda column: column.key)
async def test_each_fault_of_a_call_ends_as_the_table_says(trials, column):
    ends = {cell.name: end for cell, end in trials.ends().items() if cell.column is column}
    assert ends == {cell.name: cell.end.value for cell in matrix.cells(column)}


@pytest.mark.parametrize("column", matrix.COLUMNS, ids=lambda column: column.key)
async def test_every_request_settles_with_one_cancellation_when_the_fault_is_over(trials, column):
    found = {cell: end for cell, end in trials.last_ends().items() if cell.column is column}
    assert {cell.name: end for cell, end in found.items()} == {
        cell.name: cell.last_end for cell in found
    }
    assert found


async def test_the_vendors_retry_after_is_respected_and_calls_to_it_are_paused(trials):
    busy = [t for t in trials.every if t.cell.row.key in BUSY and t.cell.end is End.WAITS]
    # A date has no fractions of a second, and the call takes time too.
    least = RETRY_AFTER_SECONDS - 2
    assert {t.cell.name: t.first.countdown for t in busy if t.first.countdown < least} == {}
    of_vendor = [t for t in busy if t.cell.is_paused]
    assert len(of_vendor) > 2 * len(VENDOR_COLUMNS)
    called = {t.cell.name: (t.calls_then, t.calls_later) for t in of_vendor}
    assert {name: calls for name, calls in called.items() if calls[0] != calls[1]} == {}


async def test_after_an_unknown_outcome_nothing_is_sent_until_the_time_to_settle_is_over(trials):
    waiting = [t for t in trials.every if t.cell.waits_to_settle and not t.cell.stays_held]
    sent = {t.cell.name: (t.calls_then, t.calls_later) for t in waiting}
    assert len(sent) > 50
    assert {name: calls for name, calls in sent.items() if calls[0] != calls[1]} == {}


@pytest.mark.parametrize("key", ["orders_order", "orders_delete"])
async def test_zuora_has_time_to_finish_an_order_whose_answer_is_lost(trials, key):
    column = next(each for each in VENDOR_COLUMNS if each.key == key)
    lost = [t for t in trials.every if t.cell.column is column and t.cell.end is End.SENT]
    short = {t.cell.name: t.first.countdown for t in lost if t.first.countdown < 300}
    assert lost
    assert short == {}


async def test_no_redirect_is_followed_and_nothing_is_sent_to_an_untrusted_server(trials):
    assert trials.strays == []


async def test_no_fault_reveals_a_bug_in_the_extension(trials):
    assert "a bug in the extension" not in trials.world.runner.log


async def test_the_page_is_up_to_date(request):
    if os.environ.get("WRITE_FAULTS"):
        request.getfixturevalue("trials")
        PAGE.write_text(page())
    assert PAGE.read_text() == page()
