"""The runners' log lines in the feed, and their order."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

from sandbox.connect.journal import Happening
from sandbox.feed import Feed
from sandbox.runner import Runner, RunnerOptions
from sandbox.runner_log import RunnerLogs

OURS = "2026-11-27 15:33:05,107 eaas.eventsapp"
CALL = f"{OURS}.vendor DEBUG PID_7 PR-1-2 method=GET http=200 ms=5: the status request\n"


def test_whole_lines_of_the_extension_are_shown_before_what_happened_after_them(tmp_path, capsys):
    runner = Runner("localhost:1", tmp_path / "ca.pem", tmp_path, lambda: True, RunnerOptions())
    logs = RunnerLogs([runner])
    feed, happening = Feed(logs), Happening(datetime.now(timezone.utc), "note", "PR-1-2", "private")
    feed.show(happening)
    begun, left = CALL[:90], CALL[90:]
    _log(runner.log_file, f"{OURS}.vendor DEBUG PID_7 - method=POST http=- ms=1: Lost.\n{begun}")
    feed.show(happening)
    _log(
        runner.log_file,
        f"{left}{OURS} DEBUG PID_7 --- HTTP Request ---\nAuthorization: mine\n"
        "2026-11-27 15:33:05,107 connect.eaas.runner.workers INFO PID_7 Received message\n"
        f"{OURS} WARNING PID_7 PR-1-2 task=TQ-1 outcome=waits: Waits 30 s.\n"
        f"{OURS} ERROR PID_7 2 mistakes in the variables.\n  REST_AUTH got 'x'.\n",
    )
    logs.catch_up()
    _log(runner.log_file, "  REST_API_URL is missing.\nTraceback\n  File\n")
    logs.catch_up()
    logs.catch_up()
    shown = capsys.readouterr().out
    assert shown.endswith("\n  REST_AUTH got 'x'.\n  REST_API_URL is missing.\n")
    assert [line[10:] for line in shown.splitlines()[:-2]] == [
        "note      PR-1-2  private",
        "call      INS-0001  method=POST http=- ms=1: Lost.",
        "note      PR-1-2  private",
        "call      PR-1-2  method=GET http=200 ms=5: the status request",
        "warning   PR-1-2  task=TQ-1 outcome=waits: Waits 30 s.",
        "error     INS-0001  2 mistakes in the variables.",
    ]


def _log(file: Path, text: str) -> None:
    with file.open("a") as log:
        log.write(text)
