"""A recording shows what a terminal showed, at a pace that can be read."""

import sys

import pytest

from tools.recording.pace import PAUSE_SECONDS, READING_SECONDS, readable
from tools.recording.terminal import CommandFailed, Output, Size, played

SIZE = Size(columns=40, rows=5)


def python(program: str) -> list[str]:
    return [sys.executable, "-c", program]


def text(outputs: list[Output]) -> str:
    return "".join(output.text for output in outputs)


def test_a_command_finds_a_terminal_of_the_given_size(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    outputs = played(python("import shutil; print(*shutil.get_terminal_size())"), SIZE)
    assert text(outputs) == "40 5\r\n"


def test_a_character_written_in_two_pieces_is_whole():
    program = (
        "import os, time; os.write(1, b'pending \\xe2'); time.sleep(0.2);"
        " os.write(1, b'\\x86\\x92 approved')"
    )
    outputs = played(python(program), SIZE)
    assert text(outputs) == "pending → approved"


def test_a_command_that_fails_is_not_recorded():
    with pytest.raises(CommandFailed, match="status 3"):
        played(python("raise SystemExit(3)"), SIZE)


def test_long_pauses_are_cut_and_short_ones_kept():
    outputs = [Output(0.5, "a"), Output(60.5, "b"), Output(60.75, "c")]
    assert list(readable(outputs, SIZE)) == [
        Output(0.5, "a"),
        Output(0.5 + PAUSE_SECONDS, "b"),
        Output(0.75 + PAUSE_SECONDS, "c"),
    ]


def test_a_long_output_is_shown_a_screen_at_a_time():
    lines = [f"line {number}\r\n" for number in range(6)]
    assert list(readable([Output(0, "".join(lines))], SIZE)) == [
        Output(0, "".join(lines[:4])),
        Output(READING_SECONDS, "".join(lines[4:])),
    ]


def test_a_finished_picture_stays_before_the_next_line():
    assert list(readable([Output(0, "a table\r\n\x1b[?25hthe end")], SIZE)) == [
        Output(0, "a table\r\n\x1b[?25h"),
        Output(READING_SECONDS, "the end"),
    ]
