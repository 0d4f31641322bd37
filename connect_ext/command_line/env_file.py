"""Files with the portal's variables, one ``NAME=value`` per line."""

from __future__ import annotations

import re
from pathlib import Path

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class NotAnEnvFileError(Exception):
    """The file or one of its lines cannot be read; the text gives the line, not its content."""

    def __init__(self, path: Path, problem: str, name: str = "") -> None:
        """``problem`` is the end of a sentence that begins with the file."""
        super().__init__(f"{path}{problem}{f' for {name}' if name else ''}.")
        self.problem = f"FILE{problem}."
        """The text without the names of the file and the variable, which may be a key."""


def read_env_file(path: Path) -> dict[str, str]:
    """Read the variables in a file; skip blank lines and lines that begin with ``#``.

    Values are literal: quotes belong to them. Raises ``NotAnEnvFileError``.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except OSError as error:
        raise NotAnEnvFileError(path, f" cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise NotAnEnvFileError(path, " is not UTF-8 text") from None
    found: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, is_pair, value = (part.strip() for part in line.partition("="))
        if not is_pair or not _NAME.fullmatch(name):
            raise NotAnEnvFileError(path, f", line {number}: not NAME=value")
        if name in found:
            raise NotAnEnvFileError(path, f", line {number}: a second value", name)
        found[name] = value
    return found
