"""The search of logs for secrets finds them and nothing else."""

import pytest

from tests.leaks import leaks
from tests.unit.test_disguises import DISGUISES, KEY

UNREACHED = ("every second one", "its first twelve", "without its beginning", "percent, twice")
"""Mixtures and parts, which test_disguises.py tests."""


@pytest.mark.parametrize("disguise", [name for name in DISGUISES if name not in UNREACHED])
def test_a_disguised_key_is_found(disguise):
    assert leaks(f"DEBUG x{DISGUISES[disguise](KEY)}y", {"the key": KEY}) == ["the key"]


def test_a_log_without_secrets_has_no_findings():
    assert leaks("Received message: sk-4f9Kx27Q and c2stNGY5S3gyN1F3", [KEY]) == []
