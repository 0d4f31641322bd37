"""Five hundred requests, lost in every way: the findings of one run and of a second one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from sandbox import Customer
from tests.reconcile.planting import Past, past
from tests.reconcile.running import FAST, Command, Ran
from tests.reconcile.sorts import PERSON, SETTLED, SORTS, WAITS, Planted, Task

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.asyncio(loop_scope="session"),
]

REPORT = re.compile(r"\[connect-ext (held|waiting|found) [a-z-]+\]$")


@dataclass(frozen=True)
class Runs:
    """Two runs, one after the other."""

    past: Past
    first: Ran
    ends: dict[str, tuple[str, str, str, int]]
    """After the first one."""
    second: Ran
    changes: Counter[str]
    """The cancellations that the second run asked for."""

    def of(self, *names: str) -> list[Planted]:
        """The planted requests of some sorts."""
        found = [each for each in self.past.planted if each.sort.name in names]
        assert {each.sort.name for each in found} == {*names}
        return found


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def runs(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Runs]:
    async with past() as planted:
        planted.plant(SORTS)
        command = Command(planted.sandbox, tmp_path_factory.mktemp("five-hundred"))
        first = await command.run("--json", *FAST)
        ends, before = planted.ends(), planted.changes()
        second = await command.run("--json", *FAST)
        yield Runs(planted, first, ends, second, planted.changes() - before)


async def test_one_run_settles_what_it_may_and_leaves_all_other_requests(runs: Runs) -> None:
    assert len(runs.past.requests) == 500
    assert runs.ends == runs.past.right_ends()


async def test_no_subscription_is_cancelled_twice(runs: Runs) -> None:
    times = {name: times for name, (_, _, _, times) in runs.past.ends().items()}
    assert {name: number for name, number in times.items() if number > 1} == {}
    sent = Counter(call.path for call in runs.past.sandbox.vendor.calls_to("POST", "/cancel"))
    # The second run asks a vendor that says "not now" again.
    again = {f"/subscriptions/{each.key}/cancel" for each in runs.of("locked", "locked for a day")}
    assert {path for path, number in sent.items() if number > 1} == again


async def test_the_report_names_exactly_those_that_need_a_person(runs: Runs) -> None:
    assert runs.first.for_a_person() == runs.past.for_a_person()
    assert (runs.first.status, runs.first.report["needs_person"]) == (1, True)
    assert (runs.first.report["is_whole"], runs.first.report["problems"]) == (True, [])


async def test_the_report_lists_settled_and_waiting_requests(runs: Runs) -> None:
    assert runs.first.findings(SETTLED) == runs.past.findings(SETTLED)
    assert runs.first.findings(WAITS) == runs.past.findings(WAITS)
    assert {each["kind"] for each in runs.first.report["findings"]} == {PERSON, SETTLED, WAITS}


async def test_a_second_run_changes_nothing(runs: Runs) -> None:
    assert runs.past.ends() == runs.ends
    expected: Counter[str] = Counter()
    for each in runs.of("locked", "locked for a day"):
        # Waiting for a vendor that says "not now" means asking again, each time with a mark.
        expected[f"/subscriptions/{each.key}/cancel"] = 1
        expected[f"/public/v1/conversations/{each.id}/messages"] = 2
    assert runs.changes == expected


async def test_a_second_run_names_the_same(runs: Runs) -> None:
    assert runs.second.for_a_person() == runs.first.for_a_person()
    assert runs.second.findings(WAITS) == runs.first.findings(WAITS)
    assert runs.second.findings(SETTLED) == set()
    assert runs.second.status == 1


async def test_each_request_that_needs_a_person_says_so_once_in_a_private_note(runs: Runs) -> None:
    reports = {
        each.id: [note["type"] for note in runs.past.connect.notes(each.id) if is_report(note)]
        for each in runs.past.requests
        if each.sort.end.found == PERSON and each.sort.task is not Task.ELSEWHERE
    }
    assert {name: found for name, found in reports.items() if found != ["private"]} == {}


def is_report(note: dict[str, str]) -> bool:
    return REPORT.search(note["text"]) is not None


async def test_young_requests_and_those_of_another_environment_are_left_out(
    runs: Runs,
) -> None:
    left = runs.of(
        *("young", "young, and cancelled by hand", "without a task here"),
        *("another environment's", "another environment's, of our product and young"),
    )
    for each in left:
        assert runs.past.connect.notes(each.id) == []
        assert runs.past.sandbox.vendor.calls_to("*", f"/{each.key}") == []


async def test_nobodys_data_and_no_secret_is_shown(runs: Runs) -> None:
    secrets = (*Customer().personal_data(), runs.past.sandbox.vendor.api_key)
    told = [runs.first.out, runs.first.err, runs.second.out, runs.second.err]
    assert [text for text in (*secrets, "Traceback") if any(text in each for each in told)] == []
