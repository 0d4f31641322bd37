"""The order of the tests: random, but one folder after the other."""

from __future__ import annotations

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep each folder's tests together, whatever order they are shuffled into.

    The servers of a folder's shared sandbox only answer while one of its tests runs. Between two
    of them that lie minutes apart, its runner loses the connection and takes minutes more to come
    back; so nothing of another folder may run in between.
    """
    turns: dict[object, int] = {}
    for item in items:
        turns.setdefault(item.path.parent, len(turns))
    items.sort(key=lambda item: turns[item.path.parent])
