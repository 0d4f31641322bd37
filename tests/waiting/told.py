"""The whole output about one request whose vendor gives the test's answers."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Mapping
from contextlib import redirect_stdout

from connect_ext.events import MAX_OUTPUT_CHARACTERS
from connect_ext.waiting.entry import Overview
from connect_ext.waiting.showing import COLUMNS, in_short, lines, shown
from connect_ext.waiting.table import print_table
from tests.check.test_secrets import answering
from tests.http.servers import web_server
from tests.waiting.world import waiting


def everything_told(overview: Overview) -> str:
    """Every form of a list."""
    table = io.StringIO()
    with redirect_stdout(table):
        print_table(overview)
    texts = (lines(overview), shown(overview, MAX_OUTPUT_CHARACTERS), in_short(overview))
    return "\n".join([*texts, table.getvalue(), json.dumps(overview.as_json(), ensure_ascii=False)])


def assert_whole(overview: Overview) -> None:
    """Check that every form is complete, whatever the answer."""
    text = lines(overview)
    columns = [len(line.split("\t")) for line in text.splitlines()]
    assert columns == [len(COLUMNS)] * len(overview.entries)
    assert all(character.isprintable() or character in "\t\n" for character in text)
    assert len(shown(overview, MAX_OUTPUT_CHARACTERS)) <= MAX_OUTPUT_CHARACTERS
    assert "\n" not in in_short(overview)
    told = json.loads(json.dumps(overview.as_json()))
    assert len(told["requests"]) == len(overview.entries)


def told(
    document: object,
    variables: Mapping[str, str] | None = None,
    *,
    status: int = 200,
    token: str = "a-token",
    note: str = "",
) -> str:
    """The output after a delivery of the task, and after a note of our own account.

    ``status``: the status of the vendor's answers to the look; its other answers are refusals.
    """

    async def tell() -> str:
        async with web_server(answering(document, status, 422, token)) as server:
            own = {"REST_API_URL": server.url, "REST_OAUTH_TOKEN_URL": f"{server.url}/token"}
            own |= {"REST_API_KEY": "a-key-for-nothing", "ON_REFUSAL": "hold"}
            async with waiting(**{**own, **(variables or {})}) as world:
                request_id = world.connect.cancel("SUB-1")
                await world.extension.deliver(request_id)
                if note:
                    world.note(request_id, note)
                overview = await world.overview()
                assert_whole(overview)
                text = everything_told(overview)
                assert server.url.removeprefix("http://") not in text
                return text

    return asyncio.run(tell())
