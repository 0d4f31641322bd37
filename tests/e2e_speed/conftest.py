"""The real runner at each speed, each with its own sandbox."""

import pytest


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.parent.name == "e2e_speed":
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.timeout(300))
