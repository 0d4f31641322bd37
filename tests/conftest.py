"""Shared by all tests: their order, and hypothesis's settings."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "150"))
"""`make soak` tries more (tools/fuzz.py)."""

# Quick, and without files in the checkout. All folders share one profile: the last one loaded holds
# for every test of a run.
settings.register_profile(
    "all",
    deadline=None,
    database=None,
    max_examples=EXAMPLES,
    # `make mutants` runs the tests again and again in one process.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.differing_executors],
)
settings.load_profile("all")

LONGEST = (
    *("seeded_bugs", "faults", "model", "promises", "diagnostics", "reconcile", "check", "fuzz"),
    *("e2e_speed", "unit", "sandbox", "zuora_orders", "waiting", "examples", "e2e"),
)
"""The folders whose tests take the most time together, longest first."""


class FolderScheduling(LoadScopeScheduling):
    """With several processes, one runs all tests of a folder, which share fixtures."""

    def _split_scope(self, nodeid: str) -> str:
        path, _, _ = nodeid.partition("::")
        return path.rpartition("/")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> FolderScheduling:
    return FolderScheduling(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep each folder's tests together, in whatever order they are shuffled.

    The servers of a folder's shared sandbox only answer while one of its tests runs. If two of them
    lay minutes apart, its runner would lose the connection and take minutes more to come back, so
    no test of another folder may run in between.
    """
    # Several processes take folder after folder; all would wait for a long one that began last.
    first = LONGEST if "PYTEST_XDIST_WORKER" in os.environ else ()
    turns = {folder: turn for turn, folder in enumerate(first)}
    for item in items:
        turns.setdefault(item.path.parent.name, len(turns))
    items.sort(key=lambda item: turns[item.path.parent.name])
