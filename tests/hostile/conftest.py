"""No log shows a credential, whatever the worst answers cause."""

import gc
import logging

import pytest

from connect_ext.runner_speed.garbage import leave_out_what_is_loaded
from tests.hostile.sides import CONNECT_KEY, ORDERS_TOKEN, SESSION
from tests.http.vendors import KEY
from tests.leaks import leaks
from tests.unit.builders import ORDERS_SECRET


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.parent.name == "hostile":
            item.add_marker(pytest.mark.undisturbed)


@pytest.fixture(scope="session")
def loaded():
    """Exempt everything loaded so far from garbage collection, as in a worker of the runner: going
    through it takes as long as the loop may stand still.
    """
    leave_out_what_is_loaded()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def garbage(loaded):
    """Errors keep the answers that they report, hundreds of megabytes, in few objects."""
    yield
    gc.collect()


@pytest.fixture(autouse=True)
def log(caplog):
    caplog.set_level(logging.DEBUG)
    yield caplog
    secrets = [KEY, SESSION, CONNECT_KEY, ORDERS_TOKEN, ORDERS_SECRET]
    assert leaks(caplog.text, secrets) == []
