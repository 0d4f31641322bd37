"""The page on setting up a vendor shows the current output of its commands."""

from __future__ import annotations

import pytest

from tools.transcript import PAGE, fresh


@pytest.mark.slow
async def test_the_page_shows_what_its_commands_say():
    page = PAGE.read_text(encoding="utf-8")
    assert await fresh(page) == page, "run make transcript"


def test_its_story_names_three_mistakes_and_ends_with_a_cancellation():
    page = PAGE.read_text(encoding="utf-8")
    assert "✓ The subscription is cancelled. A real request would be approved." in page
    mistakes = page.partition("## Three mistakes")[2]
    for variables in (
        "check REST_OAUTH_CLIENT_ID and REST_OAUTH_CLIENT_SECRET",
        "REST_STATUS_PATH finds nothing: data.attributes.lifecycle has state but no stat",
        "'TERMINATING', which is in no list: add it to REST_CANCELLING_VALUES",
    ):
        assert variables in mistakes
