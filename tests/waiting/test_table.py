"""The table as a terminal shows it."""

from __future__ import annotations

import re

import pytest

from tests.waiting.terminal import on_terminal
from tests.waiting.world import CommandLine, waiting

MARKUP = "[bold red]x[/bold red] :warning: \x1b[31mred\x1b[0m \x1b]0;title\x07 \u202eabc\u200b\t|"


@pytest.fixture
async def mixed(tmp_path):
    """A command, and the ids of a held request, a waiting one and one with a strange note."""
    async with waiting(ON_REFUSAL="hold") as world:
        held = await world.held()
        waits, strange = world.cancel(status="cancelled"), world.cancel()
        world.note(strange, f"{MARKUP} [connect-ext waiting busy]")
        ids = (held, waits, strange)
        yield CommandLine(tmp_path, world.sandbox, world.extension.variables), ids


@pytest.mark.parametrize("columns", [80, 120, 200])
async def test_it_is_as_wide_as_the_terminal_and_no_id_is_cut(mixed, columns):
    command, ids = mixed
    ran = await on_terminal(command.command, command.surroundings, columns)
    assert ran.status == 1
    assert max(map(len, ran.lines)) <= columns
    first, *rest = [line for line in ran.lines if line.startswith("PR-")]
    assert re.fullmatch(rf"{ids[0]} +held, \d+s; at the vendor: active", first)
    assert {line.split()[0] for line in rest} == {*ids[1:]}
    labels = re.findall(r"^.{24}(now|note|next) ", "\n".join(ran.lines), re.MULTILINE)
    assert sorted(labels) == ["next", "note", "note", "now", "now", "now"]
    assert ran.lines[-2:] == ["3 requests wait, 1 for a person.", ""]


async def test_only_requests_for_a_person_are_coloured(mixed):
    command, (held, waits, _) = mixed
    ran = await on_terminal(command.command, command.surroundings, 120)
    lines = {line.split()[0]: line for line in ran.raw.splitlines() if line.startswith("PR-")}
    assert "\x1b[1;33m" in lines[held]
    assert "\x1b[1;33m" not in lines[waits]


async def test_no_note_changes_the_terminal_or_the_table(mixed):
    command, _ = mixed
    plain = {**command.surroundings, "NO_COLOR": "1"}
    ran = await on_terminal(command.command, plain, 200)
    assert "\x1b]0;" not in ran.raw
    assert "\x1b[31m" not in ran.raw
    assert "\u202e" not in ran.raw
    [note] = [line for line in ran.lines if "[bold red]x[/bold red]" in line]
    assert ":warning: [31mred [0m ]0;title abc |" in note


async def test_the_progress_is_on_the_terminal_and_disappears_with_the_run(mixed):
    command, _ = mixed
    ran = await on_terminal(command.command, command.surroundings, 80, with_errors=True)
    assert "Open requests" in ran.raw
    assert "3/3" in ran.raw


async def test_an_empty_table_is_a_sentence(tmp_path):
    async with waiting() as world:
        command = CommandLine(tmp_path, world.sandbox, world.extension.variables)
        ran = await on_terminal(command.command, command.surroundings, 80)
    assert (ran.status, ran.lines) == (0, ["No cancel request waits.", ""])
