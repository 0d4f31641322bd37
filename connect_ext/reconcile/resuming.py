"""A file that records the progress of a run, so that an interrupted run can resume."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, TextIO

from connect_ext.reconcile.finding import Finding, Kind, finding_from_json

GOOD_FOR_SECONDS = 12 * 3600
"""After a longer interruption a run starts over: everything may have changed."""


class WrongJournalError(Exception):
    """The file cannot be used; the text says why."""


class Journal(Protocol):
    """Remembers the findings about each subject."""

    def has(self, subject_id: str) -> bool:
        """Whether the subject is done."""
        ...

    def found(self, subject_id: str) -> Finding | None:
        """The finding about a subject that is done."""
        ...

    def settled(self) -> list[Finding]:
        """Findings about fixed requests, which Connect no longer lists as open."""
        ...

    def keep(self, subject_id: str, finding: Finding | None) -> None:
        """Record that the subject is done."""
        ...


class NoJournal:
    """Remembers nothing: a run in the portal always starts over."""

    def has(self, subject_id: str) -> bool:  # noqa: ARG002 - it knows none
        """Nothing is done."""
        return False

    def found(self, subject_id: str) -> Finding | None:  # noqa: ARG002 - it knows none
        """Nothing was found."""
        return None

    def settled(self) -> list[Finding]:
        """Nothing was fixed."""
        return []

    def keep(self, subject_id: str, finding: Finding | None) -> None:
        """Nothing is kept."""


class FileJournal:
    """A line of JSON for each subject that is done, after one that identifies the run."""

    def __init__(self, path: Path, order: Mapping[str, Any]) -> None:
        """Raises ``WrongJournalError`` for another run's file, or an unusable one."""
        self._path, self._order = path, dict(order)
        self._found: dict[str, Finding | None] = {}
        try:
            text = path.read_text(encoding="utf-8") if path.exists() else ""
            # A run that was killed at the very start has written nothing.
            lines = text.split("\n") if text else []
            if lines:
                self._read(lines)
            if lines and time.time() - path.stat().st_mtime > GOOD_FOR_SECONDS:
                path.unlink()
                lines = []
                self._found.clear()
            self._file: TextIO = open(path, "a", encoding="utf-8", opener=_for_its_owner)  # noqa: SIM115 - Path.open takes no opener
        except (OSError, UnicodeDecodeError):
            raise WrongJournalError(f"{path} cannot be read and written.") from None
        if not lines:
            self._write(self._order)
        elif lines[-1]:
            # The run was stopped in the middle of a line.
            self._file.write("\n")

    def _read(self, lines: list[str]) -> None:
        if _object(lines[0]) != self._order:
            raise WrongJournalError(
                f"{self._path} is from a run with other options: delete it to start over."
            )
        for line in lines[1:]:
            shown = _object(line)
            with suppress(KeyError, ValueError, TypeError):
                finding = shown["finding"]
                self._found[str(shown["id"])] = finding_from_json(finding) if finding else None

    def has(self, subject_id: str) -> bool:
        """Whether the subject is done."""
        return subject_id in self._found

    def found(self, subject_id: str) -> Finding | None:
        """The finding about a subject that is done."""
        return self._found[subject_id]

    def settled(self) -> list[Finding]:
        """Findings about fixed requests, which Connect no longer lists as open."""
        return [each for each in self._found.values() if each and each.kind is Kind.SETTLED]

    def keep(self, subject_id: str, finding: Finding | None) -> None:
        """Record that the subject is done, on disk, before the next one begins."""
        self._found[subject_id] = finding
        self._write({"id": subject_id, "finding": finding.as_json() if finding else None})

    def _write(self, shown: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(shown) + "\n")
        self._file.flush()

    def finish(self) -> None:
        """Delete the file: the run is over, and there is nothing to resume."""
        self._file.close()
        self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file, and leave it for the next run."""
        self._file.close()


def _for_its_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _object(line: str) -> dict[str, Any]:
    with suppress(ValueError):
        shown = json.loads(line)
        return shown if isinstance(shown, dict) else {}
    return {}
