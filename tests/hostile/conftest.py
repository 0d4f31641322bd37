"""Whatever the worst answers lead to, no log shows a credential."""

import logging

import pytest

from tests.hostile.sides import CONNECT_KEY, SESSION
from tests.http.vendors import KEY
from tests.leaks import leaks


@pytest.fixture(autouse=True)
def log(caplog):
    caplog.set_level(logging.DEBUG)
    yield caplog
    assert leaks(caplog.text, [KEY, SESSION, CONNECT_KEY]) == []
