"""What all tests share: their order, and how hypothesis tries things."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "150"))
"""`make soak` tries more (tools/fuzz.py)."""

# Quickly, and without files in the checkout. There is one profile for all folders: the last that
# is loaded holds for every test of a run.
settings.register_profile(
    "all",
    deadline=None,
    database=None,
    max_examples=EXAMPLES,
    # `make mutants` runs the tests again and again in one process.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.differing_executors],
)
settings.load_profile("all")

# The folders whose files take longest, most of it waiting.
LONGEST = ("e2e", "e2e_speed", "examples", "faults", "model")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep each folder's tests together, in whatever order they are shuffled.

    Several processes take file after file from this order, so that the longest begin first and
    none of them is waited for at the end.

    The servers of a folder's shared sandbox only answer while one of its tests runs. Between two
    of them that lie minutes apart, its runner loses the connection and takes minutes more to come
    back; so nothing of another folder may run in between.
    """
    turns: dict[object, int] = {}
    for item in items:
        turns.setdefault(item.path.parent, len(turns))
    first = LONGEST if "PYTEST_XDIST_WORKER" in os.environ else ()
    items.sort(key=lambda item: (item.path.parent.name not in first, turns[item.path.parent]))
