"""A new file that only its owner may read, removed if it stays unfinished."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import IO

OWNER_ONLY = 0o600


class NewFile:
    """Made on entry, before the work for it begins; removed if an error or Ctrl-C ends the work.

    Entry raises ``FileExistsError`` instead of overwriting anything, and any other ``OSError`` that
    prevents writing there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str]

    def __enter__(self) -> NewFile:
        handle = os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY)
        self._file = os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace")
        return self

    def write(self, text: str) -> None:
        """Write the whole content; raises ``OSError``."""
        self._file.write(text)
        self._file.flush()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._file.close()
        finally:
            if kind is not None:
                self._path.unlink(missing_ok=True)
