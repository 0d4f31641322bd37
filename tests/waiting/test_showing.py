"""The list as lines for programs, as a schedule's output, and as JSON."""

import json

import pytest

from connect_ext.waiting.entry import State, VendorView
from connect_ext.waiting.showing import COLUMNS, age, in_short, lines, shown
from tests.waiting.entries import NOW, PLANNED, entry, overview, waiting_by_itself


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (59.9, "59s"),
        (60, "1m"),
        (3599, "59m"),
        (3600, "1h0m"),
        (86_399, "23h59m"),
        (86_400, "1d0h"),
        (273_600, "3d4h"),
        (400 * 86_400, "400d0h"),
    ],
)
def test_an_age_has_its_two_largest_units(seconds, text):
    assert age(seconds) == text


# Lines.


def columns(*entries):
    return [dict(zip(COLUMNS, line.split("\t"), strict=True)) for line in text_of(*entries)]


def text_of(*entries):
    return lines(overview(*entries)).splitlines()


def test_a_line_has_a_column_for_each_fact():
    assert columns(entry()) == [
        {
            "request": "PR-1000-0000-0001-002",
            "subscription": "AS-1000-0000-0001",
            "product": "PRD-100-000-001",
            "waits": "3d4h",
            "state": "held",
            "vendor": "active",
            "person": "person",
            "act": "cancel",
            "cause": "refused",
            "note": "2026-03-02 09:15 held, refused: The vendor refuses: it is leased.",
            "decision": "The subscription would be cancelled.",
            "next": "Remove what the vendor refuses it for.",
        }
    ]


@pytest.mark.parametrize(
    ("changes", "state", "vendor"),
    [
        ({"vendor": VendorView("unknown id")}, "held", "unknown-id"),
        ({"vendor": VendorView("not asked", "no-task")}, "held", "not-asked:no-task"),
        ({"vendor": VendorView("not asked", "it cannot be")}, "held", "not-asked:it-cannot-be"),
        ({"vendor": VendorView("cancelled", "", PLANNED)}, "held", "ends-on-2031-01-01"),
        ({"state": State.DRY_RUN}, "dry-run", "active"),
        ({"state": State.SCHEDULED, "planned": PLANNED}, "scheduled-for-2031-01-01", "active"),
        ({"state": State.OVERDUE, "planned": PLANNED}, "overdue-since-2031-01-01", "active"),
    ],
)
def test_no_word_has_a_blank_in_it(changes, state, vendor):
    [found] = columns(entry(**changes))
    assert (found["state"], found["vendor"]) == (state, vendor)


def test_a_missing_value_is_a_dash():
    [found] = columns(waiting_by_itself())
    assert [name for name in COLUMNS if found[name] == "-"] == ["person", "cause", "note", "next"]


def test_an_empty_list_has_no_line():
    assert lines(overview()) == ""


# A schedule's output.


def test_the_output_has_the_numbers_first_then_the_oldest():
    text = shown(overview(entry(1), waiting_by_itself(2), others=3), 4000)
    first = "PR-1000-0000-0001-002 (AS-1000-0000-0001, PRD-100-000-001)"
    second = "PR-1000-0000-0002-002 (AS-1000-0000-0002, PRD-100-000-001)"
    assert text.splitlines() == [
        "2 requests wait, 1 for a person. 3 requests of another environment left out.",
        f"{first}: held, 3d4h; at the vendor: active",
        "  now: The subscription would be cancelled.",
        "  note: 2026-03-02 09:15 held, refused: The vendor refuses: it is leased.",
        "  next: Remove what the vendor refuses it for.",
        f"{second}: waits, 3d4h; at the vendor: active",
        "  now: The subscription would be cancelled.",
    ]


@pytest.mark.parametrize("number", [1, 13, 14, 300, 5000])
def test_the_output_is_as_long_as_it_may_be_and_says_how_many_are_missing(number):
    text = shown(overview(*map(entry, range(number))), 4000)
    ids = [line for line in text.splitlines() if line.startswith("PR-")]
    assert len(text) <= 4000
    assert ids[0].startswith("PR-1000-0000-0000-002")
    if len(ids) < number:
        assert len(text) > 3600
        assert text.endswith(f"\nand {number - len(ids)} more")


def test_long_sentences_and_long_problems_are_cut():
    long = entry(decision="x" * 3000)
    assert len(shown(overview(long, long, long), 4000).splitlines()) == 13
    text = shown(overview(long, problems=("y" * 9000,)), 4000)
    assert (len(text), text[-12:]) == (4000, "y\nand 1 more")


def test_an_empty_list_says_so():
    assert shown(overview(), 4000) == "No cancel request waits."


def test_problems_come_before_the_requests():
    second = shown(overview(entry(), problems=("Connect is down.",)), 4000).splitlines()[1]
    assert second == "Not everything could be seen. Connect is down."


def test_the_log_gets_numbers_and_causes_but_no_word_of_the_vendors():
    needing = entry(1), entry(2), entry(3, cause="overdue", state=State.OVERDUE)
    line = in_short(overview(*needing, waiting_by_itself(4), problems=("x",)))
    assert line == (
        "4 requests wait, 3 for a person (1 overdue, 2 refused). Not everything could be seen."
    )


# JSON.


def test_json_has_the_same_names_for_every_request():
    scheduled = waiting_by_itself(2, state=State.SCHEDULED, planned=PLANNED)
    told = overview(entry(), scheduled, others=2, problems=("Connect is down.",)).as_json()
    first, second = json.loads(json.dumps(told["requests"]))
    assert {name: told[name] for name in told if name != "requests"} == {
        "needs_person": True,
        "is_whole": False,
        "problems": ["Connect is down."],
        "requests_of_others": 2,
    }
    assert first == {
        "id": "PR-1000-0000-0001-002",
        "asset_id": "AS-1000-0000-0001",
        "product_id": "PRD-100-000-001",
        "since": NOW.isoformat(),
        "waits_seconds": 273_600,
        "status": "pending",
        "state": "held",
        "planned": None,
        "vendor": {"word": "active", "why": "", "ends_at": None},
        "note": {
            "kind": "held",
            "cause": "refused",
            "at": NOW.isoformat(),
            "text": "The vendor refuses: it is leased.",
        },
        "act": "cancel",
        "decision": "The subscription would be cancelled.",
        "cause": "refused",
        "needs_person": True,
        "next_step": "Remove what the vendor refuses it for.",
    }
    assert [*second] == [*first]
    assert (second["planned"], second["note"]) == (PLANNED.isoformat(), None)
