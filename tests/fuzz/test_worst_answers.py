"""The longest answers that are read stay within bounds of memory and time."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from connect_ext.http.bodies import MAX_ANSWER_BYTES
from tests.fuzz.worst import WORST, body_of

MOST_MEGABYTES, MOST_SECONDS = 200.0, 3.0


@pytest.mark.parametrize("kind", ["json", "orders", "xml"])
def test_no_answer_takes_200_megabytes_or_long(kind):
    """Measured in its own process, by its peak memory; the XML library's memory is not Python's."""
    names = [name for name in WORST if name.startswith(kind)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.worst", *names],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
    )
    took = {}
    for line in done.stdout.splitlines():
        took.update(json.loads(line))
    assert set(took) == set(names)
    assert {n: t for n, t in took.items() if t["megabytes"] > MOST_MEGABYTES} == {}
    assert {n: t for n, t in took.items() if t["seconds"] > MOST_SECONDS} == {}


@pytest.mark.parametrize("name", WORST)
def test_the_worst_answers_are_as_long_as_allowed(name):
    assert 5_000_000 < len(body_of(name)) <= MAX_ANSWER_BYTES
