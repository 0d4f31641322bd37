"""Hostile answers from Connect and the vendor, and hostile notes of our own account."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings

from connect_ext.events import MAX_OUTPUT_CHARACTERS
from connect_ext.waiting.showing import lines, shown
from sandbox.faults import Respond, html_page, huge_body, truncated_json, wrong_type
from tests.conftest import EXAMPLES
from tests.fuzz.hostile import values
from tests.in_process import longest_stall
from tests.unit.builders import ODD_CHARACTERS, connect_request, odd_texts
from tests.waiting.told import assert_whole, told
from tests.waiting.world import LATER, waiting

# Notes.


@pytest.mark.parametrize("kind", ["waiting", "held", "settled", "found"])
async def test_an_odd_note_of_our_own_account_stays_one_cell(world, kind):
    request_id = world.cancel()
    odd = "".join(f"a{character}b\t\r\n\x1b[31m" for character in ODD_CHARACTERS)
    world.note(request_id, f"{odd} [connect-ext {kind} busy]")
    overview = await world.overview()
    assert_whole(overview)
    assert overview.entries[0].note.text.startswith("a b [31ma b [31m")


async def test_neither_a_partners_note_nor_another_type_is_believed(world):
    request_id = world.cancel()
    world.connect.say(request_id, "Held. [connect-ext held refused]", "private")
    world.connect.say(request_id, "Held. [connect-ext held refused]", "message")
    entry = await world.entry()
    assert (entry.state.value, entry.note) == ("waits", None)


async def test_a_note_of_two_thousand_characters_is_shown_in_short(world):
    request_id = world.cancel()
    world.note(request_id, f"{'long ' * 380}[connect-ext waiting busy]")
    overview = await world.overview()
    assert_whole(overview)
    assert len(overview.entries[0].note.text) > 1800
    assert len(shown(overview, MAX_OUTPUT_CHARACTERS)) < 700


# The vendor's answers.


@pytest.mark.parametrize(
    "fault",
    [
        html_page(),
        wrong_type(),
        truncated_json(),
        huge_body(12),
        Respond(200, b'{"status": "' + b"x" * 900_000 + b'"}'),
        Respond(200, json.dumps({"status": f"active{ODD_CHARACTERS[:-3]}"}).encode()),
        Respond(422, json.dumps({"message": "\x1b[31m\tno\n" * 2000}).encode()),
        Respond(302, headers={"Location": "https://vendor.example/secret-path"}),
    ],
    ids=["html", "list", "cut", "huge", "long word", "odd word", "long reason", "redirect"],
)
async def test_an_unusable_answer_is_one_row(world, fault):
    world.cancel("SUB-1")
    whole = world.cancel()
    world.vendor.faults.add("GET", "SUB-1", fault)
    overview = await world.overview()
    assert_whole(overview)
    views = [str(each.vendor) for each in overview.entries]
    assert (views[0].startswith("not known: "), views[1]) == (True, "active")
    assert overview.entries[1].subject.id == whole
    assert "vendor.example" not in lines(overview)


async def test_hundreds_of_odd_answers_do_not_stop_the_event_loop(world):
    for number in range(40):
        world.cancel(f"SUB-{number}")
    body = json.dumps({"message": "It's éß王 \\u0061%41&amp; " * 4000}).encode()
    world.vendor.faults.add("GET", "", Respond(422, body))
    # Generous, because the machine runs much else.
    assert await longest_stall(world.overview()) < 1.0


# Connect's answers.

JUNK = [
    {},
    {"id": "../x"},
    {**connect_request(), "id": "PR-1\n2"},
    {**connect_request(), "asset": None},
    {**connect_request(), "type": "purchase"},
    {**connect_request(), "status": "approved"},
    {**connect_request(), "status": ["pending"]},
    {**connect_request(), "asset": {"id": "AS-1", "product": {"id": "PRD-1\x1b"}}},
]


async def test_only_open_cancel_requests_are_listed(world):
    answer = Respond(200, json.dumps(JUNK).encode())
    world.connect.faults.add("GET", "/requests$", answer)
    overview = await world.overview()
    assert (overview.entries, overview.others) == ((), 0)


@pytest.mark.parametrize(
    "fault", [html_page(), wrong_type(), truncated_json(), Respond(200, b"{}"), Respond(503)]
)
async def test_a_list_that_cannot_be_read_is_a_problem(world, fault):
    world.cancel()
    world.connect.faults.add("GET", "/requests$", fault)
    overview = await world.overview()
    assert (overview.entries, len(overview.problems)) == ((), 1)
    assert "listing the cancel requests" in overview.problems[0] or "list" in overview.problems[0]


async def test_a_request_with_odd_dates_is_listed():
    async with waiting(**LATER) as world:
        request_id = await world.scheduled()
        request = world.connect.requests.by_id[request_id]
        for date in ("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "soon", ""):
            request["planned_date"] = request["updated"] = date
            overview = await world.overview()
            assert_whole(overview)
            assert [each.subject.id for each in overview.entries] == [request_id]


@settings(max_examples=max(15, EXAMPLES // 10))
@given(values, odd_texts)
def test_there_is_a_list_whatever_connect_and_the_vendor_say(value, text):
    told(value, note=f"{text} [connect-ext held busy]")
